"""The file system of a stage, or of an image that is only copied from.

It consists of layers. What they hold is known (`read`) without unpacking
anything; a root on disk exists only once `materialise` was asked for. Which of
both an instruction needs is decided in the domain, not here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import BinaryIO

from application.ports.filesystem import RootFilesystem, RootFilesystems
from application.ports.images import ImageSource, ResolvedImage
from application.ports.layers import LayerStore, WrittenLayer
from domain.errors import BuildRuleError, InvalidImage
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.snapshot.entry import FileType
from domain.snapshot.index import LayerIndex
from domain.snapshot.layer_plan import StoredContent
from domain.snapshot.tree import FileTree
from domain.values import dataclass

MAXIMUM_ACCOUNT_FILE = 16 << 20
"""Bytes of /etc/passwd or /etc/group that we are ready to hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseImage:
    """An image and the place its blobs can be read from."""

    image: ResolvedImage
    source: ImageSource


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLayer:
    """A layer of a stage.

    Attributes:
        descriptor: Its blob.
        diff_id: Digest of its uncompressed tar.
        base: Where its blob is fetched from; None for a layer this build made.
        from_root: Whether its files are those that a RUN left in the root.
    """

    descriptor: Descriptor
    diff_id: Digest
    base: BaseImage | None = None
    from_root: bool = False


class LayerFetcher:
    """Makes the blobs of layers present in the layer store."""

    def __init__(self, layers: LayerStore) -> None:
        self._layers = layers

    def fetch(self, layer: StageLayer) -> None:
        """Make the blob present; one this build made is already."""
        base = layer.base
        if base is None:
            return

        def open_blob(descriptor: Descriptor, offset: int) -> BinaryIO:
            return base.source.open_blob(base.image, descriptor, offset)

        self._layers.fetch(layer.descriptor, open_blob)

    def open(self, layer: StageLayer) -> BinaryIO:
        """Open the blob, fetching it first; the caller closes it."""
        self.fetch(layer)
        return self._layers.open(layer.descriptor)


