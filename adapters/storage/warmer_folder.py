"""The warmer's own folder beside the entries: locks, records, entries in the making.

A lock is a file that is held by flock and stays where it is; where a file system
knows no locks there is none. What a warmer that was killed has left in the making is
recognised by being held by nobody.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from adapters.storage.layout_files import PARTIAL, write_file

DIRECTORY_MODE = 0o755
"""Builds of every user may read."""

LAYERS = "layers"
"""What layers hold, as entries of a layer cache."""

_RECORDS = "records"
_MAKING = "making"


class WarmerFolder:
    """The folder of a directory of warmed images.

    Args:
        path: The folder.
        announce: Is told, in a line, that another warmer is waited for.
    """

    def __init__(self, path: Path, announce: Callable[[str], None]) -> None:
        self._path = path
        self._making = path / "making"
        self._locks = path / "locks"
        self._layers = path / LAYERS
        self._announce = announce
        self._is_prepared = False

    def prepare(self) -> None:
        """Make the folder, and remove what killed warmers have left. Idempotent."""
        if self._is_prepared:
            return
        for path in (self._path, self._making, self._locks, self._layers):
            make_directory(path)
        self._remove_abandoned()
        self._is_prepared = True

    def in_the_making(self) -> Iterator[Path]:
        """Yield the directories entries are made in, those of other warmers too."""
        with suppress(OSError):
            yield from self._making.iterdir()

    @contextmanager
    def locked(self, name: str, waiting: str = "") -> Iterator[None]:
        """Hold a lock; also apart from other threads.

        Args:
            name: Of the lock.
            waiting: What to announce if it is not free, "" for nothing.
        """
        path = self._locks / name
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            with suppress(OSError):
                self._lock(descriptor, waiting)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def new_directory(self) -> Iterator[Path]:
        """Give a directory to make an entry in; it is removed with all it holds."""
        with self.locked(_MAKING):
            path = Path(tempfile.mkdtemp(dir=self._making))
            held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            with suppress(OSError):
                fcntl.flock(held, fcntl.LOCK_EX)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
            os.close(held)

    def record(self, path: Path, data: bytes) -> None:
        """Write a small file of the folder, whole or not at all."""
        make_directory(path.parent)
        with self.locked(_RECORDS):
            write_file(path, data)

    def _lock(self, descriptor: int, waiting: str) -> None:
        if waiting:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._announce(waiting)
            else:
                return
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _remove_abandoned(self) -> None:
        with self.locked(_RECORDS):
            for path in self._path.glob(f"*/{PARTIAL}*"):
                path.unlink(missing_ok=True)
        with self.locked(_MAKING):
            for path in self.in_the_making():
                _remove_unless_held(path)


def make_directory(path: Path) -> None:
    """Make a directory that everybody may read, with its parents."""
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(DIRECTORY_MODE)


def _remove_unless_held(path: Path) -> None:
    with suppress(OSError):
        held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            # refused where a warmer holds it, or where locks are not known
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        finally:
            os.close(held)
