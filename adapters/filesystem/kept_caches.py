"""Caches of RUN in a directory that outlasts the build.

A cache is `<directory>/<sha256 of its id>/<number>/tree`; the numbers above 0 are
private ones that were in use side by side. `<number>.lock` is locked by who uses it. A
cache is made, and replaced, under another name, so that it is there as a whole or not
at all; `<number>.old` is what a build that was killed was about to replace.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path

from adapters.filesystem.directory_root import DirectoryRoot, discard_directory
from adapters.filesystem.disk_errors import translated
from application.ports.reporter import Reporter
from domain.dockerfile.mount import Sharing
from domain.snapshot.exclusion import Exclusions
from domain.snapshot.layer_plan import PlannedEntry
from domain.snapshot.tree import FileTree

_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_EVERYTHING = Exclusions(frozenset())


class KeptCacheDirectories:
    """Caches below one directory (implements `KeptCaches`).

    Args:
        directory: An existing directory that several executors may share.
        reporter: Is told, once, that caches cannot be kept there.
    """

    def __init__(self, directory: str, reporter: Reporter) -> None:
        self._directory = Path(directory)
        self._reporter = reporter
        self._is_off = False

    @contextmanager
    def held(
        self, name: str, sharing: Sharing, first: Callable[[], str], work: str | None
    ) -> Iterator[str | None]:
        """Hold a cache for the time of one RUN; see the port."""
        with ExitStack() as stack:
            cache = self._locked(name, sharing)
            if cache is None:
                yield None
                return
            stack.callback(cache.close)
            with translated(f"cannot make the cache {name!r} of RUN"):
                cache.make(first)
            if work is None:
                yield str(cache.path)
                return
            with translated(f"cannot copy the cache {name!r} of RUN"):
                copy, before = _copy(str(cache.path), work)
            if sharing is Sharing.SHARED:
                cache.unlock()
            try:
                yield work
            finally:
                with translated(f"cannot keep the cache {name!r} of RUN"):
                    if not copy.changes(before).is_empty:
                        cache.replace(work)

    def _locked(self, name: str, sharing: Sharing) -> _Cache | None:
        if self._is_off:
            return None
        place = self._directory / sha256(name.encode()).hexdigest()
        try:
            if not self._directory.parent.is_dir():
                raise FileNotFoundError(2, "there is no such directory")
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            if sharing is Sharing.PRIVATE:
                return _first_free(place)
            return _Cache(place / "0", exclusive=sharing is Sharing.LOCKED).lock(
                lambda: self._reporter.info(f"Waiting for the cache {name!r} of RUN")
            )
        except OSError as error:
            self._is_off = True
            self._reporter.info(
                "Caches of RUN last for this build: they cannot be kept in "
                f"{self._directory}: {error.strerror}"
            )
            return None


class _Cache:
    """One cache, locked by a file beside it."""

    def __init__(self, path: Path, *, exclusive: bool) -> None:
        self.path = path
        self._kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        self._lock = os.open(f"{path}.lock", _OPEN, 0o600)

    def lock(self, waiting: Callable[[], None]) -> _Cache:
        """Wait until it may be used; return it."""
        if not self.try_lock():
            waiting()
            _flock(self._lock, self._kind)
        return self

    def try_lock(self) -> bool:
        """Lock it if that is possible at once; tell whether it is locked."""
        try:
            _flock(self._lock, self._kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(self) -> None:
        _flock(self._lock, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._lock)

    def make(self, first: Callable[[], str]) -> None:
        """Make it where it does not exist."""
        if self.path.is_dir():
            return
        _flock(self._lock, fcntl.LOCK_EX)
        old = self._beside("old")
        if not self.path.is_dir() and old.is_dir():
            old.rename(self.path)
        elif not self.path.is_dir():
            self._copied(first()).rename(self.path)
        _flock(self._lock, self._kind)

    def replace(self, root: str) -> None:
        """Put a copy of another in its place, when nobody uses it."""
        _flock(self._lock, fcntl.LOCK_EX)
        new, old = self._copied(root), self._beside("old")
        discard_directory(str(old))
        self.path.rename(old)
        new.rename(self.path)
        discard_directory(str(old))

    def _copied(self, root: str) -> Path:
        new = self._beside("new")
        discard_directory(str(new))
        new.mkdir()
        _copy(root, str(new))
        return new

    def _beside(self, what: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{what}")


def _first_free(place: Path) -> _Cache:
    for number in count():  # pragma: no branch - one is free
        cache = _Cache(place / str(number), exclusive=True)
        if cache.try_lock():
            return cache
        cache.close()
    raise AssertionError


def _flock(descriptor: int, kind: int) -> None:
    """Lock; on a file system without locks everybody does as if alone."""
    try:
        fcntl.flock(descriptor, kind)
    except BlockingIOError:
        raise
    except OSError:
        return


def _copy(source: str, target: str) -> tuple[DirectoryRoot, FileTree]:
    """Copy all of a directory; return the copy, and what it holds."""
    origin = DirectoryRoot(source, _EVERYTHING)
    plan = origin.changes(FileTree.empty())
    copy = DirectoryRoot(target, _EVERYTHING)
    copy.apply(plan, lambda content: origin.open(content.path))
    rows = (row.entry for row in plan.rows if isinstance(row, PlannedEntry))
    return copy, FileTree.of(rows)
