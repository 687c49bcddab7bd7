"""Directories of a root by descriptors, no symlink followed on the way.

All access to a root goes name by name, relative to an open directory, so no
symlink in a path can lead out of it, whoever made it and whenever.
"""

from __future__ import annotations

import errno
import os
from types import TracebackType
from typing import Self

from domain.snapshot.entry import join

DIRECTORY_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Handles:
    """Keeps the directory that was used last, and its parents, open.

    Args:
        root: The root's absolute path; its own symlinks are followed.
    """

    def __init__(self, root: str) -> None:
        self._fds = [os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
        self._names: list[str] = []
        self._path = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave(0)
        os.close(self._fds[0])

    def find(self, path: str) -> int | None:
        """Return a descriptor of a directory, None where there is none.

        It stays open until the next call.
        """
        if path == self._path:
            return self._fds[-1]
        names = path.split("/") if path else []
        self._leave(self._common(names))
        for name in names[len(self._names) :]:
            try:
                self._enter(name)
            except (FileNotFoundError, NotADirectoryError):
                return None
        return self._fds[-1]

    def missing_part(self, path: str) -> str:
        """Return the first directory of a path that `find` did not find."""
        return join(self._path, path.split("/")[len(self._names)])

    def forget(self, path: str) -> None:
        """Close what is open of a directory that goes away."""
        below = path + "/"
        if self._path == path or self._path.startswith(below):
            self._leave(path.count("/"))

    def _common(self, names: list[str]) -> int:
        count = 0
        for open_name, name in zip(self._names, names, strict=False):
            if open_name != name:
                break
            count += 1
        return count

    def _enter(self, name: str) -> None:
        if name in ("", ".", ".."):
            raise OSError(errno.EINVAL, "not a path inside the root", name)
        fd = os.open(name, DIRECTORY_FLAGS, dir_fd=self._fds[-1])
        self._fds.append(fd)
        self._names.append(name)
        self._path = join(self._path, name)

    def _leave(self, depth: int) -> None:
        while len(self._names) > depth:
            os.close(self._fds.pop())
            self._names.pop()
        self._path = "/".join(self._names)


def remove_tree(name: str, directory: int) -> None:
    """Remove whatever a name is, and all below it, following nothing.

    Raises:
        OSError: Something cannot be removed; the rest is left.
    """
    try:
        os.unlink(name, dir_fd=directory)
    except IsADirectoryError:
        _remove_directory(name, directory)


def _remove_directory(name: str, directory: int) -> None:
    """Remove a directory without recursion: images may be nested deeply."""
    pending = [_Level(name, directory)]
    try:
        while pending:
            level = pending[-1]
            inner = level.unlink_files()
            if inner is not None:
                pending.append(_Level(inner, level.fd))
                continue
            pending.pop().close()
            parent = pending[-1].fd if pending else directory
            os.rmdir(level.name, dir_fd=parent)
    finally:
        for level in pending:
            level.close()


class _Level:
    """A directory that is being removed."""

    def __init__(self, name: str, directory: int) -> None:
        self.name = name
        self.fd = os.open(name, DIRECTORY_FLAGS, dir_fd=directory)
        self._left = os.listdir(self.fd)

    def unlink_files(self) -> str | None:
        """Remove files up to a directory and return its name, None at the end."""
        while self._left:
            name = self._left.pop()
            try:
                os.unlink(name, dir_fd=self.fd)
            except IsADirectoryError:
                return name
        return None

    def close(self) -> None:
        os.close(self.fd)
