"""A blob as a stream that survives broken connections."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, cast

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
    raw = _BlobStream(open_at, offset, size, retries, describe)
    return cast("BinaryIO", io.BufferedReader(raw, CHUNK))


class _BlobStream(io.RawIOBase):
    def __init__(
        self,
        open_at: OpenAt,
        offset: int,
        size: int,
        retries: Retries,
        describe: Callable[[TransportError], RegistryError],
    ) -> None:
        super().__init__()
        self._open_at = open_at
        self._position = offset
        self._size = size
        self._retries = retries
        self._describe = describe
        self._response: Response | None = open_at(offset)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        data = self._retries.run(lambda: self._read(len(view)))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None
        super().close()

    def _read(self, size: int) -> bytes:
        if self._response is None:
            self._response = self._open_at(self._position)
        try:
            return self._read_some(self._response, size)
        except TransportError as error:
            self._drop()
            raise TryAgain(self._describe(error)) from error

    def _read_some(self, response: Response, size: int) -> bytes:
        data = response.read(size)
        has_length = response.header("Content-Length") is not None
        if not data and self._position < self._size and not has_length:
            # Without a length a broken connection looks like the end.
            raise TransportError(Failure.BROKEN, "", "the answer ended early")
        return data

    def _drop(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None
