"""Which places images are pulled from instead of the registry that they name.

Rules only: nothing here asks a registry. Flags that hold them are `--registry-mirror`
and `--registry-map`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from domain.image.reference import (
    DOCKER_HUB,
    Reference,
    check_name,
    normalise_registry,
)
from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """A place that has images of another registry.

    Attributes:
        registry: Host with its port if any.
        prefix: What stands there before the names of repositories, or "".
    """

    registry: str
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `HOST[:PORT][/PREFIX]`.

        Raises:
            InvalidReference: It is none; it has a scheme, perhaps.
        """
        host, _, prefix = text.partition("/")
        registry, prefix = normalise_registry(host), prefix.strip("/")
        check_name(text, registry, prefix or "prefix")
        return cls(registry=registry, prefix=prefix)

    def place(self, reference: Reference) -> Reference:
        """Return what an image is called there."""
        path = (self.prefix, reference.repository)
        return Reference(
            registry=self.registry,
            repository="/".join(filter(None, path)),
            tag=reference.tag,
            digest=reference.digest,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryMap:
    """The mirrors of registries, in the order they are asked.

    Attributes:
        mirrors: Registry and mirror; a registry may occur several times.
        falls_back: Whether a registry that has mirrors is asked itself in the end.
    """

    mirrors: tuple[tuple[str, Mirror], ...] = ()
    falls_back: bool = True

    def places(self, reference: Reference) -> tuple[Reference, ...]:
        """Return where an image is looked for, in this order; never nothing."""
        mapped = [
            mirror.place(reference)
            for registry, mirror in self.mirrors
            if registry == reference.registry
        ]
        own = [reference] if self.falls_back or not mapped else []
        return tuple(dict.fromkeys([*mapped, *own]))


def parse_maps(texts: Iterable[str]) -> tuple[tuple[str, Mirror], ...]:
    """Parse `REGISTRY=HOST[/PREFIX]`, several of them separated by semicolons.

    Raises:
        InvalidReference: One of them is none.
        ValueError: One of them has no registry, or nothing to map it to.
    """
    entries = [entry.strip() for text in texts for entry in text.split(";")]
    return tuple(_parse_map(entry) for entry in entries if entry)


def parse_mirrors(texts: Iterable[str]) -> tuple[tuple[str, Mirror], ...]:
    """Parse mirrors of Docker Hub.

    Raises:
        InvalidReference: One of them is none.
    """
    return tuple((DOCKER_HUB, Mirror.parse(text)) for text in texts if text)


def _parse_map(entry: str) -> tuple[str, Mirror]:
    registry, _, mirror = (part.strip() for part in entry.partition("="))
    if not (registry and mirror):
        raise ValueError(f"{entry!r} is no REGISTRY=HOST[/PREFIX]")
    own = normalise_registry(registry)
    check_name(registry, own, "any")
    return own, Mirror.parse(mirror)
