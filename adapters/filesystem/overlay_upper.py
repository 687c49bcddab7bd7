"""The upper directory of an overlay: what it says, and folding it away.

Kernel documentation, "Overlay Filesystem": whiteouts are character devices 0:0,
opaque directories carry an attribute.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from adapters.filesystem.handles import Handles, remove_tree
from adapters.filesystem.observer import Formerly, Observer
from adapters.filesystem.refusals import Refusals
from domain.snapshot.changes import Observation, differs
from domain.snapshot.entry import FileEntry, FileType, join, name_of, parent_of
from domain.snapshot.exclusion import Exclusions
from domain.snapshot.tree import FileTree

_PRIVATE = ("trusted.overlay.", "user.overlay.")
_OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")


class _Seen(NamedTuple):
    """A path in the upper directory."""

    directory: int
    path: str
    stat: os.stat_result

    @property
    def is_whiteout(self) -> bool:
        return stat.S_ISCHR(self.stat.st_mode) and self.stat.st_rdev == 0

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.stat.st_mode)


def _walk(handles: Handles, exclusions: Exclusions) -> Iterator[_Seen]:
    """Yield all paths, parents first; the directory is open until the next one."""
    pending = [""]
    while pending:
        current = pending.pop()
        directory = handles.find(current)
        if directory is None:
            continue
        for name in os.listdir(directory):
            path = join(current, name)
            if path in exclusions.paths:
                continue
            seen = _Seen(directory, path, os.lstat(name, dir_fd=directory))
            yield seen
            if seen.is_directory:
                pending.append(path)


def observe_upper(
    upper: str,
    lower: str,
    before: FileTree,
    refusals: Refusals,
    exclusions: Exclusions,
) -> Observation:
    """Return what the upper directory of an overlay changes.

    Args:
        upper: The upper directory, not in use.
        lower: The one lower directory.
        before: The model of what is in the lower directory.
        refusals: What is in the model and not on disk; brought up to date.
        exclusions: Paths that are left out.

    Raises:
        OSError: Something cannot be read.
    """
    observer = Observer(before, refusals)
    touched: dict[str, FileEntry] = {}
    present: set[str] = set()
    gone: set[str] = set()
    opaque: list[str] = []
    with Handles(upper) as handles, Handles(lower) as lowers:
        for seen in _walk(handles, exclusions):
            if seen.is_whiteout:
                gone.add(seen.path)
                continue
            if seen.is_directory and _is_opaque(seen):
                opaque.append(seen.path)
            formerly = _formerly(lowers, seen.path)
            row = observer.row(seen.directory, seen.path, seen.stat, formerly)
            if row is None:
                gone.add(seen.path)
                continue
            present.add(seen.path)
            if not _is_mere_copy(row, before):
                touched[seen.path] = row
    for path in opaque:
        children = (join(path, name) for name in before.children(path))
        gone.update(child for child in children if child not in present)
    gone = {path for path in gone if path in before and not exclusions.covers(path)}
    refusals.absent -= present | gone
    return Observation(touched=touched, gone=gone)


def _is_mere_copy(row: FileEntry, before: FileTree) -> bool:
    """Return whether a file was copied up and not changed.

    Copying up takes a name out of its hard links; that is no change by itself.
    """
    if row.type is not FileType.FILE or row.link_group:
        return False
    return not differs(before.get(row.path), row)


def _is_opaque(seen: _Seen) -> bool:
    fd = os.open(name_of(seen.path), os.O_RDONLY | os.O_NOFOLLOW, dir_fd=seen.directory)
    try:
        return any(name in _OPAQUE for name in os.listxattr(fd))
    finally:
        os.close(fd)


def _formerly(lowers: Handles, path: str) -> Formerly | None:
    """Return what the lower directory has at a path."""
    directory = lowers.find(parent_of(path))
    if directory is None:
        return None
    try:
        old = os.lstat(name_of(path), dir_fd=directory)
    except FileNotFoundError:
        return None
    mode = stat.S_IMODE(old.st_mode)
    return Formerly(mode, old.st_uid, old.st_gid, old.st_mtime_ns)


def fold_upper(upper: str, lower: str) -> None:
    """Move what an upper directory changes into the lower one.

    Both are on one file system and not mounted. Hard links among what changed
    are kept, the upper directory is empty or gone afterwards, directories keep
    their times.

    Raises:
        OSError: Something cannot be moved.
    """
    with Handles(upper) as uppers, Handles(lower) as lowers:
        times = _Fold(uppers, lowers).run()
        for path in sorted(times, reverse=True):
            directory = lowers.find(path)
            if directory is not None:
                os.utime(directory, ns=times[path])


class _Fold:
    def __init__(self, uppers: Handles, lowers: Handles) -> None:
        self._uppers = uppers
        self._lowers = lowers
        self._pending = [""]
        self._times: dict[str, tuple[int, int]] = {}

    def run(self) -> dict[str, tuple[int, int]]:
        while self._pending:
            path = self._pending.pop()
            source, target = self._uppers.find(path), self._lowers.find(path)
            assert source is not None  # noqa: S101 - was listed
            assert target is not None  # noqa: S101 - both are directories
            self._times[path] = _copy_metadata(source, target)
            for name in os.listdir(source):
                self._move(source, target, join(path, name))
        return self._times

    def _move(self, source: int, target: int, path: str) -> None:
        name = name_of(path)
        seen = _Seen(source, path, os.lstat(name, dir_fd=source))
        old = _mode(target, name)
        merges = seen.is_directory and old is not None and stat.S_ISDIR(old)
        if merges and not _is_opaque(seen):
            self._pending.append(path)
            return
        clears = seen.is_whiteout or seen.is_directory
        if old is not None and (clears or stat.S_ISDIR(old)):
            remove_tree(name, target)
        if seen.is_whiteout:
            return
        if seen.is_directory:
            self._keep_times(path, seen)
            _strip(source, name)
        os.rename(name, name, src_dir_fd=source, dst_dir_fd=target)

    def _keep_times(self, path: str, seen: _Seen) -> None:
        """Remember times that moving changes (the parent's are known already)."""
        self._times[path] = (seen.stat.st_atime_ns, seen.stat.st_mtime_ns)


def _mode(directory: int, name: str) -> int | None:
    try:
        return os.lstat(name, dir_fd=directory).st_mode
    except FileNotFoundError:
        return None


def _strip(directory: int, name: str) -> None:
    """Take the overlay's own attributes off a directory."""
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=directory)
    try:
        for attribute in os.listxattr(fd):
            if attribute.startswith(_PRIVATE):
                os.removexattr(fd, attribute)
    finally:
        os.close(fd)


def _copy_metadata(source: int, target: int) -> tuple[int, int]:
    """Give a directory the metadata of another; return its times."""
    wanted, now = os.fstat(source), os.fstat(target)
    if (wanted.st_uid, wanted.st_gid) != (now.st_uid, now.st_gid):
        os.fchown(target, wanted.st_uid, wanted.st_gid)
    os.fchmod(target, stat.S_IMODE(wanted.st_mode))
    kept = {n for n in os.listxattr(source) if not n.startswith(_PRIVATE)}
    for name in set(os.listxattr(target)) - kept:
        if not name.startswith(_PRIVATE):
            os.removexattr(target, name)
    for name in kept:
        os.setxattr(target, name, os.getxattr(source, name))
    return wanted.st_atime_ns, wanted.st_mtime_ns
