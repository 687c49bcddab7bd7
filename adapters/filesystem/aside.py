"""Moves what the builder has at a place out of the way of an image.

Where the build context is at a place that the image has, too (`WORKDIR /workspace`
and a context mounted at /workspace), RUN is to see the image's files, and COPY the
context's. What is there is renamed into a hidden directory at the same place, so that
it stays on its file system, and renamed back when the stage ends.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from adapters.filesystem.builder_paths import BuilderPaths, mount_points
from adapters.filesystem.refusals import Refusals
from adapters.filesystem.root_writer import RootWriter
from adapters.filesystem.umask import umask_zero
from domain.values import dataclass

HIDDEN = ".kanipy-aside-"


@dataclass(frozen=True, slots=True)
class _Moved:
    hidden: Path
    lock: int
    before: os.stat_result
    names: frozenset[str]


class Aside:
    """The places whose content is moved aside.

    Args:
        contexts: Absolute paths of directories that the build reads from.
        stays: Absolute paths that are not moved although they lie in such a place.
        warn: Is told what could not be brought back.
        root: The root that images are unpacked over.
    """

    def __init__(
        self,
        contexts: Iterable[str],
        stays: Iterable[str] = (),
        warn: Callable[[str], None] = lambda _: None,
        root: str = "/",
    ) -> None:
        self._contexts = [Path(os.path.realpath(path)) for path in contexts]
        self._stays = [Path(os.path.realpath(path)) for path in stays]
        self._warn = warn
        self._root = Path(os.path.realpath(root))
        self._moved: dict[Path, _Moved] = {}

    @property
    def contexts(self) -> tuple[str, ...]:
        """The directories that the build reads from, without symlinks."""
        return tuple(map(str, self._contexts))

    def actual(self, path: str) -> str:
        """Return where something is now that is known by a path."""
        for place, moved in self._moved.items():
            if Path(path).is_relative_to(place):
                inside = Path(path).relative_to(place)
                if not inside.parts or inside.parts[0] in moved.names:
                    return str(moved.hidden / inside)
        return path

    def claim(self, place: str) -> list[str] | None:
        """Move aside what the builder has at a place.

        Args:
            place: Below the root, as in `FileEntry.path`.

        Returns:
            What is still the builder's there, likewise; None where the place is not
            one that a context lies in, or cannot be written: it stays as it is.
        """
        directory = self._root / place
        if not any(context.is_relative_to(directory) for context in self._contexts):
            return None
        try:
            moved = self._move(directory)
        except OSError:
            return None
        self._moved[directory] = moved
        left = [directory / name for name in os.listdir(directory)]
        return [str(path.relative_to(self._root)) for path in left]

    def release(self) -> None:
        """Remove what the image has at all places, and bring back what was there.

        Raises:
            OSError: Something cannot be moved back.
        """
        while self._moved:
            place, moved = self._moved.popitem()
            self._empty(place, moved.hidden)
            self._bring_back(place, moved.hidden)
            os.chown(place, moved.before.st_uid, moved.before.st_gid)
            place.chmod(moved.before.st_mode & 0o7777)
            os.utime(place, ns=(moved.before.st_atime_ns, moved.before.st_mtime_ns))
            os.close(moved.lock)

    def repair(self) -> None:
        """Bring back what a build that was killed has left aside."""
        for place in {up for path in self._contexts for up in (path, *path.parents)}:
            for hidden in place.glob(f"{HIDDEN}*"):
                with suppress(OSError):
                    self._repair(place, hidden)

    def _repair(self, place: Path, hidden: Path) -> None:
        lock = os.open(hidden, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._bring_back(place, hidden)
        finally:
            os.close(lock)

    def _move(self, directory: Path) -> _Moved:
        before = directory.stat()
        hidden = Path(tempfile.mkdtemp(prefix=HIDDEN, dir=directory))
        lock = os.open(hidden, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(lock, fcntl.LOCK_SH)
        names = set()
        for name in os.listdir(directory):
            path = directory / name
            if path != hidden and not self._is_left(path):
                with suppress(OSError):  # a mount point stays
                    path.rename(hidden / name)
                    names.add(name)
        return _Moved(hidden, lock, before, frozenset(names))

    def _is_left(self, path: Path) -> bool:
        """Return whether something is not moved, for what it is or holds."""
        return any(each.is_relative_to(path) for each in self._stays)

    def _empty(self, place: Path, hidden: Path) -> None:
        inside = str(place)
        stays = {str(path) for path in self._stays} | {str(hidden)}
        kept = {path.removeprefix(f"{inside}/") for path in stays if path != inside}
        kept = {path for path in kept if not path.startswith("/")}
        writer = RootWriter(
            inside, None, Refusals(), BuilderPaths(kept | mount_points(inside))
        )
        with umask_zero(), writer:
            writer.empty("")

    def _bring_back(self, place: Path, hidden: Path) -> None:
        for name in os.listdir(hidden):
            if os.path.lexists(place / name):
                self._warn(
                    f"{place / name} is in the way of what was moved to {hidden / name}"
                    " while an image was built: move it back by hand"
                )
            else:
                (hidden / name).rename(place / name)
        with suppress(OSError):
            hidden.rmdir()
