"""Refresh tokens of Azure's registries (ACR), exchanged for a token of Entra ID.

azure-identity gets that token: of a client with its secret or certificate, of a
workload with its federated token, of the machine's managed identity. The registry
itself exchanges it, and takes what it answers as an identity token.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from azure.core import exceptions as failures

from adapters.credentials.azure_identity import azure_identity
from adapters.credentials.helper import HelperFailure
from adapters.credentials.hosts import azure_place
from adapters.http.client import HttpClient
from adapters.http.errors import TransportError
from adapters.http.messages import Request
from application.ports.credentials import Credential

_MAXIMUM_ANSWER = 1 << 20


class _Cloud(NamedTuple):
    authority: str
    audience: str


_CLOUDS = {
    "io": _Cloud("login.microsoftonline.com", "https://management.azure.com"),
    "cn": _Cloud("login.chinacloudapi.cn", "https://management.chinacloudapi.cn"),
    "us": _Cloud("login.microsoftonline.us", "https://management.usgovcloudapi.net"),
    "de": _Cloud("login.microsoftonline.de", "https://management.microsoftazure.de"),
}
"""By the last label of registries' names."""

_ENVIRONMENTS = {
    "AZUREPUBLICCLOUD": "io",
    "AZURECLOUD": "io",
    "AZURECHINACLOUD": "cn",
    "AZUREUSGOVERNMENT": "us",
    "AZUREUSGOVERNMENTCLOUD": "us",
    "AZUREGERMANCLOUD": "de",
}
"""What AZURE_ENVIRONMENT may say."""


class AzureHelper:
    """Gets refresh tokens of registries.

    Args:
        environment: Environment variables; azure-identity reads the process's own.
        http: Sends requests to registries.
        ca_file: Returns the path of a bundle of certificates to trust, "" for the
            client's own.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        http: HttpClient,
        ca_file: Callable[[], str] = lambda: "",
    ) -> None:
        self._environment = environment
        self._http = http
        self._ca_file = ca_file

    def get(self, registry: str) -> Credential | None:
        """Return a refresh token of a registry; see `Helper`."""
        cloud = self._cloud(registry)
        try:
            token = self._token(cloud)
        except failures.AzureError as error:
            raise HelperFailure(f"Entra ID gave no token{_code(error)}") from error
        except (ValueError, OSError) as error:
            # Words of parsers may quote what they read.
            raise HelperFailure("a variable AZURE_* makes no sense") from error
        return self._exchange(registry, token) if token else None

    def _cloud(self, registry: str) -> _Cloud:
        named = self._environment.get("AZURE_ENVIRONMENT", "")
        if not named:
            return _CLOUDS[azure_place(registry) or "io"]
        if named.upper() not in _ENVIRONMENTS:
            raise HelperFailure(
                f"AZURE_ENVIRONMENT is {named[:100]!r}, not one of "
                f"{', '.join(_ENVIRONMENTS)}"
            )
        return _CLOUDS[_ENVIRONMENTS[named.upper()]]

    def _token(self, cloud: _Cloud) -> str:
        """Return a token of the first identity there is, "" where there is none."""
        scope = f"{cloud.audience}/.default"
        identity = azure_identity(
            self._environment, cloud.authority, scope, self._ca_file()
        )
        return str(identity.get_token(scope).token) if identity else ""

    def _exchange(self, registry: str, token: str) -> Credential:
        form = {
            "grant_type": "access_token",
            "service": registry,
            "access_token": token,
        }
        if tenant := self._environment.get("AZURE_TENANT_ID"):
            form["tenant"] = tenant
        request = Request(
            method="POST",
            url=f"https://{registry}/oauth2/exchange",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
        )
        try:
            with self._http.send(request) as response:
                status = response.status
                answer = response.read_document(_MAXIMUM_ANSWER)
        except TransportError as error:
            raise HelperFailure(f"{registry} cannot be asked: {error}") from error
        try:
            refresh = json.loads(answer)["refresh_token"]
        except (ValueError, LookupError, TypeError, RecursionError):
            said = f"{registry} answered {status} and no token"
            raise HelperFailure(said) from None
        return Credential(
            identity_token=str(refresh),
            source="Azure's identity",
            expires=_expiry(str(refresh)),
        )


def _expiry(token: str) -> float | None:
    """Return when a JSON Web Token runs out, None where it does not say."""
    try:
        claims = token.split(".")[1]
        document = json.loads(
            base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
        )
        return float(document["exp"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _code(error: failures.AzureError) -> str:
    """Return the code of Entra ID's answer; its text names clients and tenants."""
    words = str(error.message or "").replace(":", " ").split()
    codes = [word for word in words if word.startswith("AADSTS")]
    return f" ({codes[0][:20]})" if codes else ""
