"""Image references: `[registry/]repository[:tag][@digest]`.

Names without a registry are Docker Hub's, as docker and kaniko read them. A
reference is a name only: nothing here asks a registry.
"""

from __future__ import annotations

import re
from typing import Self

from domain.errors import InvalidReference
from domain.image.digest import Digest
from domain.values import dataclass, replace

DOCKER_HUB = "index.docker.io"
"""The one name of Docker Hub in values, credentials, mirrors and maps."""

DEFAULT_TAG = "latest"
"""The tag of a reference that names neither tag nor digest."""

MAXIMUM_REPOSITORY_LENGTH = 255

_DOCKER_HUB_NAMES = frozenset({DOCKER_HUB, "docker.io", "registry-1.docker.io"})
_REGISTRY = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?"
)
# Weaker than the distribution specification's grammar, like kaniko's: registries
# with names of their own exist. What could not be a path in a URL is refused.
_COMPONENT = re.compile(r"[a-z0-9_.-]+")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


def normalise_registry(host: str) -> str:
    """Return the name of a registry as references have it.

    Lower case; all names of Docker Hub become `DOCKER_HUB`.
    """
    lowered = host.lower()
    return DOCKER_HUB if lowered in _DOCKER_HUB_NAMES else lowered


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The name of an image, normalised.

    Attributes:
        registry: Host with its port if any; Docker Hub is `DOCKER_HUB`.
        repository: Path in the registry, with "library/" for Docker Hub's own.
        tag: Tag, or None where only a digest was given.
        digest: Digest, which beats the tag, or None.
    """

    registry: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a reference as a person writes it.

        Raises:
            InvalidReference: It is none; the message says which part is wrong.
            InvalidDigest: The part after "@" is no digest.
        """
        if not text or text != text.strip():
            raise InvalidReference(f"not an image reference: {text[:300]!r}")
        if "://" in text:
            raise InvalidReference(
                f"an image reference has no scheme: {text[:300]!r}",
                hint=f"write {text.partition('://')[2]!r}",
            )
        name, at, digest = text.partition("@")
        name, tag = _split_tag(name)
        registry, repository = _split_registry(name)
        _check(text, registry, repository, tag)
        return cls(
            registry=registry,
            repository=repository,
            tag=DEFAULT_TAG if tag is None and not at else tag,
            digest=Digest.parse(digest) if at else None,
        )

    @property
    def name(self) -> str:
        """Registry and repository, normalised: "index.docker.io/library/debian"."""
        return f"{self.registry}/{self.repository}"

    @property
    def familiar_name(self) -> str:
        """Registry and repository as docker prints them: "debian"."""
        if self.registry != DOCKER_HUB:
            return self.name
        own = self.repository.removeprefix("library/")
        short = self.repository if "/" in own else own
        # "docker.io/a.b/c": without the registry, a.b would be read as one.
        return self.name if _split_registry(short)[0] != DOCKER_HUB else short

    @property
    def identifier(self) -> str:
        """What the registry is asked for: the digest, else the tag."""
        return str(self.digest) if self.digest else self.tag or DEFAULT_TAG

    @property
    def canonical(self) -> str:
        """The whole reference, normalised."""
        return self.name + self._suffix()

    def with_tag(self, tag: str) -> Self:
        """Return the reference of a tag in the same repository, without digest.

        Raises:
            InvalidReference: Not a tag.
        """
        if not _TAG.fullmatch(tag):
            raise InvalidReference(f"invalid tag {tag[:200]!r}", place=self.name)
        return replace(self, tag=tag, digest=None)

    def with_digest(self, digest: Digest) -> Self:
        """Return this reference, the tag kept, with a digest."""
        return replace(self, digest=digest)

    def __str__(self) -> str:
        """Render as docker prints it: "debian:12", "ghcr.io/a/b:latest"."""
        return self.familiar_name + self._suffix()

    def _suffix(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{tag}@{self.digest}" if self.digest else tag


def check_name(text: str, registry: str, repository: str) -> None:
    """Check the parts of a name that was not parsed as a reference.

    Args:
        text: What a person wrote, for the message.
        registry: Host with its port, normalised.
        repository: Path in it.

    Raises:
        InvalidReference: The message says which part is wrong.
    """
    if "://" in text:
        raise InvalidReference(
            f"a registry has no scheme: {text[:300]!r}",
            hint=f"write {text.partition('://')[2]!r}",
        )
    _check(text, registry, repository, None)


def _split_tag(name: str) -> tuple[str, str | None]:
    """Split at the last ":" unless it is followed by a path (then it is a port)."""
    before, colon, after = name.rpartition(":")
    if not colon or "/" in after:
        return name, None
    return before, after


def _split_registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    is_host = "." in first or ":" in first or first.lower() == "localhost"
    registry, repository = (first, rest) if slash and is_host else (DOCKER_HUB, name)
    registry = normalise_registry(registry)
    if registry == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}" if repository else ""
    return registry, repository


def _check(text: str, registry: str, repository: str, tag: str | None) -> None:
    place = f"image {text[:300]!r}"
    if not _REGISTRY.fullmatch(registry):
        raise InvalidReference(f"invalid registry host {registry!r}", place=place)
    if repository != repository.lower():
        raise InvalidReference(
            f"repository {repository!r} has upper-case letters",
            place=place,
            hint=f"write {repository.lower()!r}",
        )
    components = repository.split("/")
    if not all(_COMPONENT.fullmatch(c) and c.strip(".") for c in components):
        raise InvalidReference(
            f"invalid repository {repository!r}",
            place=place,
            hint="use lower-case letters, digits, '.', '_', '-' between slashes",
        )
    if len(repository) > MAXIMUM_REPOSITORY_LENGTH:
        raise InvalidReference(
            f"repository is longer than {MAXIMUM_REPOSITORY_LENGTH}", place=place
        )
    if tag is not None and not _TAG.fullmatch(tag):
        raise InvalidReference(
            f"invalid tag {tag!r}",
            place=place,
            hint="a tag has at most 128 letters, digits, '_', '.', '-'",
        )
