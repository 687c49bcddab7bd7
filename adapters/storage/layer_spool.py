"""The layers of a build as files in its work directory.

Blobs are named by their digest and appear by a rename, complete and verified.
What to fetch or write is the caller's business.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from adapters.archive.chunks import CHUNK
from adapters.archive.compression import UNCOMPRESSED, Codec
from adapters.archive.layer_files import layer_files
from adapters.archive.layer_reader import read_index
from adapters.archive.layer_writer import write_layer
from application.errors import DigestMismatch, FilesystemError
from application.ports.clock import Clock
from application.ports.layers import OpenBlob, OpenContent, WrittenLayer
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.media_type import Vendor
from domain.snapshot.index import LayerIndex
from domain.snapshot.layer_plan import LayerPlan, StoredContent


class LayerSpool:
    """`LayerStore` in a directory.

    Args:
        directory: Made where it does not exist; the caller removes it.
        clock: Gives the modification times that are written.
        codec: How written layers are compressed.
        vendor: Family of the media types of written layers.
    """

    def __init__(
        self,
        directory: str,
        clock: Clock,
        codec: Codec | None = None,
        vendor: Vendor = Vendor.OCI,
    ) -> None:
        self._blobs = Path(directory, "blobs")
        self._files = Path(directory, "files")
        self._incoming = Path(directory, "incoming")
        self._clock = clock
        self._codec = codec or Codec()
        self._vendor = vendor
        self._indexes: dict[Digest, LayerIndex] = {}
        self._damaged: set[Digest] = set()
        with _translated("cannot use the work directory"):
            for path in (self._blobs, self._files, self._incoming):
                path.mkdir(parents=True, exist_ok=True)

    def write(
        self, plan: LayerPlan, open_content: OpenContent, *, is_interim: bool = False
    ) -> WrittenLayer:
        """Make the layer of a plan; see the port."""
        with (
            _translated("cannot write a layer"),
            self._new_file() as (stream, path),
        ):
            layer = write_layer(
                plan,
                open_content,
                stream,
                codec=UNCOMPRESSED if is_interim else self._codec,
                layer_time_ns=self._clock.layer_time_ns,
                vendor=self._vendor,
                avoid=self._damaged,
            )
            stream.flush()
            _publish(path, self._blob_path(layer.descriptor.digest))
        self._indexes[layer.descriptor.digest] = layer.index
        return layer

    def fetch(self, descriptor: Descriptor, open_blob: OpenBlob) -> None:
        """Make the blob present, verified; see the port.

        A source that ends early is asked to go on where it ended, as long as
        each attempt brings something.
        """
        target = self._blob_path(descriptor.digest)
        if target.exists():
            return
        try:
            self._fetch(descriptor, open_blob, target)
        except DigestMismatch:
            self._damaged.add(descriptor.digest)
            raise

    def _fetch(self, descriptor: Descriptor, open_blob: OpenBlob, target: Path) -> None:
        with (
            _translated("cannot store a layer"),
            self._new_file() as (stream, path),
        ):
            digest = descriptor.digest.new_hash()
            for chunk in _blob_chunks(descriptor, open_blob):
                digest.update(chunk)
                stream.write(chunk)
            stream.flush()
            if digest.hexdigest() != descriptor.digest.hex:
                raise DigestMismatch(
                    f"the fetched layer is {Digest.of_hash(digest)}, "
                    f"not {descriptor.digest}",
                    hint="a proxy or the registry damaged it: try again",
                )
            _publish(path, target)

    def index(self, descriptor: Descriptor, diff_id: Digest) -> LayerIndex:
        """Read the rows of a present layer; see the port."""
        known = self._indexes.get(descriptor.digest)
        if known is None:
            with _translated("cannot read a layer"), self.open(descriptor) as blob:
                known = read_index(blob, diff_id)
            self._indexes[descriptor.digest] = known
        return known

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """Open the compressed blob of a present layer; the caller closes it."""
        with _translated(f"the layer {descriptor.digest} is not here"):
            return self._blob_path(descriptor.digest).open("rb")

    def extract(
        self, descriptor: Descriptor, paths: Iterable[str], origin: str
    ) -> None:
        """Keep the content of some files for `open_file`; see the port."""
        missing = [
            path
            for path in dict.fromkeys(paths)
            if not self._file_path(StoredContent(origin, path)).exists()
        ]
        if not missing:
            return

        def keep(path: str, content: Iterator[bytes]) -> None:
            with self._new_file() as (stream, incoming):
                for chunk in content:
                    stream.write(chunk)
                stream.flush()
                _publish(incoming, self._file_path(StoredContent(origin, path)))

        def same(path: str, target: str) -> None:
            new = self._file_path(StoredContent(origin, path))
            with suppress(FileExistsError):
                os.link(self._file_path(StoredContent(origin, target)), new)

        with _translated("cannot keep files of a layer"):
            layer_files(lambda: self.open(descriptor), missing, keep, same)

    def open_file(self, content: StoredContent) -> BinaryIO:
        """Open a file kept by `extract`; the caller closes it."""
        with _translated(f"{content.path} of {content.origin} was not kept"):
            return self._file_path(content).open("rb")

    def _blob_path(self, digest: Digest) -> Path:
        return self._blobs / digest.algorithm / digest.hex

    def _file_path(self, content: StoredContent) -> Path:
        """Return where a kept file lies: names of images are no file names."""
        return self._files / _name(content.origin) / _name(content.path)

    @contextmanager
    def _new_file(self) -> Iterator[tuple[BinaryIO, Path]]:
        """Give a new file that is removed again unless it was renamed."""
        descriptor, name = tempfile.mkstemp(dir=self._incoming)
        path = Path(name)
        try:
            with os.fdopen(descriptor, "wb", buffering=CHUNK) as stream:
                yield stream, path
        finally:
            path.unlink(missing_ok=True)


def _publish(path: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    path.rename(target)


def _name(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _blob_chunks(descriptor: Descriptor, open_blob: OpenBlob) -> Iterator[bytes]:
    """Yield exactly the descriptor's size in bytes."""
    received = 0
    while received < descriptor.size:
        before = received
        with open_blob(descriptor, received) as blob:
            while chunk := blob.read(CHUNK):
                received += len(chunk)
                yield chunk
                if received > descriptor.size:
                    break
        if received == before or received > descriptor.size:
            raise DigestMismatch(
                f"the layer {descriptor.digest} has not the promised size of "
                f"{descriptor.size} bytes",
                hint="a proxy or the registry damaged it: try again",
            )


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FilesystemError(
            f"{what}: {error.strerror or error}",
            place=str(error.filename) if error.filename else None,
            hint="make room, or choose another work directory by --kaniko-dir",
        ) from error
