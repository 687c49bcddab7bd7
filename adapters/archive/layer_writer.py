"""Makes the layer of a plan: tar, diff ID, compression, digest, in one pass.

The only writer of layers. Reading and the tar run in one thread, the diff ID in
another, compression and writing in the caller's; memory does not depend on the
size of the files.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from typing import BinaryIO

from adapters.archive.channel import background
from adapters.archive.chunks import CHUNK
from adapters.archive.compression import Codec
from adapters.archive.content import planned_content
from adapters.archive.layer_reader import hashed
from adapters.archive.layer_rows import keeps_content
from adapters.archive.tar_writer import END_OF_ARCHIVE, member_header, padding
from application.ports.layers import OpenContent, WrittenLayer
from domain.errors import BuildRuleError
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.media_type import Vendor, layer_media_type
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.index import WHITEOUT_PREFIX, LayerIndex
from domain.snapshot.layer_plan import (
    LayerPlan,
    PlannedEntry,
    PlannedRow,
    PlannedWhiteout,
    whiteout_name,
)

LayerTime = Callable[[int], int]
"""`Clock.layer_time_ns`."""


def write_layer(  # noqa: PLR0913 - all that its bytes depend on
    plan: LayerPlan,
    open_content: OpenContent,
    sink: BinaryIO,
    *,
    codec: Codec,
    layer_time_ns: LayerTime,
    vendor: Vendor = Vendor.OCI,
    avoid: Container[Digest] = (),
) -> WrittenLayer:
    """Write the blob of a plan to a stream.

    Args:
        plan: The rows.
        open_content: Called from another thread, one content at a time.
        sink: Receives the blob; not closed.
        codec: How it is compressed.
        layer_time_ns: Time to record for a modification time.
        vendor: Family of the media type.
        avoid: Digests that the blob must not have; it ends with more compressed
            nothing then, and holds the same.

    Raises:
        FilesystemError: A content cannot be read or became shorter.
        BuildRuleError: A name that layers reserve for deletions.
    """
    tar = _LayerTar(open_content, layer_time_ns)
    diff_hash, blob_hash = hashlib.sha256(), hashlib.sha256()
    size = 0
    with (
        background(joined(tar.pieces(plan))) as pieces,
        background(hashed(pieces, diff_hash)) as chunks,
    ):
        for data in _compressed(chunks, codec):
            blob_hash.update(data)
            size += len(data)
            sink.write(data)
    while Digest.of_hash(blob_hash) in avoid and (data := codec.compressor().flush()):
        blob_hash.update(data)
        size += len(data)
        sink.write(data)
    descriptor = Descriptor(
        media_type=layer_media_type(vendor, codec.compression),
        digest=Digest.of_hash(blob_hash),
        size=size,
    )
    diff_id = Digest.of_hash(diff_hash)
    return WrittenLayer(descriptor=descriptor, diff_id=diff_id, index=tar.index())


def _compressed(chunks: Iterable[bytes], codec: Codec) -> Iterator[bytes]:
    compressor = codec.compressor()
    for chunk in chunks:
        if data := compressor.compress(chunk):
            yield data
    yield compressor.flush()


def joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in chunks of about 1 MiB: headers are small."""
    buffer = bytearray()
    for piece in pieces:
        if not buffer and len(piece) >= CHUNK:
            yield piece
            continue
        buffer += piece
        if len(buffer) >= CHUNK:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)


class _LayerTar:
    """Produces the tar of a plan and keeps the books for its index."""

    def __init__(self, open_content: OpenContent, layer_time_ns: LayerTime) -> None:
        self._open_content = open_content
        self._layer_time_ns = layer_time_ns
        self._entries: dict[str, FileEntry] = {}
        self._whiteouts: list[str] = []
        self._first_names: dict[str, str] = {}
        self._accounts: dict[str, bytes] = {}

    def pieces(self, plan: LayerPlan) -> Iterator[bytes]:
        """Yield the tar, its end included."""
        for row in plan.rows:
            yield from self._row(row)
        yield END_OF_ARCHIVE

    def index(self) -> LayerIndex:
        """Return the rows written."""
        counts = Counter(e.link_group for e in self._entries.values())
        for path, entry in self._entries.items():
            if entry.link_group and counts[entry.link_group] == 1:
                self._entries[path] = entry._replace(link_group="")
        return LayerIndex(
            entries=self._entries,
            whiteouts=tuple(self._whiteouts),
            accounts=self._accounts,
        )

    def _row(self, row: PlannedRow) -> Iterator[bytes]:
        if isinstance(row, PlannedWhiteout):
            self._whiteouts.append(row.path)
            yield member_header(FileEntry(whiteout_name(row.path), FileType.FILE, 0))
            return
        entry = row.entry
        if entry.path.startswith(WHITEOUT_PREFIX) or "/.wh." in entry.path:
            raise BuildRuleError(
                f"/{entry.path} cannot be stored in a layer: names that start with "
                f"{WHITEOUT_PREFIX} mean deletions there",
                hint="rename or remove the file",
            )
        entry = entry._replace(mtime_ns=self._layer_time_ns(entry.mtime_ns))
        row = row._replace(entry=entry)
        if entry.type is not FileType.FILE:
            self._entries[entry.path] = entry
            yield member_header(entry)
        elif entry.link_group in self._first_names:
            yield self._hard_link(entry)
        else:
            yield from self._file(row)

    def _hard_link(self, entry: FileEntry) -> bytes:
        first = self._first_names[entry.link_group]
        self._entries[entry.path] = self._entries[first]._replace(path=entry.path)
        return member_header(entry, hard_link_to=first)

    def _file(self, row: PlannedEntry) -> Iterator[bytes]:
        entry = row.entry
        if entry.link_group:
            self._first_names[entry.link_group] = entry.path
        yield member_header(entry)
        digest = hashlib.sha256()
        kept = bytearray() if keeps_content(entry) else None
        for chunk in planned_content(row, self._open_content):
            digest.update(chunk)
            if kept is not None:
                kept += chunk
            yield chunk
        yield padding(entry.size)
        self._entries[entry.path] = entry._replace(sha256=digest.hexdigest())
        if kept is not None:
            self._accounts[entry.path] = bytes(kept)
