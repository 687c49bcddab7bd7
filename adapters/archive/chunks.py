"""Reading exact amounts from a stream of chunks, or from a file.

Nothing here knows what the bytes mean.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from domain.errors import InvalidLayer

CHUNK = 1 << 20
"""Bytes read, hashed or written at once."""

ZEROS = bytes(CHUNK)
"""A chunk of a hole; slices of holes are other objects."""


class ChunkStream:
    """Cuts a stream of chunks into the pieces that a parser asks for."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._chunk = b""
        self._offset = 0

    def take(self, size: int) -> bytes:
        """Return exactly `size` bytes (few: they are held in memory).

        Raises:
            InvalidLayer: The stream ends before.
        """
        end = self._offset + size
        if end <= len(self._chunk):
            piece = self._chunk[self._offset : end]
            self._offset = end
            return piece
        return b"".join(self.pieces(size))

    def take_or_end(self, size: int) -> bytes | None:
        """Return exactly `size` bytes, or None where the stream has ended.

        Raises:
            InvalidLayer: The stream ends within them.
        """
        return self.take(size) if self._more() else None

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield `size` bytes in pieces of at most a chunk.

        Raises:
            InvalidLayer: The stream ends before.
        """
        left = size
        while left > 0:
            if not self._more():
                raise InvalidLayer(
                    f"the archive is truncated: {left} bytes are missing",
                    hint="fetch or make the archive again",
                )
            piece = self._chunk[self._offset : self._offset + left]
            self._offset += len(piece)
            left -= len(piece)
            yield piece

    def skip(self, size: int) -> None:
        """Read past `size` bytes."""
        end = self._offset + size
        if end <= len(self._chunk):
            self._offset = end
            return
        for _ in self.pieces(size):
            pass

    def rest(self) -> Iterator[bytes]:
        """Yield what is left, to the end of the stream."""
        while self._more():
            piece = self._chunk[self._offset :]
            self._offset = len(self._chunk)
            yield piece

    def drain(self) -> None:
        """Read to the end of the stream."""
        while self._more():
            self._offset = len(self._chunk)

    def _more(self) -> bool:
        while self._offset >= len(self._chunk):
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self._chunk, self._offset = chunk, 0
        return True


class ChunkReader(io.RawIOBase):
    """A stream of chunks as a file that is read once.

    Args:
        chunks: The content.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def peek(self, size: int) -> bytes:
        """Return the next bytes and keep them; fewer at the end alone."""
        while len(self._rest) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._rest += chunk
        return self._rest[:size]

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` of the next bytes, b"" at the end; -1 for a chunk."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = chunk
        piece = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(piece) :]
        return piece


def file_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield a stream in chunks to its end."""
    while chunk := stream.read(CHUNK):
        yield chunk


def zeros(size: int) -> Iterator[bytes]:
    """Yield `size` zero bytes; whole chunks are the object `ZEROS`."""
    left = size
    while left >= CHUNK:
        yield ZEROS
        left -= CHUNK
    if left:
        yield ZEROS[:left]
