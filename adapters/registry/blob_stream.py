"""A blob as a stream that survives broken connections."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import BinaryIO, Protocol, cast

from adapters.http.errors import Failure, TransportError
from adapters.http.messages import CHUNK, Response
from adapters.http.retries import Retries, TryAgain
from application.errors import RegistryError

OpenAt = Callable[[int], Response]
"""Asks for the blob from an offset; the answer's body starts there."""


def open_blob_stream(
    open_at: OpenAt,
    offset: int,
    size: int,
    retries: Retries,
    describe: Callable[[TransportError], RegistryError],
) -> BinaryIO:
    """Open a blob; a connection that breaks is taken up again where it was.

    Args:
        open_at: Asks for the rest of the blob.
        offset: First byte wanted.
        size: Bytes the blob should have in all.
        retries: How often and how patiently to take it up again.
        describe: Makes the error for a connection that cannot be taken up.

    Raises:
        RegistryError: The first request failed.
    """
    return stream_of(_BlobParts(open_at, offset, size, retries, describe))


class Parts(Protocol):
    """Bytes as they come."""

    def read(self, size: int) -> bytes:
        """Return some of the next bytes, as many as `size` at most, b"" at the end."""

    def close(self) -> None:
        """End it. Idempotent."""


def stream_of(parts: Parts) -> BinaryIO:
    """Return a stream that reads as much as it is asked for, and closes the parts."""
    return cast("BinaryIO", _BlobStream(parts))


class _BlobParts:
    """The bytes of a blob, as they come."""

    def __init__(
        self,
        open_at: OpenAt,
        offset: int,
        size: int,
        retries: Retries,
        describe: Callable[[TransportError], RegistryError],
    ) -> None:
        self._open_at = open_at
        self._position = offset
        self._size = size
        self._retries = retries
        self._describe = describe
        self._response: Response | None = open_at(offset)

    def read(self, size: int) -> bytes:
        """Return some of the next bytes, b"" at the end."""
        data = self._retries.run(lambda: self._read(size))
        self._position += len(data)
        return data

    def close(self) -> None:
        """End the connection."""
        if self._response is not None:
            self._response.close()
            self._response = None

    def _read(self, size: int) -> bytes:
        if self._response is None:
            self._response = self._open_at(self._position)
        try:
            return self._read_some(self._response, size)
        except TransportError as error:
            self.close()
            raise TryAgain(self._describe(error)) from error

    def _read_some(self, response: Response, size: int) -> bytes:
        data = response.read(size)
        has_length = response.header("Content-Length") is not None
        if not data and self._position < self._size and not has_length:
            # Without a length a broken connection looks like the end.
            raise TransportError(Failure.BROKEN, "", "the answer ended early")
        return data


class _BlobStream(io.BufferedIOBase):
    """Passes on uncopied what is large."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self._parts = parts
        self._ahead = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            return b"".join(iter(partial(self.read, CHUNK), b""))
        data = self._take(size)
        while len(data) < size and (more := self._take(size - len(data))):
            data += more
        return data

    def read1(self, size: int = -1, /) -> bytes:
        return self._take(size if size >= 0 else CHUNK)

    def close(self) -> None:
        self._parts.close()
        super().close()

    def _take(self, size: int) -> bytes:
        """Return up to so many bytes, at least one if there is one."""
        if not self._ahead:
            if size >= CHUNK:
                return self._parts.read(size)
            self._ahead = memoryview(self._parts.read(CHUNK) if size else b"")
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        return bytes(data)
