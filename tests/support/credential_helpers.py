"""Credential helpers that simply know what they are told, and who asked."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from adapters.credentials.docker_config import DockerConfigCredentials
from adapters.credentials.helper import HelperFailure, Provider
from application.ports.credentials import Credential


class KnownHelper:
    """Knows some registries; a text in the place of a credential is a failure."""

    def __init__(self, known: Mapping[str, Credential | str]) -> None:
        self._known = dict(known)
        self.asked: list[str] = []

    def get(self, registry: str) -> Credential | None:
        self.asked.append(registry)
        answer = self._known.get(registry)
        if isinstance(answer, str):
            raise HelperFailure(answer)
        return answer


class KnownHelpers:
    """What a configuration may name.

    Args:
        helpers: By name.
        foreign: Names of those that are programs of others.
        kinds: The only registry that a helper is for, by the helper's name.
    """

    def __init__(
        self,
        helpers: Mapping[str, KnownHelper],
        foreign: tuple[str, ...] = (),
        kinds: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._kinds = kinds
        self._helpers = helpers
        self._foreign = foreign
        self.only_ours = False

    def named(self, name: str) -> Provider:
        if name not in self._helpers:
            raise HelperFailure(f"there is no {name}")
        kind = self._kinds.get(name)
        return Provider(name, self._helpers[name], lambda it: kind in (None, it))

    def is_ours(self, name: str) -> bool:
        return name not in self._foreign

    def run_only_ours(self) -> None:
        self.only_ours = True


NO_HELPERS = KnownHelpers({})


def docker_config(
    environment: Mapping[str, str], helpers: KnownHelpers = NO_HELPERS
) -> DockerConfigCredentials:
    """Return docker's configuration, its warnings ignored."""
    return DockerConfigCredentials(environment, helpers)
