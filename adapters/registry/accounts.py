"""Whom a registry lets in (implements `Accounts`)."""

from __future__ import annotations

from adapters.http.client import HttpClient
from adapters.registry.authentication import Access
from adapters.registry.connection import RegistryConnection
from adapters.registry.failures import fail
from application.ports.credentials import Credential

_BAD = 400


class RegistryAccounts:
    """Asks registries.

    Args:
        http: Sends the requests.
    """

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def check(self, registry: str, credential: Credential) -> bool:
        """Return whether a registry has let somebody in; see the port."""
        connection = RegistryConnection(registry, self._http, _Given(credential))
        access, purpose = Access(repository=""), "log in"
        response = connection.send("GET", "", access=access, purpose=purpose)
        if response.status >= _BAD:
            fail(response, connection.attempt("GET", access, purpose))
        response.close()
        return connection.asks_who_we_are


class _Given:
    """A `CredentialSource` that has one credential."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def find(self, registry: str, repository: str) -> Credential:
        """Return the credential."""
        del registry, repository
        return self._credential