class LayeredFilesystem:
    """Layers, the tree they make, and a root on disk when there is one."""

    def __init__(
        self,
        *,
        name: str,
        layers: Iterable[StageLayer],
        store: LayerStore,
        roots: RootFilesystems,
    ) -> None:
        """Start with the layers of a base image.

        Args:
            name: Name of this file system in `StoredContent.origin`.
            layers: Lowest first.
            store: Where their blobs are kept.
            roots: Makes the root on disk.
        """
        self.name = name
        self._layers = list(layers)
        self._store = store
        self._fetcher = LayerFetcher(store)
        self._roots = roots
        self._indexes: list[LayerIndex] = []
        self._tree: FileTree | None = None
        self._root: RootFilesystem | None = None

    @property
    def layers(self) -> tuple[StageLayer, ...]:
        """The layers, lowest first."""
        return tuple(self._layers)

    @property
    def root(self) -> RootFilesystem | None:
        """The root on disk, if there is one."""
        return self._root

    @property
    def tree(self) -> FileTree:
        """What the file system holds; reads the layers if that was not done."""
        if self._tree is None:
            self.read()
        if self._tree is None:  # pragma: no cover - read() sets it
            raise AssertionError
        return self._tree

    def read(self) -> bool:
        """Know what the layers hold, without unpacking them.

        Returns:
            Whether that had to be done.
        """
        if self._tree is not None:
            return False
        self._adopt(
            [
                self._store.index(each.descriptor, each.diff_id)
                for each in self._fetched()
            ]
        )
        return True

    def materialise(self, root_name: str) -> bool:
        """Unpack all layers into a root; tell whether that had to be done."""
        if self._root is not None:
            return False
        self._root = root = self._roots.create(root_name)
        indexes = []
        for layer in self._fetched():
            with closing(self._store.open(layer.descriptor)) as blob:
                media_type = layer.descriptor.media_type
                indexes.append(root.extract(blob, media_type, layer.diff_id))
        if self._tree is None:
            self._adopt(indexes)
        return True

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
        self._layers.append(layer)
        if self._tree is not None:
            self._indexes.append(written.index)
            self._tree = self._tree.apply(written.index)

    def tree_below(self, count: int) -> FileTree:
        """Return what the lowest layers make; reads them if that was not done."""
        self.read()
        return _merged(self._indexes[:count])

    def replace_above(self, count: int, written: WrittenLayer | None) -> None:
        """Put one layer, or none, in the place of all but the lowest ones.

        It must make the same file system; what is on disk stays as it is.
        """
        self.read()
        self._adopt(self._indexes[:count])
        del self._layers[count:]
        if written is not None:
            self.append(written)

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

    def prepare(self, paths: Iterable[str]) -> None:
        """Make `open` possible for regular files of the tree."""
        if self._root is None:
            self._prepare_of_layers(paths)

    def open(self, content: StoredContent) -> BinaryIO:
        """Open a file that was prepared; the caller closes it."""
        if self._root is not None:
            return self._root.open(content.path)
        return self._open_of_layer(content.path)

    def prepare_recorded(self, paths: Iterable[str]) -> None:
        """Make `open_recorded` possible for regular files of the tree."""
        self._prepare_of_layers(path for path in paths if not self._left_by_run(path))

    def open_recorded(self, path: str) -> BinaryIO:
        """Open a file as the layers have it; the caller closes it.

        The root has the same where a RUN left it. What a COPY made may be other on
        disk: refused, or changed where changes are left out.
        """
        if self._root is not None and self._left_by_run(path):
            return self._root.open(path)
        return self._open_of_layer(path)

    def _left_by_run(self, path: str) -> bool:
        return self._root is not None and self._layers[self._locate(path)[0]].from_root

    def _prepare_of_layers(self, paths: Iterable[str]) -> None:
        by_layer: dict[int, list[str]] = defaultdict(list)
        for path in paths:
            number, path_in_layer = self._locate(path)
            by_layer[number].append(path_in_layer)
        for number, wanted in by_layer.items():
            layer = self._layers[number]
            self._fetcher.fetch(layer)
            self._store.extract(layer.descriptor, wanted, _layer_origin(layer))

    def _open_of_layer(self, path: str) -> BinaryIO:
        number, path = self._locate(path)
        origin = _layer_origin(self._layers[number])
        return self._store.open_file(StoredContent(origin, path))

    def discard_root(self) -> None:
        """Remove the root from disk; the layers stay. Idempotent."""
        if self._root is not None:
            self._root.discard()
            self._root = None

    def _adopt(self, indexes: list[LayerIndex]) -> None:
        self._indexes = indexes
        self._tree = _merged(indexes)

    def _locate(self, path: str) -> tuple[int, str]:
        """Return the layer a file of the tree comes from, and its path there.

        The path differs where a layer hard-links a file of a lower one.
        """
        for number in range(len(self._indexes) - 1, -1, -1):
            index = self._indexes[number]
            if path in index.entries:
                return number, path
            path = index.links.get(path, path)
        raise InvalidImage(f"no layer holds /{path}")

    def _fetched(self) -> Iterable[StageLayer]:
        """Yield the layers, each fetched while the one before is worked on."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="fetch") as pool:
            pending = [pool.submit(self._fetcher.fetch, each) for each in self._layers]
            try:
                for layer, fetched in zip(self._layers, pending, strict=True):
                    fetched.result()
                    yield layer
            finally:
                for fetched in pending:
                    fetched.cancel()


def _merged(indexes: Iterable[LayerIndex]) -> FileTree:
    tree = FileTree.empty()
    for index in indexes:
        tree = tree.apply(index)
    return tree


def _layer_origin(layer: StageLayer) -> str:
    """Name what is kept of a layer; the same layer is shared between stages."""
    return f"layer:{layer.descriptor.digest}"
