"""The file system of a stage, or of an image that is only copied from.

It consists of layers. What they hold is known (`read`) without unpacking
anything; a root on disk exists only once `materialise` was asked for. Which of
both an instruction needs is decided in the domain, not here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from typing import BinaryIO

from application.errors import (
    CacheMisled,
    DigestMismatch,
    FilesystemError,
    NotKnown,
    RegistryError,
)
from application.followed import followed
from application.ports.filesystem import RootFilesystem, RootFilesystems
from application.ports.images import ImageSource, ResolvedImage
from application.ports.layer_cache import FoundLayer, LayerIndexes
from application.ports.layers import LayerStore, OpenBlob, WrittenLayer
from application.ports.repetition import Once, Repetition
from application.ports.reporter import Activity, Reporter, Work
from domain.errors import BuildRuleError, InvalidImage
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.index import MAXIMUM_ACCOUNT_FILE, LayerIndex
from domain.snapshot.layer_plan import StoredContent
from domain.snapshot.tree import FileTree
from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseImage:
    """An image and the place its blobs can be read from.

    Attributes:
        image: The image.
        source: The place.
        spare: Is told what is wrong with a blob there, and returns another place;
            None where there is no other. May be called from several threads.
    """

    image: ResolvedImage
    source: ImageSource
    spare: Callable[[DigestMismatch], ImageSource] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLayer:
    """A layer of a stage.

    Attributes:
        descriptor: Its blob.
        diff_id: Digest of its uncompressed tar.
        base: Where its blob is fetched from; None for a layer this build made.
        from_root: Whether its files are those that a RUN left in the root.
        is_found: Whether a cache said that a step makes it.
        unknown: In a plan, what decides what it holds; "" where that is known.
    """

    descriptor: Descriptor
    diff_id: Digest
    base: BaseImage | None = None
    from_root: bool = False
    is_found: bool = False
    unknown: str = ""


PARALLEL_FETCHES = 4
"""Layers that are fetched at the same time."""


class LayerFetcher:
    """Makes the blobs of layers present in the layer store.

    Attributes:
        opened: Digests of the blobs that were not there yet.
    """

    def __init__(
        self,
        layers: LayerStore,
        reporter: Reporter,
        repetition: Repetition | None = None,
    ) -> None:
        """Start with nothing fetched.

        Args:
            layers: Where blobs are kept.
            reporter: Is told what is fetched.
            repetition: How often fetching one is repeated.
        """
        self._layers = layers
        self._reporter = reporter
        self._repetition = repetition or Once()
        self.opened: set[Digest] = set()

    def fetch(self, layer: StageLayer) -> None:
        """Make the blob present; one this build made is already."""
        base = layer.base
        if base is None:
            return

        with _as_promised(layer):
            self._repetition.run(lambda: self._fetch(layer.descriptor, base))

    def open(self, layer: StageLayer) -> BinaryIO:
        """Open the blob, fetching it first; the caller closes it."""
        self.fetch(layer)
        return self._layers.open(layer.descriptor)

    def _fetch(self, descriptor: Descriptor, base: BaseImage) -> None:
        try:
            self._layers.fetch(descriptor, self._opener(base, base.source))
        except DigestMismatch as error:
            error.place = error.place or str(base.image.reference)
            if base.spare is None:
                raise
            spare = base.spare(error)
            self._layers.fetch(descriptor, self._opener(base, spare))

    def _opener(self, base: BaseImage, source: ImageSource) -> OpenBlob:
        def open_blob(descriptor: Descriptor, offset: int) -> BinaryIO:
            self.opened.add(descriptor.digest)
            stream = source.open_blob(base.image, descriptor, offset)
            pull = Activity(
                work=Work.PULL,
                subject=descriptor.digest.short,
                size=descriptor.size - offset,
            )
            return followed(stream, pull, self._reporter)

        return open_blob


@contextmanager
def _as_promised(layer: StageLayer) -> Iterator[None]:
    """Tell of a layer of the cache that it is not what the cache said.

    Raises:
        CacheMisled: It is gone, or something else.
    """
    try:
        yield
    except (DigestMismatch, RegistryError, FilesystemError, InvalidImage) as error:
        if not layer.is_found:
            raise
        digest = layer.descriptor.digest
        raise CacheMisled(
            f"the cached layer {digest} cannot be used: {error}", digest=digest
        ) from error


class LayeredFilesystem:
    """Layers, the tree they make, and a root on disk when there is one."""

    def __init__(  # noqa: PLR0913 - what it is, and all its ports
        self,
        *,
        name: str,
        title: str,
        layers: Iterable[StageLayer],
        store: LayerStore,
        roots: RootFilesystems,
        reporter: Reporter,
        indexes: LayerIndexes | None = None,
        repetition: Repetition | None = None,
    ) -> None:
        """Start with the layers of a base image.

        Args:
            name: Name of this file system in `StoredContent.origin`.
            title: What a person calls it: a stage, or an image.
            layers: Lowest first.
            store: Where their blobs are kept.
            roots: Makes the root on disk.
            reporter: Is told what is fetched and unpacked.
            indexes: Knows what layers hold without reading them.
            repetition: How often fetching or unpacking a layer is repeated.
        """
        self.name = name
        self.title = title
        self._layers = list(layers)
        self._store = store
        self._repetition = repetition or Once()
        self._fetcher = LayerFetcher(store, reporter, self._repetition)
        self._reporter = reporter
        self._roots = roots
        self._known = indexes
        self._indexes: list[LayerIndex] = []
        self._tree: FileTree | None = None
        self._root: RootFilesystem | None = None
        self._on_disk = 0
        self._given: dict[Digest, LayerIndex] = {}
        # of which layers a cache has said what they hold, and they were not read yet
        self._told: set[Digest] = set()

    @property
    def layers(self) -> tuple[StageLayer, ...]:
        """The layers, lowest first."""
        return tuple(self._layers)

    @property
    def indexes(self) -> dict[Digest, LayerIndex]:
        """What the layers hold, by diff ID, as far as everything is known of it."""
        known = dict(self._given)
        if self._tree is not None:
            pairs = zip(self._layers, self._indexes, strict=True)
            known |= {layer.descriptor.digest: index for layer, index in pairs}
        return {
            layer.diff_id: index
            for layer in self._layers
            if (index := known.get(layer.descriptor.digest)) and not index.is_thin
        }

    @property
    def downloaded(self) -> frozenset[Digest]:
        """Digests of the layers that had to be fetched for it."""
        return frozenset(self._fetcher.opened)

    @property
    def root(self) -> RootFilesystem | None:
        """The root on disk, if there is one that has all layers."""
        return self._root if self._on_disk == len(self._layers) else None

    @property
    def tree(self) -> FileTree:
        """What the file system holds; reads the layers if that was not done.

        Of files of thin indexes it has the names alone.
        """
        if self._tree is None:
            self.read()
        if self._tree is None:  # pragma: no cover - read() sets it
            raise AssertionError
        return self._tree

    @property
    def is_thin(self) -> bool:
        """Whether the tree has no more than the names of some files."""
        self.read()
        return any(index.is_thin for index in self._indexes)

    def tree_with(self, paths: Iterable[str]) -> FileTree:
        """Return what the file system holds, with everything about some files.

        Only the layers that have them are completed.

        Args:
            paths: Regular files of the tree.
        """
        self.read()
        self._complete({self._locate(path)[0] for path in paths})
        return self.tree

    def _complete(self, wanted: set[int]) -> None:
        """Know everything about the files of some layers, by their numbers."""
        if any(self._indexes[number].is_thin for number in wanted):
            pairs = zip(self._layers, self._indexes, strict=True)
            self._adopt(
                [
                    self._full(layer, index) if number in wanted else index
                    for number, (layer, index) in enumerate(pairs)
                ]
            )

    @property
    def unknown(self) -> str:
        """In a plan, what decides what it holds; "" where that is known."""
        return next((layer.unknown for layer in self._layers if layer.unknown), "")

    def knows_cheaply(self) -> bool:
        """Return whether the tree is known, or known without reading a layer."""
        if self.unknown:
            return False
        if self._tree is not None:
            return True
        found = [self._found_index(layer) for layer in self._layers]
        indexes = [index for index in found if index is not None]
        if len(indexes) < len(found):
            return False
        self._adopt(indexes)
        return True

    def read(self) -> bool:
        """Know what the layers hold, without unpacking them.

        Returns:
            Whether that had to be done.

        Raises:
            NotKnown: In a plan, something decides that first.
        """
        if self.unknown:
            raise NotKnown(self.unknown)
        if self._tree is not None:
            return False
        found = [self._found_index(layer) for layer in self._layers]
        missing = [
            layer
            for layer, index in zip(self._layers, found, strict=True)
            if index is None
        ]
        fetched = self._fetched(missing)
        self._adopt(
            [self._read(next(fetched)) if index is None else index for index in found]
        )
        return True

    def verify(self) -> None:
        """Read the layers of which a cache alone has said what they hold.

        Raises:
            CacheMisled: One holds something else.
        """
        for number in range(len(self._indexes)):
            if self._layers[number].descriptor.digest in self._told:
                self._fetcher.fetch(self._layers[number])
                self._compare_unread(number)

    def materialise(self, root_name: str) -> bool:
        """Unpack what is not in the root yet; tell whether that had to be done."""
        if self.root is not None:
            return False
        if self._root is None:
            self._root = self._roots.create(root_name)
        root = self._root
        indexes = self._indexes[: self._on_disk]
        for layer in self._fetched(self._layers[self._on_disk :]):
            with _as_promised(layer):
                index = self._repetition.run(partial(self._unpack, layer, root))
            indexes.append(index)
            self._remember(layer, index)
            if self._on_disk < len(self._indexes):
                self._compare(layer, self._indexes[self._on_disk], index)
            self._told.discard(layer.descriptor.digest)
            self._on_disk += 1
        if self._tree is None or any(index.is_thin for index in self._indexes):
            self._adopt(indexes)
        return True

    def _unpack(self, layer: StageLayer, root: RootFilesystem) -> LayerIndex:
        """Unpack a layer over a root, which may hold a part of it already."""
        with self._unpacking(layer) as blob:
            return root.extract(blob, layer.descriptor.media_type, layer.diff_id)

    def _unpacking(self, layer: StageLayer) -> AbstractContextManager[BinaryIO]:
        blob = self._store.open(layer.descriptor)
        unpack = Activity(
            work=Work.UNPACK,
            subject=layer.descriptor.digest.short,
            size=layer.descriptor.size,
        )
        return closing(followed(blob, unpack, self._reporter))

    def append(self, written: WrittenLayer, *, from_root: bool = False) -> None:
        """Add a layer that this build made; it is on disk already.

        What lies below it is not read for that: a COPY --link needs none of it.

        Args:
            written: The layer.
            from_root: Whether its files are those that a RUN left in the root.
        """
        layer = StageLayer(
            descriptor=written.descriptor, diff_id=written.diff_id, from_root=from_root
        )
        is_on_disk = self.root is not None
        self._add(layer, written.index)
        if is_on_disk:
            self._on_disk += 1

    def append_found(self, found: FoundLayer) -> None:
        """Add a layer that was made before; it is not on disk."""
        base = BaseImage(image=found.image, source=found.source)
        layer = StageLayer(
            descriptor=found.descriptor,
            diff_id=found.diff_id,
            base=base,
            is_found=True,
        )
        self._told.add(found.descriptor.digest)
        self._add(layer, found.index)

    def append_unknown(self, why: str) -> None:
        """Add, in a plan, a layer of which nobody knows what it will hold.

        Args:
            why: What decides that: "RUN, line 5".
        """
        digest = Digest.of(why.encode())
        nothing = Descriptor(media_type="", digest=digest, size=0)
        layer = StageLayer(descriptor=nothing, diff_id=digest, unknown=why)
        self._layers.append(layer)
        self._tree = None

    def _add(self, layer: StageLayer, index: LayerIndex) -> None:
        self._layers.append(layer)
        if self._tree is not None:
            self._indexes.append(index)
            self._tree = self._tree.apply(index)
        else:
            self._given[layer.descriptor.digest] = index

    def tree_below(self, count: int) -> FileTree:
        """Return what the lowest layers make; reads them if that was not done.

        Everything is known of the files that the layers above replace or link to.
        """
        self.read()
        below = _merged(self._indexes[:count])
        met = (
            path
            for index in self._indexes[count:]
            for path in (*index.entries, *index.links.values())
        )
        files = [path for path in met if _is_file(below.get(path))]
        wanted = {self._locate(path, count)[0] for path in files}
        if not any(self._indexes[number].is_thin for number in wanted):
            return below
        self._complete(wanted)
        return _merged(self._indexes[:count])

    def replace_above(self, count: int, written: WrittenLayer | None) -> None:
        """Put one layer, or none, in the place of all but the lowest ones.

        It must make the same file system; what is on disk stays as it is.
        """
        self.read()
        is_on_disk = self.root is not None
        self._adopt(self._indexes[:count])
        del self._layers[count:]
        self._on_disk = min(self._on_disk, count)
        if written is not None:
            self.append(written)
        if is_on_disk:
            self._on_disk = len(self._layers)

    def account_file(self, path: str) -> bytes:
        """Return the bytes of /etc/passwd or /etc/group, b"" without one.

        Raises:
            BuildRuleError: It is larger than `MAXIMUM_ACCOUNT_FILE`.
        """
        resolved = self.tree.resolve(path)
        entry = self.tree.get(resolved)
        if entry is None or entry.type is not FileType.FILE:
            return b""
        if entry.size > MAXIMUM_ACCOUNT_FILE:
            message = f"/{resolved} is larger than {MAXIMUM_ACCOUNT_FILE} bytes"
            raise BuildRuleError(message, hint="use a base image with a sane one")
        number, path = self._locate(resolved)
        kept = self._indexes[number].accounts.get(path)
        if kept is not None:
            return kept
        self.prepare([resolved])
        with closing(self.open(StoredContent(self.name, resolved))) as stream:
            return stream.read(MAXIMUM_ACCOUNT_FILE)

    def digest(self, path: str) -> str:
        """Return the hex sha256 of a file of the tree, "" where nobody knows it."""
        row = self.tree_with([path]).get(path)
        return row.sha256 if row is not None else ""

    def prepare(self, paths: Iterable[str]) -> None:
        """Make `open` possible for regular files of the tree."""
        if self.root is None:
            self._prepare_of_layers(paths)

    def open(self, content: StoredContent) -> BinaryIO:
        """Open a file that was prepared; the caller closes it."""
        root = self.root
        if root is not None:
            return root.open(content.path)
        return self._open_of_layer(content.path)

    def prepare_recorded(self, paths: Iterable[str]) -> None:
        """Make `open_recorded` possible for regular files of the tree."""
        self._prepare_of_layers(path for path in paths if not self._left_by_run(path))

    def open_recorded(self, path: str) -> BinaryIO:
        """Open a file as the layers have it; the caller closes it.

        The root has the same where a RUN left it. What a COPY made may be other on
        disk: refused, or changed where changes are left out.
        """
        root = self.root
        if root is not None and self._left_by_run(path):
            return root.open(path)
        return self._open_of_layer(path)

    def _left_by_run(self, path: str) -> bool:
        return self.root is not None and self._layers[self._locate(path)[0]].from_root

    def _prepare_of_layers(self, paths: Iterable[str]) -> None:
        by_layer: dict[int, list[str]] = defaultdict(list)
        for path in paths:
            number, path_in_layer = self._locate(path)
            by_layer[number].append(path_in_layer)
        for number, wanted in by_layer.items():
            layer = self._layers[number]
            self._fetcher.fetch(layer)
            self._compare_unread(number)
            self._store.extract(layer.descriptor, wanted, _layer_origin(layer))

    def _open_of_layer(self, path: str) -> BinaryIO:
        number, path = self._locate(path)
        origin = _layer_origin(self._layers[number])
        return self._store.open_file(StoredContent(origin, path))

    def discard_root(self) -> None:
        """Remove the root from disk; the layers stay. Idempotent."""
        if self._root is not None:
            remove = Activity(work=Work.REMOVE, subject=self.title)
            with self._reporter.activity(remove):
                self._root.discard()
            self._root = None
            self._on_disk = 0

    def _found_index(self, layer: StageLayer) -> LayerIndex | None:
        given = self._given.get(layer.descriptor.digest)
        if given is not None or self._known is None or layer.base is None:
            return given
        found = self._known.find_index(layer.descriptor, layer.diff_id)
        if found is not None:
            self._told.add(layer.descriptor.digest)
        return found

    def _full(self, layer: StageLayer, index: LayerIndex) -> LayerIndex:
        """Return the full index of a layer, read if nobody knows it."""
        if not index.is_thin:
            return index
        full = None
        if self._known is not None:
            full = self._known.find_rows(layer.descriptor, layer.diff_id, index)
        if full is not None:
            return full
        self._fetcher.fetch(layer)
        full = self._read(layer)
        self._compare(layer, index, full)
        return full

    def _compare_unread(self, number: int) -> None:
        """Read a layer that is here, if a cache alone has said what it holds."""
        layer = self._layers[number]
        if layer.descriptor.digest not in self._told:
            return
        full = self._read(layer)
        self._compare(layer, self._indexes[number], full)
        self._adopt([*self._indexes[:number], full, *self._indexes[number + 1 :]])

    def _compare(self, layer: StageLayer, said: LayerIndex, read: LayerIndex) -> None:
        """Compare what a cache said of a layer with what was read.

        Raises:
            CacheMisled: They differ.
        """
        digest = layer.descriptor.digest
        if digest in self._told and not said.describes(read):
            raise CacheMisled(
                f"the index of the layer {digest} in the cache is wrong", digest=digest
            )
        self._told.discard(digest)

    def _read(self, layer: StageLayer) -> LayerIndex:
        """Read a layer that is here."""
        with _as_promised(layer):
            index = self._store.index(layer.descriptor, layer.diff_id)
        self._remember(layer, index)
        return index

    def _remember(self, layer: StageLayer, index: LayerIndex) -> None:
        if self._known is not None and layer.base is not None:
            self._known.store_index(layer.descriptor, layer.diff_id, index)

    def _adopt(self, indexes: list[LayerIndex]) -> None:
        self._indexes = indexes
        self._tree = _merged(indexes)

    def _locate(self, path: str, below: int | None = None) -> tuple[int, str]:
        """Return the layer a file of the tree comes from, and its path there.

        The path differs where a layer hard-links a file of a lower one.

        Args:
            path: The file.
            below: How many layers are looked at, the lowest ones; None for all.
        """
        count = len(self._indexes) if below is None else below
        for number in range(count - 1, -1, -1):
            index = self._indexes[number]
            if path in index.entries:
                return number, path
            path = index.links.get(path, path)
        raise InvalidImage(f"no layer holds /{path}")

    def _fetched(self, layers: Sequence[StageLayer]) -> Iterator[StageLayer]:
        """Yield layers in order; some are fetched while one is worked on."""
        if not layers:
            return
        once = {layer.descriptor.digest: layer for layer in layers}
        with ThreadPoolExecutor(PARALLEL_FETCHES, thread_name_prefix="fetch") as pool:
            pending = {
                digest: pool.submit(self._fetcher.fetch, layer)
                for digest, layer in once.items()
            }
            try:
                for layer in layers:
                    pending[layer.descriptor.digest].result()
                    yield layer
            finally:
                for fetched in pending.values():
                    fetched.cancel()


def _merged(indexes: Iterable[LayerIndex]) -> FileTree:
    tree = FileTree.empty()
    for index in indexes:
        tree = tree.apply(index)
    return tree


def _is_file(row: FileEntry | None) -> bool:
    return row is not None and row.type is FileType.FILE


def _layer_origin(layer: StageLayer) -> str:
    """Name what is kept of a layer; the same layer is shared between stages."""
    return f"layer:{layer.descriptor.digest}"
