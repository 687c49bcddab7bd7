"""Telling what a registry's refusal means, and what to do about it.

Answers with a status that is no success become errors of the port here. No
header and no query string ever enters a message.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn
from urllib.parse import urlsplit

from adapters.http.errors import Failure, TransportError
from adapters.http.messages import Response
from adapters.registry.rate_limits import RateLimit
from application.errors import (
    ManifestUnknown,
    RegistryError,
    RegistryUnreachable,
    Unauthorized,
)
from application.ports.credentials import Credential
from domain.image.reference import DOCKER_HUB
from domain.values import dataclass

MAXIMUM_ERROR_BODY = 64 << 10
MAXIMUM_MESSAGE = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_STORAGE_HINT = "the registry led there: its storage is out of order, or not for us"
_UNKNOWN_CODES = frozenset({"MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was asked of whom.

    Attributes:
        registry: Host.
        repository: Repository, or "".
        method: HTTP method.
        purpose: What it was for: "fetch manifest 1.0".
        credential: What was shown, None for nothing.
        host: Who was asked, if not the registry: its token service.
    """

    registry: str
    repository: str
    method: str
    purpose: str
    credential: Credential | None = None
    host: str = ""


def fail(response: Response, attempt: Attempt) -> NoReturn:
    """Close an answer and raise the error it means.

    Raises:
        Unauthorized: Status 401 or 403, of whom the credential was shown.
        RegistryError: Anything else.
    """
    with response:
        code, detail = _error_of(response)
        limits = RateLimit.of(response)
    said = ": ".join(filter(None, (code, detail)))
    # a storage that the registry led us to, which was shown no credential
    elsewhere = _host_of(response, attempt)
    message = f"cannot {attempt.purpose}: {attempt.method} answered {response.status}"
    message += f" at {elsewhere}" if elsewhere else ""
    is_refusal = response.status in (401, 403) and not elsewhere
    kind = Unauthorized if is_refusal else RegistryError
    raise kind(
        f"{message} ({said})" if said else message,
        registry=attempt.registry,
        repository=attempt.repository,
        method=attempt.method,
        status=response.status,
        code=code,
        hint=_STORAGE_HINT
        if elsewhere
        else _hint(response.status, code, attempt, limits),
    )


def _host_of(response: Response, attempt: Attempt) -> str:
    """Return who answered, "" if that is who was asked."""
    host = urlsplit(response.url).netloc.rpartition("@")[2].lower()
    return "" if host == (attempt.host or attempt.registry) else host


def fail_unknown(response: Response, attempt: Attempt) -> NoReturn:
    """As `fail`, for requests of a manifest: 404 is `ManifestUnknown`."""
    try:
        fail(response, attempt)
    except RegistryError as error:
        if error.status != 404 and error.code not in _UNKNOWN_CODES:  # noqa: PLR2004 - HTTP
            raise
        raise ManifestUnknown(
            error.message,
            registry=error.registry,
            repository=error.repository,
            method=error.method,
            status=error.status,
            code=error.code,
            hint="check the name and the tag of the image",
        ) from error


def unreachable(error: TransportError, attempt: Attempt) -> RegistryUnreachable:
    """Return the error for a request without an answer."""
    where = "" if error.host == attempt.registry else f" at {error.host}"
    came = error.failure is Failure.TOO_LONG
    what = "was answered" if came else "got no answer"
    return RegistryUnreachable(
        f"cannot {attempt.purpose}: {attempt.method} {what}{where}: {error}",
        registry=attempt.registry,
        repository=attempt.repository,
        method=attempt.method,
        hint=error.hint,
    )


def _error_of(response: Response) -> tuple[str, str]:
    """Return code and message of an error body, "" where it has none."""
    try:
        document = json.loads(response.read_document(MAXIMUM_ERROR_BODY))
        first = document["errors"][0]
        code, message = first.get("code", ""), first.get("message", "")
    except (TransportError, ValueError, LookupError, TypeError, AttributeError):
        return "", ""
    except RecursionError:
        return "", ""
    return _printable(code), _printable(message)


def _printable(text: object) -> str:
    return _CONTROL.sub(" ", str(text)).strip()[:MAXIMUM_MESSAGE]


def _hint(
    status: int, code: str, attempt: Attempt, limit: RateLimit | None
) -> str | None:
    if status in (401, 403):
        return _credential_hint(attempt)
    if status == 429 or code == "TOOMANYREQUESTS":  # noqa: PLR2004 - HTTP
        return _limit_hint(attempt, limit)
    if status == 413:  # noqa: PLR2004 - HTTP
        return "a proxy before the registry limits the size of requests"
    if code == "NAME_UNKNOWN" or status == 404:  # noqa: PLR2004 - HTTP
        return "the repository does not exist there; some registries want it created"
    return None


def _limit_hint(attempt: Attempt, limit: RateLimit | None) -> str:
    who = "Docker Hub" if attempt.registry == DOCKER_HUB else "the registry"
    login = "log in, " if attempt.credential is None else ""
    return (
        f"{who} limits requests{f' ({limit})' if limit else ''}: {login}wait, use "
        "--registry-mirror, or fetch base images once with the warmer"
    )


def _credential_hint(attempt: Attempt) -> str:
    shown = attempt.credential
    if shown is None:
        key = "https://index.docker.io/v1/"
        host = key if attempt.registry == DOCKER_HUB else attempt.registry
        return (
            f"no credential was found: add one for {host!r} to auths in "
            "$DOCKER_CONFIG/config.json (the repository may also not exist)"
        )
    user = f" of user {shown.username!r}" if shown.username else ""
    where = f" from {shown.source}" if shown.source else ""
    return f"the credential{user}{where} was refused or lacks the permission"
