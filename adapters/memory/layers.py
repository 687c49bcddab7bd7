"""The layers of a build in memory: `LayerStore` for tests and dry runs.

The tar and its compression are the real ones; only the files are dictionaries.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO

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


class MemoryLayers:
    """`LayerStore` without a disk.

    Attributes:
        blobs: Every blob that was written or fetched.
        fetched: Digests that were fetched, in order (a test asserts on them).

    Args:
        clock: Gives the modification times that are written.
        codec: How written layers are compressed.
        vendor: Family of the media types of written layers.
    """

    def __init__(
        self, clock: Clock, codec: Codec | None = None, vendor: Vendor = Vendor.OCI
    ) -> None:
        self.blobs: dict[Digest, bytes] = {}
        self.fetched: list[Digest] = []
        self._files: dict[StoredContent, bytes] = {}
        self._indexes: dict[Digest, LayerIndex] = {}
        self._damaged: set[Digest] = set()
        self._clock = clock
        self._codec = codec or Codec()
        self._vendor = vendor

    def write(
        self, plan: LayerPlan, open_content: OpenContent, *, is_interim: bool = False
    ) -> WrittenLayer:
        """Make the layer of a plan; see the port."""
        sink = io.BytesIO()
        layer = write_layer(
            plan,
            open_content,
            sink,
            codec=UNCOMPRESSED if is_interim else self._codec,
            layer_time_ns=self._clock.layer_time_ns,
            vendor=self._vendor,
            avoid=self._damaged,
        )
        self.blobs[layer.descriptor.digest] = sink.getvalue()
        self._indexes[layer.descriptor.digest] = layer.index
        return layer

    def fetch(self, descriptor: Descriptor, open_blob: OpenBlob) -> None:
        """Make the blob present, verified; see the port."""
        if descriptor.digest in self.blobs:
            return
        with open_blob(descriptor, 0) as blob:
            data = blob.read()
        if len(data) != descriptor.size or not descriptor.digest.matches(data):
            self._damaged.add(descriptor.digest)
            raise DigestMismatch(f"the fetched layer is not {descriptor.digest}")
        self.blobs[descriptor.digest] = data
        self.fetched.append(descriptor.digest)

    def index(self, descriptor: Descriptor, diff_id: Digest) -> LayerIndex:
        """Read the rows of a present layer; see the port."""
        if descriptor.digest not in self._indexes:
            index = read_index(self.open(descriptor), diff_id)
            self._indexes[descriptor.digest] = index
        return self._indexes[descriptor.digest]

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """Open the compressed blob of a present layer."""
        if descriptor.digest not in self.blobs:
            raise FilesystemError(f"the layer {descriptor.digest} is not here")
        return io.BytesIO(self.blobs[descriptor.digest])

    def extract(
        self, descriptor: Descriptor, paths: Iterable[str], origin: str
    ) -> None:
        """Keep the content of some files for `open_file`; see the port."""

        def keep(path: str, content: Iterator[bytes]) -> None:
            self._files[StoredContent(origin, path)] = b"".join(content)

        def same(path: str, target: str) -> None:
            data = self._files[StoredContent(origin, target)]
            self._files[StoredContent(origin, path)] = data

        layer_files(lambda: self.open(descriptor), paths, keep, same)

    def open_file(self, content: StoredContent) -> BinaryIO:
        """Open a file kept by `extract`."""
        if content not in self._files:
            raise FilesystemError(f"{content.path} of {content.origin} was not kept")
        return io.BytesIO(self._files[content])
