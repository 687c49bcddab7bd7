"""Reads a layer: a compressed blob becomes rows, contents and an index.

Inflating and the digest of the tar run in threads of their own; the caller's
thread parses. It writes nothing to disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from adapters.archive.channel import background
from adapters.archive.compression import decompressed
from adapters.archive.layer_rows import LayerRow, LayerRows, Put, keeps_content
from adapters.archive.tar_reader import TarReader
from application.errors import DigestMismatch
from domain.image.digest import Digest, Hash
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.index import LayerIndex


@contextmanager
def verified_tar(blob: BinaryIO, diff_id: Digest) -> Iterator[Iterator[bytes]]:
    """Give the uncompressed tar of a layer, verified when it was read to its end.

    Args:
        blob: Not closed, and no longer read once the context is left.
        diff_id: What the tar must be.

    Raises:
        DigestMismatch: When the context is left without another error.
        InvalidLayer: The compressed data is damaged.
    """
    digest = diff_id.new_hash()
    with (
        background(decompressed(blob)) as tar,
        background(hashed(tar, digest)) as chunks,
    ):
        yield chunks
    if digest.hexdigest() != diff_id.hex:
        raise DigestMismatch(
            f"the layer's content is {Digest.of_hash(digest)}, "
            f"not its diff ID {diff_id}",
            hint="the image is damaged: push or fetch it again",
        )


def hashed(chunks: Iterable[bytes], digest: Hash) -> Iterator[bytes]:
    """Pass chunks on, taking each into a hash before."""
    for chunk in chunks:
        digest.update(chunk)
        yield chunk


class LayerReader:
    """Yields what a layer does, row by row, and knows its index afterwards.

    Args:
        chunks: The uncompressed tar.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._tar = TarReader(chunks)
        self.rows = LayerRows()
        self._unread: FileEntry | None = None

    def __iter__(self) -> Iterator[LayerRow]:
        """Yield the rows; content that the caller leaves is read for its digest.

        Raises:
            InvalidLayer: It is no tar archive, or reaches out of its root.
        """
        for member in self._tar:
            row = self.rows.add(member)
            if row is None:
                continue
            if isinstance(row, Put) and row.entry.type is FileType.FILE:
                self._unread = row.entry
            yield row
            for _ in self.content():
                pass

    def content(self) -> Iterator[bytes]:
        """Yield the content of the file of the current row, once."""
        entry, self._unread = self._unread, None
        if entry is None:
            return
        digest = hashlib.sha256()
        kept = bytearray() if keeps_content(entry) else None
        for chunk in self._tar.content():
            digest.update(chunk)
            if kept is not None:
                kept += chunk
            yield chunk
        account = None if kept is None else bytes(kept)
        self.rows.has_content(entry.path, digest.hexdigest(), account)


def read_index(blob: BinaryIO, diff_id: Digest) -> LayerIndex:
    """Return the rows of a layer; nothing is unpacked.

    Args:
        blob: The compressed layer; read to its end, not closed.
        diff_id: Digest of the uncompressed tar, verified.

    Raises:
        DigestMismatch: The uncompressed bytes are not `diff_id`.
        InvalidLayer: It is no tar, damaged, or reaches out of its root.
    """
    with verified_tar(blob, diff_id) as chunks:
        reader = LayerReader(chunks)
        for _ in reader:
            pass
    return reader.rows.index()
