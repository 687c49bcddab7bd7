"""Credentials that are simply given."""

from __future__ import annotations

from collections.abc import Mapping

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
