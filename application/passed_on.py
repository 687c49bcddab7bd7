"""Streams that look at the bytes of another while they pass them on."""

from __future__ import annotations

import io
from typing import BinaryIO, cast


class PassedOnStream(io.RawIOBase):
    """Reads another stream, from where it is; who inherits looks at what is read.

    Args:
        stream: The other; owned, and closed with it.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def seen(self, data: bytes) -> None:
        """Take note of the next bytes, before they are handed out."""

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes; all that are left for -1 or None."""
        data = self._stream.read(-1 if size is None else size)
        self.seen(data)
        return data

    def readall(self) -> bytes:
        """Return all bytes that are left."""
        return self.read()

    def readinto(self, buffer: object) -> int:
        """Read into a buffer; return how many bytes it got."""
        with memoryview(cast("bytearray", buffer)) as view:
            data = self.read(len(view))
            view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close both streams. Idempotent."""
        if not self.closed:
            super().close()
            self._stream.close()
