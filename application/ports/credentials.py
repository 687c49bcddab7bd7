"""Port: credentials for registries."""

from __future__ import annotations

from typing import Protocol

from domain.values import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a registry, or its token service, is shown.

    Attributes:
        username: User, "" with tokens.
        password: Password or access token; never in `repr`.
        identity_token: OAuth2 refresh token, exchanged at the token service.
        registry_token: Bearer token, sent to the registry as it is.
        source: Where it was found, for messages ("/kaniko/.docker/config.json").
    """

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)
    source: str = ""


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
