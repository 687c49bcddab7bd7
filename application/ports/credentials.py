"""Ports: credentials for registries, where they are kept, and who knows them."""

from __future__ import annotations

from typing import Protocol

from domain.values import dataclass, field

_MARGIN = 120.0
"""Seconds before its end from which on a credential is not shown any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a registry, or its token service, is shown.

    Attributes:
        username: User, "" with tokens.
        password: Password or access token; never in `repr`.
        identity_token: OAuth2 refresh token, exchanged at the token service.
        registry_token: Bearer token, sent to the registry as it is.
        source: Where it was found, for messages ("/kaniko/.docker/config.json").
        expires: Seconds since the epoch when it runs out, None where nobody says.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)
    source: str = ""
    expires: float | None = None

    def has_expired(self, now: float) -> bool:
        """Whether it is of no use any more, or about to be.

        Args:
            now: Seconds since the epoch.
        """
        return self.expires is not None and self.expires - now < _MARGIN


class CredentialSource(Protocol):
    """A place credentials are kept."""

    def find(self, registry: str, repository: str) -> Credential | None:
        """Return the credential for a repository, None for anonymous.

        Args:
            registry: Host with its port, Docker Hub as "index.docker.io".
            repository: Path of the repository in it.

        Raises:
            UsageError: A configuration exists and cannot be read.
        """


class CredentialStore(Protocol):
    """Keeps the credentials of people who log in."""

    def keep(self, registry: str, credential: Credential) -> str:
        """Keep a credential of a registry, in the place of an earlier one.

        Atomic: what was kept before, of others too, stays or the new is there whole.

        Args:
            registry: As in `CredentialSource`.
            credential: Its user and password.

        Returns:
            Where it is kept.

        Raises:
            UsageError: What is there makes no sense, or there is no place for it.
            OutputError: It cannot be written.
        """


class Accounts(Protocol):
    """Know whom registries let in."""

    def check(self, registry: str, credential: Credential) -> bool:
        """Return whether a registry has let somebody in, False where it asks nobody.

        Raises:
            Unauthorized: It refuses the credential.
            RegistryError: It fails, or cannot be reached.
        """
