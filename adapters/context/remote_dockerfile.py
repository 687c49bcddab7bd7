"""Downloads a Dockerfile that is given by its address."""

from __future__ import annotations

from http import HTTPStatus

from adapters.context.dockerfile_location import MAXIMUM_SIZE
from adapters.http.client import HttpClient
from adapters.http.errors import TransportError
from adapters.http.messages import Request
from adapters.http.redaction import redact_url
from application.errors import DockerfileUnavailable


def download_dockerfile(url: str, http: HttpClient) -> bytes:
    """Return the content of an address of http or https.

    Raises:
        DockerfileUnavailable: No answer, or another one than a file.
    """
    place = redact_url(url)
    try:
        with http.send(Request(method="GET", url=url)) as response:
            if response.status == HTTPStatus.OK:
                return response.read_document(MAXIMUM_SIZE)
            status = response.status
    except TransportError as error:
        raise DockerfileUnavailable(
            f"cannot be downloaded: {error}", place=place, hint=error.hint
        ) from error
    raise DockerfileUnavailable(
        f"the server answered {status}",
        place=place,
        hint="check the address in --dockerfile; one that is signed may have expired",
    )
