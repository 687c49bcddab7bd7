"""What stat said of each path when the model was known to be true.

A path whose stamp is the same is unchanged: whatever is done to a file, its
content, times, owner, mode, links or xattrs, changes its ctime.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Collection, Iterator
from typing import NamedTuple

_FORMAT = struct.Struct("=QQQqqIIIIQ")
_CLOCK_REALTIME_COARSE = 5
_TICK_SECONDS = 0.001


class Stamp(NamedTuple):
    """The stat fields of one path, as kept."""

    ctime_ns: int
    inode: int
    device: int
    mtime_ns: int
    size: int
    mode: int
    uid: int
    gid: int
    links: int
    special: int

    @classmethod
    def of(cls, now: os.stat_result) -> Stamp:
        """Return the fields of what stat says."""
        return cls._make(_FORMAT.unpack(_pack(now)))


class Stamps:
    """Stat fields by path, packed: a base image has a hundred thousand."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}
        self._newest_ns = 0

    def __contains__(self, path: object) -> bool:
        return path in self._packed

    def __iter__(self) -> Iterator[str]:
        """Yield all paths known to be on disk."""
        return iter(self._packed)

    def is_kept(self, path: str, now: os.stat_result) -> bool:
        """Return whether exactly what stat says now is kept."""
        return self._packed.get(path) == _pack(now)

    def note(self, path: str, now: os.stat_result) -> None:
        """Keep what stat says now."""
        self._newest_ns = max(self._newest_ns, now.st_ctime_ns)
        self._packed[path] = _pack(now)

    def get(self, path: str) -> Stamp | None:
        """Return what is kept of a path."""
        packed = self._packed.get(path)
        return None if packed is None else Stamp._make(_FORMAT.unpack(packed))

    def names_of(self, inodes: Collection[int]) -> list[str]:
        """Return all paths of some inodes (reads every stamp)."""
        unpack = _FORMAT.unpack
        return [path for path, p in self._packed.items() if unpack(p)[1] in inodes]

    def forget(self, path: str) -> None:
        """Forget a path."""
        self._packed.pop(path, None)

    def forget_below(self, path: str) -> None:
        """Forget a directory and all below it."""
        below = path + "/"
        for name in [name for name in self._packed if name.startswith(below)]:
            del self._packed[name]
        self.forget(path)

    def settle(self) -> None:
        """Wait until a write from now on gets a later ctime than any kept one.

        Kernels without multigrain timestamps take ctime from a clock that moves
        by ticks: a write within the same tick would be invisible. Never longer
        than a tick: a server's clock may be ahead of ours.
        """
        newest = min(self._newest_ns, time.time_ns())
        while time.clock_gettime_ns(_CLOCK_REALTIME_COARSE) <= newest:
            time.sleep(_TICK_SECONDS)


def _pack(now: os.stat_result) -> bytes:
    return _FORMAT.pack(
        now.st_ctime_ns,
        now.st_ino,
        now.st_dev,
        now.st_mtime_ns,
        now.st_size,
        now.st_mode,
        now.st_uid,
        now.st_gid,
        now.st_nlink,
        now.st_rdev,
    )
