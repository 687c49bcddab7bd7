"""Paths of a root file system that never become part of a layer.

Mount points are found by whoever walks the disk; these are the paths that are
excluded by rule or by the user.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from domain.snapshot.entry import ancestors_of
from domain.values import dataclass

KERNEL_PATHS = frozenset({"proc", "sys", "dev"})
"""What isolation lays over a root for RUN's processes; BuildKit mounts the same.

A base image's own rows below them stay as they are.
"""


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Paths that are left out with all below them.

    Attributes:
        paths: As in `FileEntry.path`.
    """

    paths: frozenset[str] = KERNEL_PATHS

    @classmethod
    def of(cls, paths: Iterable[str]) -> Self:
        """Return the exclusions of absolute or relative paths, and the kernel's."""
        cleaned = (
            "/".join(part for part in path.split("/") if part not in ("", "."))
            for path in paths
        )
        return cls(KERNEL_PATHS | {path for path in cleaned if path})

    def covers(self, path: str) -> bool:
        """Return whether a path or one of its parents is excluded."""
        return path in self.paths or not self.paths.isdisjoint(ancestors_of(path))
