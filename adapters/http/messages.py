"""Requests and answers whose bodies are streams.

Sending is the client's business (`adapters.http.client`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Self

import requests

from adapters.http.errors import (
    TRANSPORT_EXCEPTIONS,
    Failure,
    TransportError,
    translate,
)
from domain.values import dataclass, field

CHUNK = 1 << 20
"""Bytes that are read or written at a time."""


class Body:
    """A request body of known length that can be sent again.

    Args:
        size: Bytes it has.
        chunks: Yields them, from the start at each call.
    """

    def __init__(self, size: int, chunks: Callable[[], Iterator[bytes]]) -> None:
        self._size = size
        self._chunks = chunks

    def __len__(self) -> int:
        """Return the length; requests makes Content-Length of it."""
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes."""
        return self._chunks()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be sent.

    Attributes:
        method: HTTP method.
        url: Where to.
        headers: Headers beyond those that every request has.
        body: Bytes or a `Body`, or None.
        retry: Whether another attempt is harmless; false for parts of an upload.
        document: Bytes that the answer's body has at most, where it is to be read
            as a whole: if it breaks off that is another attempt, too. 0 for a stream.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Body | None = None
    retry: bool = True
    document: int = 0


class Response:
    """An answer whose body has not been read. Close it, or use it with `with`."""

    def __init__(self, response: requests.Response, host: str) -> None:
        self._response = response
        self._host = host
        self._document: bytes | None = None

    @property
    def status(self) -> int:
        """HTTP status."""
        return self._response.status_code

    @property
    def url(self) -> str:
        """Where the answer came from, redirects followed."""
        return self._response.url

    def header(self, name: str) -> str | None:
        """Return a header, any case; several of one name joined by commas."""
        return self._response.headers.get(name)

    def read(self, size: int) -> bytes:
        """Return up to `size` of the next bytes as they were sent, b"" at the end.

        Raises:
            TransportError: The connection broke, or the body ended early.
        """
        try:
            data: bytes = self._response.raw.read(size, decode_content=False)
        except TRANSPORT_EXCEPTIONS as error:
            raise translate(error, self._host) from error
        return data

    def read_document(self, limit: int) -> bytes:
        """Return the whole body, Content-Encoding undone; again if it was read so.

        Raises:
            TransportError: As `read`; also if it has more than `limit` bytes.
        """
        if self._document is None:
            self._document = self._read_document(limit)
        return self._document

    def _read_document(self, limit: int) -> bytes:
        chunks: list[bytes] = []
        left = limit + 1
        try:
            while left > 0:
                chunk: bytes = self._response.raw.read(
                    min(left, CHUNK), decode_content=True
                )
                if not chunk:
                    return b"".join(chunks)
                chunks.append(chunk)
                left -= len(chunk)
        except TRANSPORT_EXCEPTIONS as error:
            raise translate(error, self._host) from error
        raise TransportError(
            Failure.TOO_LONG, self._host, f"it has more than {limit} bytes"
        )

    def close(self) -> None:
        """Give the connection back; one with an unread body is closed."""
        self._response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
