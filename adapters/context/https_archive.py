"""The archive of a context behind an address of https.

One answer is read as a stream. A transfer that breaks goes on where it stopped, if
the server still has the same archive; nothing is stored here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from http import HTTPStatus

from adapters.http.client import HttpClient
from adapters.http.errors import TransportError
from adapters.http.messages import CHUNK, Request, Response
from adapters.http.redaction import redact_url
from adapters.http.retries import RETRY_STATUSES, Retries, TryAgain, retry_after
from application.errors import ContextUnavailable

_SIGNED = "check the address; one that is signed may have expired"
_WANTS_A_USER = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_USER = f"{_SIGNED}, others want a user: https://USER:PASSWORD@HOST/PATH"


class HttpsArchive:
    """An archive on a web server (implements `Archive`).

    Args:
        url: Its address; a password in it is sent to its host alone.
        http: Sends the requests.
        retries: How often a broken transfer goes on without a byte between.
    """

    def __init__(self, url: str, http: HttpClient, retries: Retries) -> None:
        self._url = url
        self._http = http
        self._retries = retries

    @property
    def place(self) -> str:
        """Its address without credentials."""
        return redact_url(self._url)

    def chunks(self) -> Generator[bytes, None, None]:
        """Yield its bytes; see `Archive`."""
        transfer = _Transfer(self._url, self._http, self.place)
        try:
            while chunk := self._retries.run(transfer.read):
                yield chunk
        except TransportError as error:
            raise ContextUnavailable(
                f"the build context cannot be fetched: {error}",
                place=self.place,
                hint=error.hint or "try again, or fetch it and use --context=tar://",
            ) from error
        finally:
            transfer.close()


class _Transfer:
    """One archive on its way, over as many connections as it takes."""

    def __init__(self, url: str, http: HttpClient, place: str) -> None:
        self._url = url
        self._http = http
        self._place = place
        self._response: Response | None = None
        self._validator = ""
        self._digest = hashlib.sha256()
        self._position = 0

    def read(self) -> bytes:
        """Return the next bytes, b"" at the end.

        Raises:
            TryAgain: The connection broke; the next call goes on.
        """
        try:
            if self._response is None:
                self._response = self._opened()
            chunk = self._response.read(CHUNK)
        except TransportError as error:
            self.close()
            if error.failure.is_transient:
                raise TryAgain(error) from error
            raise
        self._digest.update(chunk)
        self._position += len(chunk)
        return chunk

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None

    def _opened(self) -> Response:
        """Ask for what is missing; return an answer that stands at its start."""
        headers = {"Range": f"bytes={self._position}-"} if self._position else {}
        if headers and self._validator:
            headers["If-Range"] = self._validator
        response = self._http.send(
            Request(method="GET", url=self._url, headers=headers, retry=False)
        )
        try:
            self._check(response)
        except BaseException:
            response.close()
            raise
        return response

    def _check(self, response: Response) -> None:
        status = response.status
        if status == HTTPStatus.OK:
            self._validator = self._validator or _validator(response)
            self._skip(response)
        elif status != HTTPStatus.PARTIAL_CONTENT or not self._position:
            raise self._refused(response)
        elif not self._continues(response):
            raise self._changed()

    def _continues(self, response: Response) -> bool:
        """Tell whether a part begins where we are, and is of the same state."""
        begins = f"bytes {self._position}-"
        same = not self._validator or _validator(response) in ("", self._validator)
        return same and (response.header("Content-Range") or "").startswith(begins)

    def _skip(self, response: Response) -> None:
        """Read past what is here already; it must be the same."""
        digest = hashlib.sha256()
        for chunk in _up_to(response, self._position):
            digest.update(chunk)
        if digest.digest() != self._digest.digest():
            raise self._changed()

    def _changed(self) -> ContextUnavailable:
        return ContextUnavailable(
            "the build context changed while it was fetched",
            place=self._place,
            hint="run the build again",
        )

    def _refused(self, response: Response) -> TryAgain | ContextUnavailable:
        status = response.status
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
        error = ContextUnavailable(
            "the build context cannot be fetched: the server answered"
            f" {status} {phrase}".rstrip(),
            place=self._place,
            hint=_USER if status in _WANTS_A_USER else _SIGNED,
        )
        if status in RETRY_STATUSES:
            error.hint = "try again later"
            return TryAgain(error, retry_after(response.header("Retry-After")))
        return error


def _up_to(response: Response, size: int) -> Iterator[bytes]:
    left = size
    while left > 0 and (chunk := response.read(min(CHUNK, left))):
        left -= len(chunk)
        yield chunk


def _validator(response: Response) -> str:
    """Return what tells one state of the archive from another, "" for nothing."""
    tag = response.header("ETag") or ""
    if tag and not tag.startswith("W/"):
        return tag
    return response.header("Last-Modified") or ""
