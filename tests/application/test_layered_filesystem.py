"""A stage's file system: known without being unpacked, unpacked once when asked."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import pytest

from adapters.http.retries import Repeating, Retries, RetryPolicy
from adapters.memory.ambient import FixedClock, RecordingReporter
from adapters.memory.filesystem import MemoryRoot, MemoryRoots
from adapters.memory.images import MemoryImageSource
from adapters.memory.layers import MemoryLayers
from application.errors import (
    DigestMismatch,
    FilesystemError,
    RegistryError,
    RegistryUnreachable,
)
from application.layered_filesystem import (
    BaseImage,
    LayeredFilesystem,
    LayerFetcher,
    StageLayer,
)
from domain.errors import BuildRuleError, InvalidImage
from domain.image.config import ImageConfig
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.reference import Reference
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.index import MAXIMUM_ACCOUNT_FILE, LayerIndex
from domain.snapshot.layer_plan import (
    LayerPlan,
    LiteralContent,
    PlannedEntry,
    StoredContent,
)
from domain.values import replace
from tests.support.archives import (
    Layer,
    M,
    directory,
    file,
    hard_link,
    layer,
    symlink,
    whiteout,
)
from tests.support.memory_build import AMD64, BASE_LAYERS


class Stage:
    """A file system on a base, and what its ports were asked for."""

    def __init__(self, *layers: Layer) -> None:
        self.source = MemoryImageSource()
        self.store = MemoryLayers(FixedClock())
        self.roots = MemoryRoots()
        reference = Reference.parse("base")
        for each in layers:
            self.source.blobs[each.descriptor.digest] = each.blob
        self.source.add_image(reference, ImageConfig(platform=AMD64))
        base = BaseImage(
            image=self.source.resolve(reference, AMD64), source=self.source
        )
        self.base_layers = [
            StageLayer(descriptor=each.descriptor, diff_id=each.diff_id, base=base)
            for each in layers
        ]
        self.files = LayeredFilesystem(
            name="stage:0",
            title="stage 0",
            reporter=RecordingReporter(),
            layers=self.base_layers,
            store=self.store,
            roots=self.roots,
        )

    def write(self, path: str, data: bytes) -> None:
        """Append a layer with one file."""
        entry = FileEntry(path, FileType.FILE, 0o644, size=len(data))
        row = PlannedEntry(entry, LiteralContent(data))
        self.files.append(self.store.write(LayerPlan((row,)), _no_content))

    def read(self, path: str) -> bytes:
        """Return a file as COPY --from would get it."""
        self.files.prepare([path])
        with self.files.open(StoredContent("stage:0", path)) as stream:
            return stream.read()


def _no_content(content: StoredContent) -> BinaryIO:
    raise AssertionError(content)


def test_nothing_is_fetched_before_it_is_asked_for() -> None:
    stage = Stage(*BASE_LAYERS)
    assert len(stage.files.layers) == 3
    assert stage.files.root is None
    assert stage.source.opened == []


def test_reading_fetches_each_layer_once_and_unpacks_nothing() -> None:
    stage = Stage(*BASE_LAYERS)
    assert stage.files.read()
    assert not stage.files.read()
    assert stage.source.opened == [each.descriptor.digest for each in BASE_LAYERS]
    assert stage.roots.created == {}
    assert stage.files.tree.resolve("www/data") == "srv/data"


def test_the_tree_reads_what_was_not_read() -> None:
    assert "bin/sh" in Stage(*BASE_LAYERS).files.tree


def test_materialising_unpacks_all_layers_once() -> None:
    stage = Stage(*BASE_LAYERS)
    assert stage.files.materialise("stage-0")
    assert not stage.files.materialise("stage-0")
    (root,) = stage.roots.created.values()
    assert stage.files.root is root
    assert {entry.path for entry in root.tree} == {e.path for e in stage.files.tree}


def test_a_root_made_after_reading_does_not_change_what_is_known() -> None:
    stage = Stage(*BASE_LAYERS)
    tree = stage.files.tree
    stage.files.materialise("stage-0")
    assert stage.files.tree is tree


def test_a_layer_that_was_made_is_part_of_the_tree_and_of_a_later_root() -> None:
    stage = Stage(*BASE_LAYERS)
    stage.files.read()
    stage.write("new", b"1")
    assert "new" in stage.files.tree
    assert stage.files.layers[-1].base is None
    stage.files.materialise("stage-0")
    (root,) = stage.roots.created.values()
    assert "new" in root.tree


def test_a_layer_is_appended_without_reading_those_below() -> None:
    stage = Stage(*BASE_LAYERS)
    stage.write("new", b"1")
    assert stage.source.opened == []
    assert "new" in stage.files.tree
    assert "bin/sh" in stage.files.tree


@pytest.mark.parametrize("with_root", [False, True])
def test_files_are_read_from_the_layers_or_the_root(with_root: bool) -> None:  # noqa: FBT001
    stage = Stage(*BASE_LAYERS)
    stage.files.read()
    if with_root:
        stage.files.materialise("stage-0")
    assert stage.read("srv/data") == b"data"


def test_of_two_layers_with_a_path_the_upper_ones_is_read() -> None:
    stage = Stage(*BASE_LAYERS, layer(file("srv/data", b"upper")))
    stage.files.read()
    assert stage.read("srv/data") == b"upper"


def test_a_file_that_came_back_after_a_whiteout_is_read() -> None:
    again = layer(file("srv/data", b"again"))
    stage = Stage(*BASE_LAYERS, layer(whiteout("srv/data")), again)
    stage.files.read()
    assert stage.read("srv/data") == b"again"


def test_a_hard_link_to_a_file_of_a_lower_layer_is_read_there() -> None:
    linking = layer(hard_link("srv/other", "srv/data"))
    stage = Stage(*BASE_LAYERS, linking)
    stage.files.read()
    assert stage.read("srv/other") == b"data"


def test_after_the_root_is_gone_files_come_out_of_the_layers() -> None:
    stage = Stage(*BASE_LAYERS)
    stage.files.materialise("stage-0")
    stage.files.discard_root()
    stage.files.discard_root()
    (root,) = stage.roots.created.values()
    assert root.discarded
    assert stage.files.root is None
    assert stage.read("srv/data") == b"data"


def test_a_damaged_layer_leaves_a_root_that_can_be_discarded() -> None:
    stage = Stage(*BASE_LAYERS)
    broken = BASE_LAYERS[2].descriptor
    stage.source.blobs[broken.digest] = b"x" * broken.size
    with pytest.raises(DigestMismatch):
        stage.files.materialise("stage-0")
    stage.files.discard_root()
    (root,) = stage.roots.created.values()
    assert root.discarded


def test_a_layer_that_is_damaged_in_one_place_is_fetched_from_another() -> None:
    stage = Stage(*BASE_LAYERS)
    good, told = MemoryImageSource(), []
    good.blobs.update(stage.source.blobs)
    broken = BASE_LAYERS[2].descriptor
    stage.source.blobs[broken.digest] = b"x" * broken.size

    def spare(error: DigestMismatch) -> MemoryImageSource:
        told.append(str(error))
        return good

    layers = [
        replace(each, base=each.base and replace(each.base, spare=spare))
        for each in stage.base_layers
    ]
    files = LayeredFilesystem(
        name="stage:0",
        title="stage 0",
        reporter=RecordingReporter(),
        layers=layers,
        store=stage.store,
        roots=stage.roots,
    )
    files.materialise("stage-0")
    assert len(told) == 1
    assert good.opened == [broken.digest]


def _repeating(kind: type[Exception], attempts: int) -> Repeating:
    retries = Retries(RetryPolicy(attempts=attempts), sleep=lambda _: None)
    return Repeating(retries, (kind,))


@pytest.mark.parametrize(("attempts", "helps"), [(3, True), (2, False)])
def test_fetching_a_layer_is_repeated_as_often_as_was_said(
    attempts: int,
    helps: bool,  # noqa: FBT001
) -> None:
    class Failing(MemoryImageSource):
        left = 2

        def open_blob(self, *arguments: Any) -> BinaryIO:  # noqa: ANN401 - as the port
            self.left -= 1
            if self.left >= 0:
                raise RegistryUnreachable("gone", registry="r")
            return super().open_blob(*arguments)

    stage, failing = Stage(*BASE_LAYERS), Failing()
    failing.blobs.update(stage.source.blobs)
    files = LayeredFilesystem(
        name="stage:0",
        layers=[
            replace(each, base=each.base and replace(each.base, source=failing))
            for each in stage.base_layers
        ],
        store=stage.store,
        roots=stage.roots,
        title="",
        reporter=RecordingReporter(),
        repetition=_repeating(RegistryError, attempts),
    )
    if helps:
        files.materialise("stage-0")
        assert "srv/data" in files.tree
    else:
        with pytest.raises(RegistryUnreachable):
            files.materialise("stage-0")


def test_unpacking_a_layer_is_repeated_over_what_the_first_attempt_left() -> None:
    stage = Stage(*BASE_LAYERS)

    class Full(MemoryRoots):
        left = 1

        def create(self, name: str) -> MemoryRoot:
            root = super().create(name)
            extract = root.extract

            def failing(
                layer: BinaryIO, media_type: str, diff_id: Digest
            ) -> LayerIndex:
                index = extract(layer, media_type, diff_id)
                self.left -= 1
                if self.left >= 0:
                    raise FilesystemError("no space left")
                return index

            root.extract = failing  # type: ignore[method-assign]
            return root

    roots = Full()
    files = LayeredFilesystem(
        name="stage:0",
        layers=stage.base_layers,
        store=stage.store,
        roots=roots,
        title="",
        reporter=RecordingReporter(),
        repetition=_repeating(FilesystemError, 2),
    )
    files.materialise("stage-0")
    (root,) = roots.created.values()
    assert root.tree.get("srv/data") == files.tree.get("srv/data")


def test_a_file_that_no_layer_holds_is_an_error() -> None:
    stage = Stage(*BASE_LAYERS)
    stage.files.read()
    with pytest.raises(InvalidImage, match="no layer holds /none"):
        stage.files.prepare(["none"])


# ------------------------------------------------------------------------ accounts


def passwd_of(*members: M) -> bytes:
    stage = Stage(layer(directory("etc"), *members))
    return stage.files.account_file("etc/passwd")


def test_account_files_are_those_of_the_index() -> None:
    stage = Stage(*BASE_LAYERS)
    assert stage.files.account_file("etc/group") == b"root:x:0:\n"
    assert stage.source.opened == [each.descriptor.digest for each in BASE_LAYERS]


def test_an_image_without_account_files_has_empty_ones() -> None:
    assert passwd_of() == b""
    assert passwd_of(directory("etc/passwd")) == b""
    assert passwd_of(symlink("etc/passwd", "nowhere")) == b""


def test_account_files_may_lie_elsewhere() -> None:
    files = (file("srv", b"found"), symlink("etc/passwd", "/srv"))
    assert passwd_of(*files) == b"found"


def test_account_files_that_are_hard_links_are_found() -> None:
    stage = Stage(layer(file("etc/other", b"linked")))
    assert stage.files.account_file("etc/passwd") == b""
    linking = layer(hard_link("etc/passwd", "etc/other"))
    stage = Stage(layer(file("etc/other", b"linked")), linking)
    assert stage.files.account_file("etc/passwd") == b"linked"


def test_an_absurdly_large_account_file_is_refused() -> None:
    stage = Stage()
    stage.files.read()
    entry = FileEntry("etc/passwd", FileType.FILE, size=MAXIMUM_ACCOUNT_FILE + 1)
    written = stage.store.write(LayerPlan(), _no_content)
    index = type(written.index)(entries={"etc/passwd": entry})
    stage.files.append(
        type(written)(
            descriptor=written.descriptor, diff_id=written.diff_id, index=index
        )
    )
    with pytest.raises(BuildRuleError, match="/etc/passwd is larger than") as caught:
        stage.files.account_file("etc/passwd")
    assert caught.value.hint


# ------------------------------------------------------------------------- fetching


def test_a_layer_of_this_build_needs_no_fetching() -> None:
    store = MemoryLayers(FixedClock())
    made = store.write(LayerPlan(), _no_content)
    own = StageLayer(descriptor=made.descriptor, diff_id=made.diff_id)
    with LayerFetcher(store, RecordingReporter()).open(own) as stream:
        assert stream.read() == store.blobs[made.descriptor.digest]
    assert store.fetched == []


def test_a_layer_of_a_base_is_opened_at_the_offset_that_is_wanted() -> None:
    class Resuming(MemoryLayers):
        def fetch(self, descriptor: Descriptor, open_blob) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
            with open_blob(descriptor, 0) as head, open_blob(descriptor, 5) as tail:
                data = head.read(5) + tail.read()
            super().fetch(descriptor, lambda _, offset: io.BytesIO(data))

    stage = Stage(*BASE_LAYERS)
    store = Resuming(FixedClock())
    LayerFetcher(store, RecordingReporter()).fetch(stage.base_layers[0])
    assert store.blobs[BASE_LAYERS[0].descriptor.digest] == BASE_LAYERS[0].blob
