"""Downloads the files of ADD over HTTP into the work directory.

TLS, proxies and redirects are `adapters.http`'s. A download that breaks begins again;
what is kept is numbered, so that nothing a server says becomes a name on disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import urlsplit

from adapters.http.client import HttpClient
from adapters.http.errors import Failure, TransportError
from adapters.http.messages import CHUNK, Request, Response
from adapters.http.redaction import redact_url
from adapters.http.retries import RETRY_STATUSES, Retries, TryAgain, retry_after
from application.errors import FilesystemError, SourceUnavailable
from application.ports.downloads import Download
from domain.errors import KanipyError
from domain.snapshot.layer_plan import StoredContent

_NANOSECONDS = 10**9


class HttpDownloads:
    """The `Downloads` port on a directory of the work directory.

    Args:
        http: Sends the requests.
        retries: When a download begins again.
        directory: Where files are kept; it exists.
    """

    def __init__(self, http: HttpClient, retries: Retries, directory: Path) -> None:
        self._http = http
        self._retries = retries
        self._directory = directory
        self._count = 0

    def fetch(self, url: str, origin: str, authorization: str = "") -> Download:
        """Download a file; see the port."""
        self._count += 1
        name = str(self._count)
        headers = {"Authorization": authorization} if authorization else {}
        path = self._directory / name
        try:
            kept = self._retries.run(lambda: self._attempt(url, headers, path))
        except TransportError as error:
            path.unlink(missing_ok=True)
            raise _unreachable(url, error) from error
        except OSError as error:
            raise FilesystemError(
                f"a download cannot be kept: {error.strerror}",
                place=str(self._directory),
                hint="free some space, or name another directory by --kaniko-dir",
            ) from error
        return Download(
            content=StoredContent(origin, name),
            size=kept.size,
            sha256=kept.sha256,
            mtime_ns=kept.mtime_ns,
        )

    def open_file(self, content: StoredContent) -> BinaryIO:
        """Open a file that was downloaded; see the port."""
        return (self._directory / content.path).open("rb")

    def _attempt(self, url: str, headers: Mapping[str, str], path: Path) -> _Kept:
        request = Request(method="GET", url=url, headers=headers, retry=False)
        try:
            with self._http.send(request) as response:
                if response.status != HTTPStatus.OK:
                    raise _refused(url, response)
                return _keep(response, path)
        except TransportError as error:
            if error.failure.is_transient:
                raise TryAgain(error) from error
            raise


class _Kept(NamedTuple):
    size: int
    sha256: str
    mtime_ns: int


def _keep(response: Response, path: Path) -> _Kept:
    digest = hashlib.sha256()
    size = 0
    with path.open("wb") as file:
        while chunk := response.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
            size += len(chunk)
    return _Kept(size, digest.hexdigest(), _modified(response))


def _modified(response: Response) -> int:
    """Return the time of Last-Modified in nanoseconds, 0 without a usable one."""
    with suppress(ValueError, OverflowError):
        changed = parsedate_to_datetime(response.header("Last-Modified") or "")
        return max(0, int(changed.timestamp())) * _NANOSECONDS
    return 0


def _refused(url: str, response: Response) -> TryAgain | KanipyError:
    status = response.status
    error = SourceUnavailable(
        f"the server answered {_described(status)}", place=redact_url(url)
    )
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        host = urlsplit(url).hostname
        error.hint = f"give a token as the secret HTTP_AUTH_TOKEN_{host}"
    elif status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        error.hint = "check the address"
    elif status in RETRY_STATUSES:
        return TryAgain(error, retry_after(response.header("Retry-After")))
    return error


def _described(status: int) -> str:
    with suppress(ValueError):
        return f"{status} {HTTPStatus(status).phrase}"
    return str(status)


def _unreachable(url: str, error: TransportError) -> SourceUnavailable:
    hint = error.hint
    if error.failure is Failure.TLS:
        hint = "if it speaks plain HTTP write http:// in the address"
    return SourceUnavailable(
        f"cannot be downloaded: {error}", place=redact_url(url), hint=hint
    )
