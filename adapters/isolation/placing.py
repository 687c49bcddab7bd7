"""Puts things into a root for the time of a RUN and takes them back exactly.

Mount points for namespaces; files, devices, directories and what stands in for mounts
for a chroot. The modification times of directories are kept, so that what was put
and taken back leaves no trace in a layer. It starts no process and does not mount.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self

from adapters.isolation.root_walk import Place, RootWalk, look
from adapters.isolation.saved_file import SavedFile, make_file, remove
from application.errors import FilesystemError

_NOT_OURS_ANY_MORE = {errno.ENOENT, errno.ENOTEMPTY}
"""RUN removed the directory, or put something of its own into it."""


class Placement:
    """Things placed in one root; leaving the context takes them back, last first.

    Args:
        root: Absolute path of the root.
        aside: A directory on the same file system that keeps what `instead` moves
            out of the way; needed for that alone.
    """

    def __init__(self, root: str, aside: str = "") -> None:
        self._root = root
        self._aside = aside
        self._descriptors = ExitStack()
        self._walk = RootWalk(root, self._descriptors)
        self._steps: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        """Return the placement itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take everything back.

        Raises:
            FilesystemError: Something could not be taken back.
        """
        with self._descriptors:
            failures = [
                failure for step in reversed(self._steps) if (failure := _attempt(step))
            ]
        if failures and error is None:
            raise FilesystemError(
                f"cannot take back what a RUN was given: {failures[0].strerror}",
                place=self._root,
            ) from failures[0]

    def mount_point(self, path: str, *, directory: bool) -> str | None:
        """Make sure that something can be mounted at a path.

        Returns:
            The path free of symlinks, or None where the image has something
            else in the way: then nothing is to be mounted there.
        """
        place = self._find(path)
        if place is None:
            return None
        present = look(place)
        if present is not None:
            is_directory = stat.S_ISDIR(present.st_mode)
            return place.path if is_directory is directory else None
        if directory:
            self._make_directory(place)
        else:
            self._put(place, lambda: make_file(place, b""))
        return place.path

    def file(self, path: str, content: bytes) -> None:
        """Put a file (0644, root) in the place of what is there."""
        self._replace(path, lambda place: make_file(place, content))

    def device(self, path: str, mode: int, number: int) -> None:
        """Put a character device in the place of what is there."""
        node = stat.S_IFCHR | mode

        def make(place: Place) -> None:
            os.mknod(place.name, node, number, dir_fd=place.directory)
            os.chmod(place.name, mode, dir_fd=place.directory)

        place = self._find(path)
        present = look(place) if place is not None else None
        if present is None or (present.st_mode, present.st_rdev) != (node, number):
            self._replace(path, make)

    def symlink(self, path: str, target: str) -> None:
        """Put a symlink where nothing is."""
        place = self._find(path, follow_last=False)
        if place is not None and look(place) is None:
            self._put(
                place, lambda: os.symlink(target, place.name, dir_fd=place.directory)
            )

    def directory(self, path: str, mode: int) -> None:
        """Put a directory where nothing is, empty again when it is taken back.

        A directory that the image has is kept, and only what has come into it
        is removed.
        """
        place = self._find(path)
        if place is None:
            return
        if look(place) is None:
            self._make_directory(place, mode)
        try:
            descriptor = self._walk.open_directory(place)
        except OSError:
            return  # the image has a file there
        known = set(os.listdir(descriptor))
        self._steps.append(lambda: _remove_all_but(known, descriptor))

    def instead(
        self,
        path: str,
        *,
        directory: bool,
        put: Callable[[Place], None],
        take: Callable[[Place], None],
    ) -> str | None:
        """Have something put in the place of what is there, whatever its size.

        Args:
            path: Path below the root.
            directory: Whether it stands for a directory.
            put: Makes it at a place where nothing is.
            take: Takes away whatever is at the place then, be it nothing.

        Returns:
            The path free of symlinks, or None where something of another kind is in
            the way: then nothing was done.
        """
        place = self._find(path)
        present = look(place) if place else None
        if place is None or (
            present and stat.S_ISDIR(present.st_mode) is not directory
        ):
            return None
        kept = f"{self._aside}/{len(self._steps)}"
        with times_kept(place.directory):
            if present:
                os.rename(place.name, kept, src_dir_fd=place.directory)
            self._steps.append(lambda: _put_back(place, take, kept if present else ""))
            put(place)
        return place.path

    def _find(self, path: str, *, follow_last: bool = True) -> Place | None:
        return self._walk.find(path, self._make_directory, follow_last=follow_last)

    def _make_directory(self, place: Place, mode: int = 0o755) -> None:
        with times_kept(place.directory):
            os.mkdir(place.name, dir_fd=place.directory)
            os.chmod(place.name, mode, dir_fd=place.directory)
        self._steps.append(_taking_back(place, os.rmdir))

    def _put(self, place: Place, make: Callable[[], None]) -> None:
        with times_kept(place.directory):
            make()
        self._steps.append(_taking_back(place, os.unlink))

    def _replace(self, path: str, make: Callable[[Place], None]) -> None:
        place = self._find(path)
        saved = SavedFile.of(place) if place is not None else None
        if place is None or saved is None:
            return

        def put_back() -> None:
            with times_kept(place.directory):
                remove(place)
                saved.restore(place)

        self._steps.append(put_back)
        with times_kept(place.directory):
            remove(place)
            make(place)


@contextmanager
def times_kept(directory: int) -> Iterator[None]:
    """Give a directory its modification time back after a change in it."""
    before = os.fstat(directory)
    yield
    os.utime(directory, ns=(before.st_atime_ns, before.st_mtime_ns))


def _attempt(step: Callable[[], None]) -> OSError | None:
    """Carry out a step; return its failure unless it is of no importance."""
    try:
        step()
    except OSError as error:
        return None if error.errno in _NOT_OURS_ANY_MORE else error
    return None


def _taking_back(place: Place, take: Callable[..., None]) -> Callable[[], None]:
    """Return what removes the thing just made, if it is still that thing."""
    made = look(place)

    def step() -> None:
        present = look(place)
        if present is None or made is None or present.st_ino != made.st_ino:
            return
        with times_kept(place.directory):
            take(place.name, dir_fd=place.directory)

    return step


def _put_back(place: Place, take: Callable[[Place], None], kept: str) -> None:
    with times_kept(place.directory):
        try:
            take(place)
        finally:
            if kept:
                os.rename(kept, place.name, dst_dir_fd=place.directory)


def _remove_all_but(known: set[str], directory: int) -> None:
    with times_kept(directory):
        for name in sorted(set(os.listdir(directory)) - known):
            remove(Place(directory, name, name))
