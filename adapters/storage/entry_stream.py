"""A part of a file as a stream, of an entry that may be damaged or vanish."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO, cast

from adapters.storage.layout_files import CHUNK
from application.errors import DigestMismatch


def open_section(path: Path, start: int, end: int) -> BinaryIO:
    """Open the bytes of a file from `start` up to `end`; the caller closes it.

    Raises:
        DigestMismatch: The file cannot be opened; also while reading.
    """
    try:
        file = path.open("rb", buffering=0)
        file.seek(start)
    except OSError as error:
        raise unreadable(path, error) from error
    raw = _Section(path, file, end - start)
    return cast("BinaryIO", io.BufferedReader(raw, CHUNK))


def unreadable(path: Path, error: OSError) -> DigestMismatch:
    """Make the error for a file that cannot be read."""
    return DigestMismatch(f"cannot be read: {error.strerror or error}", place=str(path))


class _Section(io.RawIOBase):
    def __init__(self, path: Path, file: io.FileIO, size: int) -> None:
        super().__init__()
        self._path = path
        self._file = file
        self._left = max(0, size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))[: self._left]
        try:
            count = self._file.readinto(view) or 0
        except OSError as error:
            raise unreadable(self._path, error) from error
        self._left -= count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()
