"""Credentials from docker's configuration: its helpers, and the `auths` of the file.

For a registry its own helper is asked (`credHelpers`), else the one for all
(`credsStore`); where it knows nothing, `auths` is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Protocol

from adapters.credentials.auths import find_credential, split_key
from adapters.credentials.config_file import Config, load, unreadable
from adapters.credentials.helper import HelperFailure, Provider
from application.ports.credentials import Credential
from domain.errors import UsageError
from domain.values import replace


class NamedHelpers(Protocol):
    """The helpers a configuration can name."""

    def named(self, name: str) -> Provider:
        """Return the helper of a name."""

    def is_ours(self, name: str) -> bool:
        """Whether it can be asked at any time."""

    def run_only_ours(self) -> None:
        """Ask no other one from now on."""


class DockerConfigCredentials:
    """Finds credentials in docker's configuration, read once.

    Args:
        environment: Environment variables.
        helpers: The helpers it may name.
        warn: Is told what stands in the configuration and is not used.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        helpers: NamedHelpers,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._environment = environment
        self._helpers = helpers
        self._warn = warn
        self._read: Config | None = None
        self._warned: set[str] = set()

    def find(self, registry: str, repository: str) -> Credential | None:
        """Return what a helper has, else what the longest matching key has.

        Raises:
            UsageError: The configuration cannot be read, or a helper that it names
                for this registry fails.
        """
        config = self._config()
        found = self._from_own_helper(config, registry)
        found = found or self._from_store(config, registry)
        return found or find_credential(config, registry, repository)

    def settle(self) -> None:
        """Ask every helper that is not ours now, and never again.

        What an image holds may be in its place later.
        """
        with suppress(UsageError):  # told when a registry is met
            self._ask_all(self._keys_of_foreign_helpers())
        self._helpers.run_only_ours()

    def _keys_of_foreign_helpers(self) -> list[str]:
        config = self._config()
        store = config.text("credsStore")
        keys: list[str] = []
        if store and not self._is_ours(store):
            # docker leaves a key without a value for what the store keeps
            keys += config.section("auths")
        for key in config.section("credHelpers"):
            name = _helper_name(config, key)
            if name and not self._is_ours(name):
                keys.append(key)
        return [key for key in keys if not split_key(key)[1]]

    def _ask_all(self, keys: Iterable[str]) -> None:
        for key in keys:
            with suppress(UsageError):
                self.find(split_key(key)[0], "")

    def _is_ours(self, name: str) -> bool:
        try:
            return self._helpers.is_ours(name)
        except HelperFailure:
            return True  # no name of a program: it never runs

    def _config(self) -> Config:
        if self._read is None:
            self._read = load(self._environment, self._warn)
            self._warn_of_old_layout(self._read)
        return self._read

    def _from_own_helper(self, config: Config, registry: str) -> Credential | None:
        for key in config.section("credHelpers"):
            name = _helper_name(config, key)
            if name and split_key(key) == (registry, ""):
                return self._ask_own(config, name, registry)
        return None

    def _ask_own(self, config: Config, name: str, registry: str) -> Credential | None:
        try:
            found = _ask(self._helpers.named(name), registry)
        except HelperFailure as error:
            raise UsageError(
                f"the credential helper {name!r} of {registry} failed: {error}",
                place=config.source,
                hint="take the registry out of credHelpers, or mend the helper",
            ) from error
        return _named_in(found, config)

    def _from_store(self, config: Config, registry: str) -> Credential | None:
        name = config.text("credsStore")
        if not name:
            return None
        try:
            provider = self._helpers.named(name)
            if not provider.matches(registry):
                return None
            return _named_in(provider.helper.get(registry), config)
        except HelperFailure as error:
            self._warn_once(
                f"{config.source} names the credential helper {name!r} for all "
                f"registries, and it failed: {error}; going on without it"
            )
        return None

    def _warn_once(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            self._warn(message)

    def _warn_of_old_layout(self, config: Config) -> None:
        entries = [key for key, value in config.document.items() if _is_entry(value)]
        if entries:
            self._warn(
                f"{config.source} has credentials outside of auths, which are not "
                f'used: put them into {{"auths": {{…}}}} ({", ".join(entries)})'
            )


def _ask(provider: Provider, registry: str) -> Credential | None:
    if not provider.matches(registry):
        # A cloud's token opens more than registries: it goes to that cloud.
        raise HelperFailure(f"that is no registry of {provider.name}")
    return provider.helper.get(registry)


def _helper_name(config: Config, key: str) -> str:
    name = config.section("credHelpers")[key]
    if not isinstance(name, str):
        raise unreadable(config.source, f"credHelpers of {key!r} is not a text")
    return name


def _named_in(found: Credential | None, config: Config) -> Credential | None:
    if found is None:
        return None
    return replace(found, source=f"{found.source}, named in {config.source}")


def _is_entry(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("auth"), str)
