"""Credentials that are simply given, and accounts."""

from __future__ import annotations

from collections.abc import Mapping

from application.errors import RegistryUnreachable, Unauthorized
from application.ports.credentials import Credential

NOTHING: Mapping[str, Credential] = {}


class MemoryCredentials:
    """Knows the credentials of some registries, and who asked.

    Args:
        credentials: By registry, or by `registry/repository`, which is found first.
    """

    def __init__(self, credentials: Mapping[str, Credential] = NOTHING) -> None:
        self._credentials = dict(credentials)
        self.asked: list[tuple[str, str]] = []

    def find(self, registry: str, repository: str) -> Credential | None:
        """Return the credential for a repository, None for anonymous."""
        self.asked.append((registry, repository))
        exact = self._credentials.get(f"{registry}/{repository}")
        return exact or self._credentials.get(registry)

    def keep(self, registry: str, credential: Credential) -> str:
        """Keep a credential; see `CredentialStore`."""
        self._credentials[registry] = credential
        return "memory"


class MemoryAccounts:
    """Registries with the password of each user (implements `Accounts`).

    Args:
        passwords: By registry, then by user; a registry without users asks nobody.
    """

    def __init__(self, passwords: Mapping[str, Mapping[str, str]]) -> None:
        self._passwords = passwords

    def check(self, registry: str, credential: Credential) -> bool:
        """Return whether a registry has let somebody in; see the port."""
        users = self._passwords.get(registry)
        if users is None:
            raise RegistryUnreachable("cannot reach the registry", registry=registry)
        if users and users.get(credential.username) != credential.password:
            raise Unauthorized("cannot log in", registry=registry, status=401)
        return bool(users)
