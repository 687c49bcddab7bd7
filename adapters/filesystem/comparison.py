"""How much of what stat says decides whether a path is unchanged.

A ctime that the kernel keeps cannot be put back, so that equal stat data mean an
unchanged file. Servers and user-space file systems may keep none, or another
machine's; there `--snapshot-mode` says what to do.
"""

from __future__ import annotations

import ctypes
import os
import stat
from enum import Enum

from adapters.filesystem.stamps import Stamp
from application.options import SnapshotMode

TRUSTED_FILE_SYSTEMS = frozenset(
    {
        0xEF53,  # ext2, ext3, ext4
        0x58465342,  # xfs
        0x9123683E,  # btrfs
        0xF2F52010,  # f2fs
        0x2FC12FC1,  # zfs
        0xCA451A4E,  # bcachefs
        0x01021994,  # tmpfs
        0x858458F6,  # ramfs
        0x794C7630,  # overlay: the ctime of its upper or lower directory
    }
)
"""Magic numbers (statfs(2)) of the file systems whose ctime the kernel keeps.

All others are not trusted: NFS, CIFS, 9p (gVisor's gofer says so too), FUSE,
virtiofs, and whatever is not known here.
"""

_STATFS_BYTES = 256


class Comparison(Enum):
    """What is compared of each path."""

    STAMPS = "ctime, inode and all other stat data"
    CONTENTS = "all stat data, and contents"
    STAT = "size, time, mode and owner"
    TIME = "time and type"

    @property
    def trusts_inodes(self) -> bool:
        """Whether an inode number says what file it is.

        Where the ctime is not kept, numbers may be given anew at any time.
        """
        return self is Comparison.STAMPS

    def is_same(self, old: Stamp, now: Stamp) -> bool:
        """Return whether the stat data of a path count as equal."""
        match self:
            case Comparison.STAMPS | Comparison.CONTENTS:
                return old == now
            case Comparison.STAT:
                return _description(old) == _description(now)
            case Comparison.TIME:
                return _time_and_type(old) == _time_and_type(now)


def choose_comparison(mode: SnapshotMode, *, trusts_ctime: bool) -> Comparison:
    """Return how paths are compared on a file system."""
    if trusts_ctime:
        return Comparison.STAMPS
    return {
        SnapshotMode.FULL: Comparison.CONTENTS,
        SnapshotMode.REDO: Comparison.STAT,
        SnapshotMode.TIME: Comparison.TIME,
    }[mode]


def trusts_ctime(path: str) -> bool:
    """Return whether a path lies on one of `TRUSTED_FILE_SYSTEMS`."""
    return _magic_number(path) in TRUSTED_FILE_SYSTEMS


def _magic_number(path: str) -> int:
    """Return `f_type` of statfs(2), which `os.statvfs` leaves out; 0 if refused."""
    buffer = ctypes.create_string_buffer(_STATFS_BYTES)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.statfs(os.fsencode(path), buffer) != 0:
        return 0
    # The first field; magic numbers have 32 bits.
    kind = ctypes.c_uint if os.uname().machine == "s390x" else ctypes.c_ulong
    return kind.from_buffer(buffer).value & 0xFFFFFFFF


def _description(stamp: Stamp) -> Stamp:
    return stamp._replace(ctime_ns=0, inode=0, device=0, links=0)


def _time_and_type(stamp: Stamp) -> tuple[int, int]:
    return stamp.mtime_ns, stat.S_IFMT(stamp.mode)
