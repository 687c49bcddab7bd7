"""What belongs to the builder in a root that is its own: kept, and in no layer.

Mount points, the directory of our runtime, files the builder needs. Pure, but for
`mount_points`, which reads the process's mount table.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from application.errors import FilesystemError
from domain.snapshot.entry import ancestors_of
from domain.snapshot.exclusion import Exclusions

Claim = Callable[[str], Iterable[str] | None]
"""Makes room at one of the builder's paths; says what stays the builder's there."""


class BuilderPaths:
    """Paths of a root that no layer, plan or clearing touches.

    Args:
        paths: As in `FileEntry.path`; with all below them.
        reserved: Those of them that no image may have.
        claim: Asked once for each path that an image has something at.
    """

    def __init__(
        self,
        paths: Iterable[str] = (),
        reserved: Iterable[str] = (),
        claim: Claim = lambda _: None,
    ) -> None:
        self._reserved = Exclusions(frozenset(reserved))
        self._claim = claim
        self._asked: set[str] = set()
        self.claimed: set[str] = set()
        self._set(frozenset(paths) | self._reserved.paths)

    @property
    def paths(self) -> frozenset[str]:
        """The paths themselves, without what lies below them."""
        return self._kept.paths

    def covers(self, path: str) -> bool:
        """Return whether a path is the builder's."""
        return self._kept.covers(path)

    def place_of(self, path: str) -> str | None:
        """Return the builder's path that a path is, or lies below; None without."""
        for place in (*ancestors_of(path), path):
            if place in self._kept.paths:
                return place
        return None

    def keeps(self, path: str) -> bool:
        """Return whether a path of an image cannot be made: it is the builder's.

        Raises:
            FilesystemError: No image may have it.
        """
        place = self.place_of(path)
        if place is None:
            return False
        if self._reserved.covers(path):
            raise _reserved(path)
        if place in self._asked:
            return True
        self._asked.add(place)
        left = self._claim(place)
        if left is None:
            return True
        self.claimed.add(place)
        self._set((self._kept.paths - {place}) | frozenset(left))
        return self.keeps(path)

    def is_above(self, path: str) -> bool:
        """Return whether something below a directory is the builder's."""
        return path in self._above

    def _set(self, paths: frozenset[str]) -> None:
        self._kept = Exclusions(paths)
        self._above = {up for path in paths for up in ancestors_of(path)}


NO_BUILDER_PATHS = BuilderPaths()
"""Of a root that is the image's alone."""


def mount_points(root: str) -> frozenset[str]:
    """Return the mount points below a root; none where /proc is not there."""
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return frozenset()
    prefix = os.fsencode(root.rstrip("/") + "/")
    points = (_unescaped(line.split(b" ")[4]) for line in lines)
    return frozenset(
        os.fsdecode(point[len(prefix) :])
        for point in points
        if point.startswith(prefix) and point != prefix
    )


def _unescaped(field: bytes) -> bytes:
    r"""Decode the octal escapes (`\040`) of mountinfo."""
    head, *rest = field.split(b"\\")
    return head + b"".join(bytes([int(p[:3], 8)]) + p[3:] for p in rest)


def _reserved(path: str) -> FilesystemError:
    return FilesystemError(
        f"the image has /{path}, and this builder lives there: a RUN in place would "
        "replace it",
        hint="build with --isolation=namespaces where that is possible, do without "
        "RUN in this stage, or move those files in the base image",
    )
