"""Platforms: what an image runs on, and which of several fits best.

The platform of the machine is not found out here: it is passed in.
"""

from __future__ import annotations

from typing import Self

from domain.errors import InvalidPlatform
from domain.values import dataclass

_OPERATING_SYSTEMS = frozenset(
    {"linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "solaris", "wasip1"}
)
_OTHER_NAMES = {
    ("x86_64", ""): ("amd64", ""),
    ("x86-64", ""): ("amd64", ""),
    ("aarch64", ""): ("arm64", ""),
    ("arm64", "8"): ("arm64", ""),
    ("arm64", "v8"): ("arm64", ""),
    ("amd64", "v1"): ("amd64", ""),
    ("arm", ""): ("arm", "v7"),
    ("armhf", ""): ("arm", "v7"),
    ("armv7l", ""): ("arm", "v7"),
    ("armel", ""): ("arm", "v6"),
    ("armv6l", ""): ("arm", "v6"),
    ("i386", ""): ("386", ""),
    ("i686", ""): ("386", ""),
}
_VARIANTS = {
    # Each processor runs what those after it in the row run.
    "amd64": ("v4", "v3", "v2", ""),
    "arm": ("v8", "v7", "v6", "v5"),
    "arm64": ("v9", ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """An operating system and a processor, in Go's names.

    Attributes:
        os: "linux", …
        architecture: "amd64", "arm64", …
        variant: "v7", …; "" is the architecture's common one.
        os_version: Version of the operating system (Windows), else "".
        os_features: Mandatory features of the operating system (Windows).
    """

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""
    os_features: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str, default: Platform | None = None) -> Self:
        """Parse `os/architecture[/variant]`, or one of the first two alone.

        Names used elsewhere ("x86_64", "aarch64", "armhf") are understood.

        Args:
            text: The platform as written.
            default: What a missing part is taken from.

        Raises:
            InvalidPlatform: Empty or too many parts, or a part is missing and
                there is no default.
        """
        parts = text.lower().split("/")
        if len(parts) == 1 and default and parts[0]:
            if parts[0] in _OPERATING_SYSTEMS:
                parts = [parts[0], default.architecture, default.variant]
            else:
                parts = [default.os, parts[0]]
        # A variant may be empty here: it comes from the default then.
        if len(parts) not in (2, 3) or not parts[0] or not parts[1]:
            raise InvalidPlatform(
                f"invalid platform {text[:100]!r}",
                hint="write it as os/architecture or os/architecture/variant",
            )
        variant = parts[2] if parts[2:] else ""
        architecture, variant = normalise(parts[1], variant)
        return cls(os=parts[0], architecture=architecture, variant=variant)

    def rank(self, candidate: Platform) -> int | None:
        """Return how far an image's platform is from this wanted one.

        Returns:
            0 for the same platform, more for one whose programs run here as
            well, None for one whose programs do not.
        """
        if candidate.os != self.os:
            return None
        wanted = normalise(self.architecture, self.variant)
        offered = normalise(candidate.architecture, candidate.variant)
        if wanted == offered:
            return self._version_rank(candidate)
        chain = _VARIANTS.get(wanted[0], ())
        if wanted[0] != offered[0] or wanted[1] not in chain or offered[1] not in chain:
            return None
        distance = chain.index(offered[1]) - chain.index(wanted[1])
        return distance * 2 + self._version_rank(candidate) if distance > 0 else None

    def __str__(self) -> str:
        """Render `os/architecture[/variant]`."""
        variant = f"/{self.variant}" if self.variant else ""
        return f"{self.os}/{self.architecture}{variant}"

    def _version_rank(self, candidate: Platform) -> int:
        """Return 0 or 1: another version of the system is the second choice."""
        return int(bool(self.os_version) and candidate.os_version != self.os_version)


def normalise(architecture: str, variant: str) -> tuple[str, str]:
    """Return architecture and variant in the names images use."""
    return _OTHER_NAMES.get((architecture, variant), (architecture, variant))
