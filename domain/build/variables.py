"""Variables of a stage: what ENV and ARG set, in the order they were set.

Which --build-arg reaches a stage, what is predefined, and which variables only
RUN sees, is decided here; how a word is expanded is `domain.dockerfile.word`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from domain.values import dataclass, field, replace
from typing import Self

from domain.image.platform import Platform

PROXY_ARGUMENTS = frozenset(
    {"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"}
)
"""Build arguments RUN sees undeclared, in upper and lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildArguments:
    """What a build was given, and what it predefines.

    Attributes:
        given: `--build-arg` values by name. Never in `repr`.
        predefined: Values by name that `ARG NAME` brings into a stage unless they
            were given: the platform arguments.
        global_values: Values of ARGs before the first FROM, resolved.
    """

    given: Mapping[str, str] = field(default_factory=dict, repr=False)
    predefined: Mapping[str, str] = field(default_factory=dict)
    global_values: Mapping[str, str] = field(default_factory=dict, repr=False)

    def declared(self, name: str, default: str | None) -> str | None:
        """Return the value of `ARG name[=default]` in a stage, None for unset."""
        if name in self.given:
            return self.given[name]
        if default is not None:
            return default
        if name in self.global_values:
            return self.global_values[name]
        return self.predefined.get(name)

    def declared_globally(self, name: str, default: str | None) -> str | None:
        """Return the value of an ARG before the first FROM, None for unset."""
        if name in self.given:
            return self.given[name]
        return default if default is not None else self.predefined.get(name)

    def with_global(self, name: str, value: str | None) -> Self:
        """Return this with a global ARG resolved; None leaves it undefined."""
        if value is None:
            return self
        return replace(self, global_values={**self.global_values, name: value})

    def proxies(self) -> dict[str, str]:
        """Return the proxy arguments that were given."""
        return {
            name: value
            for name, value in self.given.items()
            if name.upper() in PROXY_ARGUMENTS
        }


def platform_arguments(target: Platform, build: Platform) -> dict[str, str]:
    """Return TARGETPLATFORM, BUILDPLATFORM and their parts."""
    return _parts("TARGET", target) | _parts("BUILD", build)


def _parts(prefix: str, platform: Platform) -> dict[str, str]:
    parts = [platform.os, platform.architecture, platform.variant]
    return {
        f"{prefix}PLATFORM": "/".join(part for part in parts if part),
        f"{prefix}OS": platform.os,
        f"{prefix}ARCH": platform.architecture,
        f"{prefix}VARIANT": platform.variant,
    }
