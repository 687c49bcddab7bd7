"""What answers for a registry: a cloud's tokens, or a program that keeps passwords.

Helpers know registries, not repositories. `Provider` is a helper with the registries
it is for; `Remembering` asks a helper once, and makes it when it is first asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from application.ports.credentials import Credential
from domain.errors import UsageError
from domain.values import replace


class HelperFailure(Exception):
    """A helper cannot say whether it has a credential; the text says why, no secret."""


class Helper(Protocol):
    """Has the credentials of registries."""

    def get(self, registry: str) -> Credential | None:
        """Return the credential for a registry, None where there is none.

        Args:
            registry: Host with its port, Docker Hub as "index.docker.io".

        Raises:
            HelperFailure: What it needs is there and of no use.
        """


class Provider(NamedTuple):
    """A helper with the registries it is asked about unless a configuration asks.

    Attributes:
        name: What it is called in messages.
        helper: The helper.
        matches: Whether a registry is of its kind.
    """

    name: str
    helper: Helper
    matches: Callable[[str], bool] = lambda _: True


class ProviderSource:
    """A provider as a `CredentialSource`.

    Args:
        provider: The provider.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def find(self, registry: str, repository: str) -> Credential | None:
        """Return what it has for a registry of its kind.

        Raises:
            UsageError: What it needs is there and of no use.
        """
        del repository
        if not self._provider.matches(registry):
            return None
        try:
            return self._provider.helper.get(registry)
        except HelperFailure as error:
            raise UsageError(str(error), place=self._provider.name) from error


class OneForAll:
    """A helper whose credential is the same for all registries.

    Args:
        helper: Is asked about none in particular.
    """

    def __init__(self, helper: Helper) -> None:
        self._helper = helper

    def get(self, registry: str) -> Credential | None:
        """Return the credential; see `Helper`."""
        del registry
        return self._helper.get("")


class Remembering:
    """A helper that is made late and asked once for each registry.

    A credential that has run out is asked for again; a failure is one for good.

    Args:
        load: Makes the helper.
        now: Seconds since the epoch.
    """

    def __init__(
        self, load: Callable[[], Helper], now: Callable[[], float] = time.time
    ) -> None:
        self._load = load
        self._now = now
        self._helper: Helper | None = None
        self._known: dict[str, Credential | None] = {}
        self._failed: dict[str, str] = {}

    def get(self, registry: str) -> Credential | None:
        """Return what the helper says, or said; see `Helper`."""
        if registry in self._failed:
            raise HelperFailure(self._failed[registry])
        known = self._known.get(registry)
        if registry not in self._known or (known and known.has_expired(self._now())):
            try:
                self._known[registry] = self._ask(registry)
            except HelperFailure as error:
                self._failed[registry] = str(error)
                raise
        return self._known[registry]

    def _ask(self, registry: str) -> Credential | None:
        if self._helper is None:
            self._helper = self._load()
        found = self._helper.get(registry)
        if found and found.has_expired(self._now()):
            # A clock is wrong; to ask again would help as little each time.
            return replace(found, expires=None)
        return found
