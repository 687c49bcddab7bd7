"""Result files that are sent to a server: one PUT each.

Addresses often carry the permission to write in their query, so no message shows it.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus

from adapters.http.client import HttpClient
from adapters.http.errors import TransportError
from adapters.http.messages import Request
from adapters.http.redaction import redact_url
from application.errors import OutputError
from application.options import is_address
from application.ports.results import ResultFiles


class UploadedResultFiles:
    """Sends result files to addresses (implements `ResultFiles`).

    Args:
        http: Sends the requests; what fails for a moment is tried again.
    """

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def check(self, path: str) -> None:
        """Ask nothing: permissions to write are often good for one request."""

    def write(self, path: str, text: str) -> None:
        """Send a whole file as text/plain.

        Raises:
            OutputError: No answer, or one that is no success.
        """
        request = Request(
            method="PUT",
            url=path,
            headers={"Content-Type": "text/plain"},
            body=text.encode(),
        )
        try:
            with self._http.send(request) as response:
                status = response.status
        except TransportError as error:
            raise OutputError(
                f"cannot be sent: {error}", place=redact_url(path), hint=error.hint
            ) from error
        if not HTTPStatus(200) <= status < HTTPStatus(300):
            raise OutputError(
                f"the server answered {_described(status)} to PUT",
                place=redact_url(path),
                hint="the image is published; check the address, and whether it "
                "may still be written to",
            )


class AddressedResultFiles:
    """Tells addresses from paths (implements `ResultFiles`).

    Args:
        local: Writes paths.
        remote: Writes addresses.
    """

    def __init__(self, local: ResultFiles, remote: ResultFiles) -> None:
        self._local = local
        self._remote = remote

    def check(self, path: str) -> None:
        """Find out whether a file can be written; see the port."""
        self._files(path).check(path)

    def write(self, path: str, text: str) -> None:
        """Write a whole file; see the port."""
        self._files(path).write(path, text)

    def _files(self, path: str) -> ResultFiles:
        return self._remote if is_address(path) else self._local


def _described(status: int) -> str:
    with suppress(ValueError):
        return f"{status} {HTTPStatus(status).phrase}"
    return str(status)
