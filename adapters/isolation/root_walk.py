"""Finds paths inside a root without ever leaving it.

Works on directory descriptors, one component at a time; symlinks are followed as
a process rooted there would see them. It makes nothing but what it is told to.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple

MAXIMUM_SYMLINKS = 255

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_IN_THE_WAY = {errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}


class Place(NamedTuple):
    """A name in a directory of the root.

    Attributes:
        directory: Descriptor of the directory; it stays with its directory
            whatever is renamed meanwhile.
        name: The name in it; it may not exist.
        path: Path below the root, free of symlinks.
    """

    directory: int
    name: str
    path: str


def look(place: Place) -> os.stat_result | None:
    """Return what is at a place, None for nothing."""
    try:
        return os.stat(place.name, dir_fd=place.directory, follow_symlinks=False)
    except FileNotFoundError:
        return None


class RootWalk:
    """Finds places in one root.

    Args:
        root: Absolute path of the root; its own symlinks are trusted.
        descriptors: Closes the directories of all places found.
    """

    def __init__(self, root: str, descriptors: ExitStack) -> None:
        self._descriptors = descriptors
        self._steps = [("", self._keep(os.open(root, os.O_RDONLY | os.O_DIRECTORY)))]

    def find(
        self,
        path: str,
        make_directory: Callable[[Place], None],
        *,
        follow_last: bool = True,
    ) -> Place | None:
        """Find a path.

        Args:
            path: Path below the root, as a process rooted there would write it.
            make_directory: Makes a directory that is missing on the way.
            follow_last: Whether a symlink that is the last component is followed.

        Returns:
            The place, None where a file or a loop of symlinks is in the way or
            the path is the root itself.

        Raises:
            OSError: A directory cannot be read or made.
        """
        try:
            return self._find(path, make_directory, follow_last=follow_last)
        except OSError as error:
            if error.errno in _IN_THE_WAY:
                return None
            raise

    def open_directory(self, place: Place) -> int:
        """Open the directory at a place; closed with all others."""
        return self._keep(os.open(place.name, _DIRECTORY, dir_fd=place.directory))

    def _find(
        self, path: str, make_directory: Callable[[Place], None], *, follow_last: bool
    ) -> Place | None:
        del self._steps[1:]
        pending = _names(path)
        links = 0
        while pending:
            name = pending.pop()
            if name == "..":
                del self._steps[max(1, len(self._steps) - 1) :]
                continue
            place = self._place(name)
            present = look(place)
            if _is_link(present) and (pending or follow_last):
                links += 1
                if links > MAXIMUM_SYMLINKS:
                    return None
                pending.extend(self._target(place))
            elif not pending:
                return place
            else:
                if present is None:
                    make_directory(place)
                self._steps.append((name, self.open_directory(place)))
        return None

    def _place(self, name: str) -> Place:
        names = [step[0] for step in self._steps[1:]]
        return Place(self._steps[-1][1], name, "/".join([*names, name]))

    def _target(self, place: Place) -> list[str]:
        """Return the names a symlink stands for; back to the root if absolute."""
        target = os.readlink(place.name, dir_fd=place.directory)
        if target.startswith("/"):
            del self._steps[1:]
        return _names(target)

    def _keep(self, descriptor: int) -> int:
        self._descriptors.callback(os.close, descriptor)
        return descriptor


def _names(path: str) -> list[str]:
    """Return the components of a path, the last one first."""
    return [name for name in reversed(path.split("/")) if name not in {"", "."}]


def _is_link(present: os.stat_result | None) -> bool:
    return present is not None and stat.S_ISLNK(present.st_mode)
