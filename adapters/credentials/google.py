"""Access tokens of Google, for its registries.

Application default credentials in their order: the file of
GOOGLE_APPLICATION_CREDENTIALS, that of gcloud, the metadata server. google-auth reads
the files and gets the tokens. It is not asked to find them: it would start gcloud.
"""

from __future__ import annotations

import calendar
import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import google.auth.aws
import google.auth.exceptions as failures
import google.auth.external_account_authorized_user
import google.auth.identity_pool
import google.auth.impersonated_credentials
import google.oauth2.credentials
import google.oauth2.service_account
from google.auth import transport

from adapters.credentials.helper import HelperFailure
from adapters.http.client import HttpClient
from adapters.http.errors import TransportError
from adapters.http.messages import Request
from application.ports.credentials import Credential

# What it logs is for its developers; without a handler it would get on our output.
logging.getLogger("google").addHandler(logging.NullHandler())

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
USER = "oauth2accesstoken"
_AMAZON_TOKENS = "urn:ietf:params:aws:token-type:aws4_request"
_METADATA = "metadata.google.internal"
_TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105 - a path
_MAXIMUM_ANSWER = 1 << 20


class GoogleHelper:
    """Gets access tokens with the default credentials of the machine.

    One token is for all registries.

    Args:
        environment: Environment variables.
        http: Sends requests to token services.
        near: Sends requests to the metadata server: no proxy, short of patience.
    """

    def __init__(
        self, environment: Mapping[str, str], http: HttpClient, near: HttpClient
    ) -> None:
        self._environment = environment
        self._http = http
        self._near = near

    def get(self, registry: str) -> Credential | None:
        """Return a token for any registry of Google's; see `Helper`."""
        del registry
        path = self._file()
        return self._from_file(path) if path else self._from_metadata()

    def _file(self) -> Path | None:
        named = self._environment.get("GOOGLE_APPLICATION_CREDENTIALS")
        if named:
            return Path(named)
        directory = self._environment.get("CLOUDSDK_CONFIG")
        if not directory:
            home = self._environment.get("HOME")
            directory = f"{home}/.config/gcloud" if home else ""
        path = Path(directory, "application_default_credentials.json")
        return path if directory and path.is_file() else None

    def _from_file(self, path: Path) -> Credential:
        try:
            credentials = _load(json.loads(path.read_bytes()))
        except OSError as error:
            raise HelperFailure(f"{path}: {error.strerror}") from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            # Words of parsers may quote what they read.
            raise HelperFailure(f"{path} holds no credential of Google's") from None
        except failures.GoogleAuthError as error:
            said = f"{path} holds no valid credential of Google's"
            raise HelperFailure(said) from error
        try:
            credentials.refresh(_Transport(self._http))
        except failures.GoogleAuthError as error:
            said = f"no token could be had with {path}{_reason(error)}"
            raise HelperFailure(said) from error
        return Credential(
            username=USER,
            password=str(credentials.token),
            source=str(path),
            expires=_seconds(credentials.expiry),
        )

    def _from_metadata(self) -> Credential | None:
        if self._environment.get("NO_GCE_CHECK", "").lower() == "true":
            return None
        host = self._environment.get("GCE_METADATA_HOST") or _METADATA
        request = Request(
            method="GET",
            url=f"http://{host}{_TOKEN}",
            headers={"Metadata-Flavor": "Google"},
        )
        try:
            with self._near.send(request) as response:
                if response.header("Metadata-Flavor") != "Google":
                    return None  # somebody else's machine
                status = response.status
                answer = response.read_document(_MAXIMUM_ANSWER)
        except TransportError:
            return None
        return _of_metadata(status, answer, host, time.time())


def _of_metadata(
    status: int, answer: bytes, host: str, now: float
) -> Credential | None:
    if status == 404:  # noqa: PLR2004 - the machine has no account
        return None
    try:
        document = json.loads(answer)
        token, lifetime = document["access_token"], float(document["expires_in"])
    except (ValueError, LookupError, TypeError, RecursionError):
        said = f"the metadata server answered {status} and no token"
        raise HelperFailure(said) from None
    return Credential(
        username=USER,
        password=str(token),
        source=f"Google's metadata server {host}",
        expires=now + lifetime,
    )


def _load(document: dict[str, Any]) -> Any:  # noqa: ANN401 - google-auth has no types
    """Return the credentials a file describes.

    Raises:
        GoogleAuthError, ValueError: It describes none.
    """
    kind: Any
    match document["type"]:
        case "service_account":
            kind = google.oauth2.service_account.Credentials
            return kind.from_service_account_info(document, scopes=SCOPES)
        case "authorized_user":
            kind = google.oauth2.credentials.Credentials
            return kind.from_authorized_user_info(document)
        case "impersonated_service_account":
            kind = google.auth.impersonated_credentials.Credentials
            return kind.from_impersonated_service_account_info(document, scopes=SCOPES)
        case other:
            return _federated(other, document)


def _federated(kind: object, document: dict[str, Any]) -> Any:  # noqa: ANN401 - as above
    """Return credentials that are exchanged for those of somebody else."""
    found: Any
    if kind == "external_account_authorized_user":
        found = google.auth.external_account_authorized_user.Credentials
    elif kind != "external_account":
        raise ValueError
    elif document.get("subject_token_type") == _AMAZON_TOKENS:
        found = google.auth.aws.Credentials
    else:
        # A program as the source is refused by it: none is started here.
        found = google.auth.identity_pool.Credentials
    return found.from_info(document, scopes=SCOPES)


def _seconds(expiry: Any) -> float | None:  # noqa: ANN401 - a naive datetime in UTC
    return calendar.timegm(expiry.utctimetuple()) if expiry else None


def _reason(error: failures.GoogleAuthError) -> str:
    """Return the error code of a token service's answer (RFC 6749), "" without one."""
    for argument in error.args:
        if isinstance(argument, dict) and isinstance(argument.get("error"), str):
            return f" ({argument['error'][:100]})"
    first = error.args[0] if error.args else None
    if isinstance(error, failures.TransportError) and isinstance(first, str):
        return f": {first[:300]}"
    return ""


class _Transport(transport.Request):
    """How google-auth sends requests: with our trust, proxies and retries."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: object,
    ) -> _Answer:
        del timeout
        data = body.encode() if isinstance(body, str) else body
        request = Request(method=method, url=url, headers=headers or {}, body=data)
        try:
            with self._http.send(request) as response:
                answer = response.read_document(_MAXIMUM_ANSWER)
                return _Answer(response.status, answer)
        except TransportError as error:
            problem: Any = failures.TransportError
            raise problem(str(error)) from error


class _Answer(transport.Response):
    def __init__(self, status: int, data: bytes) -> None:
        self._status = status
        self._data = data

    @property
    def status(self) -> int:
        return self._status

    @property
    def headers(self) -> dict[str, str]:
        return {}

    @property
    def data(self) -> bytes:
        return self._data
