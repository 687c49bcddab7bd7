"""Compares a root with its stamps: one listdir per directory, one lstat a path."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Collection, Iterator

from adapters.filesystem.builder_paths import (
    NO_BUILDER_PATHS,
    BuilderPaths,
    mount_points,
)
from adapters.filesystem.comparison import Comparison
from adapters.filesystem.handles import Handles
from adapters.filesystem.observer import Formerly, Observer
from adapters.filesystem.refusals import Refusals
from adapters.filesystem.stamps import Stamp, Stamps
from application.errors import FilesystemError
from domain.snapshot.changes import Observation, differs
from domain.snapshot.entry import FileEntry, ancestors_of, parent_of
from domain.snapshot.exclusion import Exclusions
from domain.snapshot.tree import FileTree

_Seen = tuple[int, str, os.stat_result]
"""Descriptor of the directory, path, and what stat says of it."""


class Walk:
    """One walk over a root.

    Args:
        root: Absolute path of the root.
        stamps: Brought up to date by the walk.
        refusals: Likewise.
        exclusions: Paths that are not walked.
        comparison: What tells that a path is unchanged.
        timeout: Seconds it may take, None for as long as it needs.
        kept: Paths that are the builder's.
    """

    def __init__(  # noqa: PLR0913 - a walk is told that much
        self,
        root: str,
        stamps: Stamps,
        refusals: Refusals,
        exclusions: Exclusions,
        *,
        comparison: Comparison = Comparison.STAMPS,
        timeout: float | None = None,
        kept: BuilderPaths = NO_BUILDER_PATHS,
    ) -> None:
        self._root = root
        self._comparison = comparison
        self._kept = kept
        self._end = None if timeout is None else time.monotonic() + timeout
        self._stamps = stamps
        self._refusals = refusals
        self._excluded = Exclusions(exclusions.paths | kept.paths)
        self._mounted: set[str] = set()

    def observe(self, before: FileTree) -> Observation:
        """Return what may have changed since the stamps were taken.

        Mount points inside the root are left out like excluded paths. A directory
        that is there for the builder's sake alone is left out unless something in
        it is the image's.

        Raises:
            OSError: A directory or file cannot be read.
            FilesystemError: It took longer than it may.
        """
        observer = Observer(before, self._refusals)
        reads_all = self._comparison is Comparison.CONTENTS
        is_kept = self._stamps.is_kept
        touched: dict[str, FileEntry] = {}
        present: set[str] = {""}
        replaced: set[str] = set()
        builders: dict[str, FileEntry] = {}
        with Handles(self._root) as handles:
            for directory, path, now in self._paths(handles):
                present.add(path)
                if self._kept.is_above(path) and before.get(path) is None:
                    row = observer.row(directory, path, now, None)
                    builders |= {path: row} if row else {}
                    continue
                is_same = is_kept(path, now) or self._is_same(path, now)
                if is_same and not reads_all:
                    continue
                old = self._stamps.get(path)
                self._stamps.note(path, now)
                if self._is_replaced(old, now):
                    replaced.add(path)
                    old = None
                formerly = None if old is None else _formerly(old)
                row = observer.row(directory, path, now, formerly)
                if row is None:
                    present.discard(path)
                elif self._is_told(row, before):
                    touched[path] = row
        gone = self._gone(present, replaced)
        touched |= _parents_of(touched, builders)
        for path in touched:
            self._refusals.absent.discard(path)
        return Observation(touched=touched, gone=gone)

    def _is_same(self, path: str, now: os.stat_result) -> bool:
        """Return whether it is the same though stat does not say exactly the same."""
        old = self._stamps.get(path)
        return old is not None and self._comparison.is_same(old, Stamp.of(now))

    def _is_replaced(self, old: Stamp | None, now: os.stat_result) -> bool:
        is_other = old is not None and old.inode != now.st_ino
        return is_other and self._comparison.trusts_inodes

    def _is_told(self, row: FileEntry, before: FileTree) -> bool:
        """Return whether a row is worth comparing.

        One that is as before is, for the names it may be linked with now; without
        inodes to be trusted nothing can be said of those.
        """
        return self._comparison.trusts_inodes or differs(before.get(row.path), row)

    def _paths(self, handles: Handles) -> Iterator[_Seen]:
        mounts = mount_points(self._root) - self._kept.claimed
        entered = (f"{self._root}/{path}" for path in self._kept.claimed)
        devices = {os.lstat(path).st_dev for path in (self._root, *entered)}
        excluded, refusals = self._excluded.paths, self._refusals
        pending = [""]
        while pending:
            current = pending.pop()
            directory = handles.find(current)
            if directory is None:
                continue
            self._check_time()
            prefix = f"{current}/" if current else ""
            for name in os.listdir(directory):
                path = prefix + name
                if path in excluded:
                    continue
                now = os.lstat(name, dir_fd=directory)
                is_directory = stat.S_ISDIR(now.st_mode)
                occupied = path in refusals.absent and self._kept.is_above(path)
                if (
                    occupied
                    or path in mounts
                    or (is_directory and now.st_dev not in devices)
                ):
                    self._mounted.add(path)
                    continue
                yield directory, path, now
                if is_directory:
                    pending.append(path)

    def _check_time(self) -> None:
        if self._end is not None and time.monotonic() > self._end:
            raise FilesystemError(
                "looking for changes in the root file system took too long",
                hint="raise SNAPSHOT_TIMEOUT_DURATION, or use a faster disk",
            )

    def _gone(self, present: Collection[str], replaced: Collection[str]) -> set[str]:
        """Return what the stamps say was there, and what went with its parent."""
        left_out = Exclusions(self._excluded.paths | self._mounted)
        gone = {path for path in self._stamps if path not in present}
        gone = {path for path in gone if not left_out.covers(path)}
        absent = {p for p in self._refusals.absent if parent_of(p) in replaced}
        for path in gone:
            self._stamps.forget(path)
        self._refusals.absent -= absent
        return gone | absent


def _formerly(old: Stamp) -> Formerly:
    return Formerly(stat.S_IMODE(old.mode), old.uid, old.gid, old.mtime_ns)


def _parents_of(
    touched: Collection[str], rows: dict[str, FileEntry]
) -> dict[str, FileEntry]:
    """Return those of some rows that something touched lies below."""
    above = {up for path in touched for up in ancestors_of(path)} if rows else set()
    return {path: row for path, row in rows.items() if path in above}
