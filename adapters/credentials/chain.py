"""Asks sources of credentials one after the other, and tells which one is used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from adapters.credentials.docker_config import DockerConfigCredentials
from adapters.credentials.helper import HelperFailure, Provider
from application.ports.credentials import Credential
from application.ports.reporter import Reporter


class CredentialChain:
    """Docker's configuration first, then providers, as far as a registry is theirs.

    Safe to use from several threads. A provider that fails is warned of, and the next
    one is asked.

    Args:
        configured: Docker's configuration.
        providers: Whom to ask next, in order.
        reporter: Is told which source is used, once for each registry.
    """

    def __init__(
        self,
        configured: DockerConfigCredentials,
        providers: Sequence[Provider],
        reporter: Reporter,
    ) -> None:
        self._configured = configured
        self._providers = providers
        self._reporter = reporter
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def find(self, registry: str, repository: str) -> Credential | None:
        """Return the first credential there is, None for anonymous.

        Raises:
            UsageError: Docker's configuration cannot be read.
        """
        with self._lock:
            found = self._configured.find(registry, repository)
            found = found or self._provided(registry)
            if found:
                self._tell(
                    self._reporter.info,
                    f"Using the credential for {registry} from {found.source}",
                )
            else:
                self._tell(self._reporter.debug, f"no credential for {registry}")
            return found

    def settle(self) -> None:
        """Ask what cannot be asked once an image is unpacked over /."""
        with self._lock:
            self._configured.settle()

    def _provided(self, registry: str) -> Credential | None:
        for provider in self._providers:
            if not provider.matches(registry):
                continue
            try:
                found = provider.helper.get(registry)
            except HelperFailure as error:
                self._tell(
                    self._reporter.warning,
                    f"no credential for {registry} from {provider.name}: {error}",
                )
                continue
            if found:
                return found
        return None

    def _tell(self, tell: Callable[[str], None], message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            tell(message)
