"""What every `LayerStore` does."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from adapters.memory.layers import MemoryLayers
from adapters.storage.layer_spool import LayerSpool
from application.errors import DigestMismatch, FilesystemError, RegistryUnreachable
from application.ports.layers import LayerStore
from domain.errors import InvalidLayer
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.layer_plan import (
    LayerPlan,
    LiteralContent,
    PlannedEntry,
    StoredContent,
)
from tests.support.archives import Layer, file, hard_link, layer, layer_of_tar
from tests.support.clocks import FixedClock, KeepingClock

STORES: dict[str, Callable[[Path], LayerStore]] = {
    "memory": lambda directory: MemoryLayers(KeepingClock()),
    "spool": lambda directory: LayerSpool(str(directory / "spool"), KeepingClock()),
}

PLAN = LayerPlan(
    (
        PlannedEntry(
            FileEntry("hello", FileType.FILE, 0o644, size=5), LiteralContent(b"world")
        ),
    )
)


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> LayerStore:
    return STORES[request.param](tmp_path)


def nothing(content: StoredContent) -> BinaryIO:
    raise AssertionError(content)


def serve(made: Layer) -> Callable[[Descriptor, int], BinaryIO]:
    return lambda descriptor, offset: io.BytesIO(made.blob[offset:])


def refuse(descriptor: Descriptor, offset: int) -> BinaryIO:
    raise RegistryUnreachable("no answer", registry="example.com")


def fetched(store: LayerStore, made: Layer) -> Layer:
    store.fetch(made.descriptor, serve(made))
    return made


def test_a_written_layer_is_present_with_its_index(store: LayerStore) -> None:
    written = store.write(PLAN, nothing)
    with store.open(written.descriptor) as blob:
        assert Digest.of(blob.read()) == written.descriptor.digest
    assert store.index(written.descriptor, written.diff_id) == written.index
    assert written.index.entries["hello"].sha256 == Digest.of(b"world").hex


def test_the_same_plan_gives_the_same_digest(store: LayerStore) -> None:
    assert store.write(PLAN, nothing) == store.write(PLAN, nothing)


def test_a_layer_that_is_damaged_elsewhere_is_written_as_another_blob(
    store: LayerStore, tmp_path: Path
) -> None:
    elsewhere = LayerSpool(str(tmp_path / "elsewhere"), KeepingClock())
    lost = elsewhere.write(PLAN, nothing)
    with pytest.raises(DigestMismatch):
        store.fetch(lost.descriptor, lambda descriptor, offset: io.BytesIO(b"damaged"))
    written = store.write(PLAN, nothing)
    assert written.descriptor.digest != lost.descriptor.digest
    assert written.diff_id == lost.diff_id
    with store.open(written.descriptor) as blob:
        assert Digest.of(blob.read()) == written.descriptor.digest


def test_a_content_that_fails_leaves_no_layer(store: LayerStore) -> None:
    def fail(content: StoredContent) -> BinaryIO:
        raise FilesystemError("gone", place=content.path)

    entry = FileEntry("f", FileType.FILE, size=3)
    plan = LayerPlan((PlannedEntry(entry, StoredContent("root", "f")),))
    with pytest.raises(FilesystemError, match="gone"):
        store.write(plan, fail)


def test_a_fetched_blob_is_present(store: LayerStore) -> None:
    made = fetched(store, layer(file("a", b"x")))
    with store.open(made.descriptor) as blob:
        assert blob.read() == made.blob
    assert list(store.index(made.descriptor, made.diff_id).entries) == ["a"]


def test_fetching_again_asks_nobody(store: LayerStore) -> None:
    made = fetched(store, layer(file("a")))
    store.fetch(made.descriptor, refuse)


def test_an_error_of_the_source_passes_through(store: LayerStore) -> None:
    with pytest.raises(RegistryUnreachable):
        store.fetch(layer(file("a")).descriptor, refuse)


@pytest.mark.parametrize(
    "served",
    [b"", b"short", layer(file("b")).blob, layer(file("a")).blob + b"more"],
    ids=["nothing", "short", "other", "longer"],
)
def test_nothing_is_kept_of_a_blob_that_fails_verification(
    store: LayerStore, served: bytes
) -> None:
    made = layer(file("a"))
    with pytest.raises(DigestMismatch):
        store.fetch(made.descriptor, lambda d, offset: io.BytesIO(served[offset:]))
    with pytest.raises(FilesystemError):
        store.open(made.descriptor)
    fetched(store, made)


def test_a_wrong_diff_id_is_an_error(store: LayerStore) -> None:
    made = fetched(store, layer(file("a")))
    with pytest.raises(DigestMismatch):
        store.index(made.descriptor, Digest.of(b"other"))


def test_a_hostile_layer_is_an_error(store: LayerStore) -> None:
    made = fetched(store, layer(file("../a")))
    with pytest.raises(InvalidLayer):
        store.index(made.descriptor, made.diff_id)


def test_what_is_no_archive_is_an_error(store: LayerStore) -> None:
    made = fetched(store, layer_of_tar(b"x" * 2000))
    with pytest.raises(InvalidLayer):
        store.index(made.descriptor, made.diff_id)


def test_opening_an_absent_layer_is_an_error(store: LayerStore) -> None:
    with pytest.raises(FilesystemError, match="not here"):
        store.open(layer(file("a")).descriptor)


def read(store: LayerStore, origin: str, path: str) -> bytes:
    with store.open_file(StoredContent(origin, path)) as stream:
        return stream.read()


def test_extracted_files_are_opened_by_origin_and_path(store: LayerStore) -> None:
    made = fetched(store, layer(file("d/a", b"1"), file("b", b"2"), file("c", b"3")))
    store.extract(made.descriptor, ["d/a", "c"], "image:x/y:1")
    store.extract(made.descriptor, ["d/a"], "image:x/y:1")
    assert read(store, "image:x/y:1", "d/a") == b"1"
    assert read(store, "image:x/y:1", "c") == b"3"
    with pytest.raises(FilesystemError, match="b of image:x/y:1 was not kept"):
        read(store, "image:x/y:1", "b")
    with pytest.raises(FilesystemError):
        read(store, "other", "c")


def test_of_several_members_of_a_path_the_last_is_extracted(store: LayerStore) -> None:
    made = fetched(store, layer(file("a", b"old"), file("b"), file("a", b"new")))
    store.extract(made.descriptor, ["a"], "o")
    assert read(store, "o", "a") == b"new"


def test_a_hard_link_is_extracted_without_its_target(store: LayerStore) -> None:
    made = fetched(
        store, layer(file("a", b"x"), hard_link("b", "a"), hard_link("c", "b"))
    )
    store.extract(made.descriptor, ["c"], "o")
    assert read(store, "o", "c") == b"x"


def test_a_hard_link_is_extracted_with_its_target(store: LayerStore) -> None:
    made = fetched(store, layer(file("a", b"x"), hard_link("b", "a")))
    store.extract(made.descriptor, ["b", "a"], "o")
    assert read(store, "o", "a") == read(store, "o", "b") == b"x"


@pytest.mark.parametrize("path", ["absent", "l", "l2"])
def test_extracting_what_the_layer_has_not_is_an_error(
    store: LayerStore, path: str
) -> None:
    made = fetched(store, layer(hard_link("l", "lower"), hard_link("l2", "l")))
    with pytest.raises(FilesystemError, match="no such file"):
        store.extract(made.descriptor, [path], "o")


@pytest.mark.parametrize("kind", ["memory", "spool"])
def test_times_are_those_of_the_clock(kind: str, tmp_path: Path) -> None:
    clock = FixedClock(5)
    memory = kind == "memory"
    made = MemoryLayers(clock) if memory else LayerSpool(str(tmp_path), clock)
    written = made.write(PLAN, nothing)
    assert written.index.entries["hello"].mtime_ns == 5
