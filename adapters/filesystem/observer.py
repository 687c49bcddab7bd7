"""Describes a path on disk as a row, in the terms of the model.

Where the disk still has what it had when the model was true, the row repeats
the model: an owner that could not be set, a time the file system truncated or
an xattr it refused is no change.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from typing import NamedTuple

from adapters.archive.chunks import CHUNK
from adapters.filesystem.refusals import Refusals, Xattrs
from domain.snapshot.changes import differs
from domain.snapshot.entry import FileEntry, FileType, is_portable_xattr
from domain.snapshot.tree import FileTree

_TYPES = {
    stat.S_IFREG: FileType.FILE,
    stat.S_IFDIR: FileType.DIRECTORY,
    stat.S_IFLNK: FileType.SYMLINK,
    stat.S_IFIFO: FileType.FIFO,
    stat.S_IFCHR: FileType.CHARACTER_DEVICE,
    stat.S_IFBLK: FileType.BLOCK_DEVICE,
}
_DEVICES = frozenset({FileType.CHARACTER_DEVICE, FileType.BLOCK_DEVICE})
_OPENED = frozenset({FileType.FILE, FileType.DIRECTORY})
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Formerly(NamedTuple):
    """What the disk had for a path when the model was true."""

    mode: int
    uid: int
    gid: int
    mtime_ns: int


class Observer:
    """Makes rows of what is on disk.

    Args:
        before: The model.
        refusals: What the disk refused of it.
    """

    def __init__(self, before: FileTree, refusals: Refusals) -> None:
        self._before = before
        self._refusals = refusals

    def row(
        self,
        directory: int,
        path: str,
        now: os.stat_result,
        formerly: Formerly | None,
    ) -> FileEntry | None:
        """Return the row of a path, None for a socket (no layer has them).

        Args:
            directory: The open directory the path is in.
            path: The path.
            now: What lstat says of it.
            formerly: What the disk had, None for a path that was not there.

        Raises:
            OSError: It cannot be read.
        """
        type_ = _TYPES.get(stat.S_IFMT(now.st_mode))
        if type_ is None:
            return None
        old = self._before.get(path)
        name = path.rpartition("/")[2]
        is_link = type_ is FileType.SYMLINK
        row = FileEntry(
            path,
            type_,
            0o777 if is_link else stat.S_IMODE(now.st_mode),
            now.st_uid,
            now.st_gid,
            now.st_size if type_ is FileType.FILE else 0,
            now.st_mtime_ns,
            link_target=os.readlink(name, dir_fd=directory) if is_link else "",
            device=_device(now) if type_ in _DEVICES else None,
        )
        if type_ is FileType.FILE and now.st_nlink > 1:
            row = row._replace(link_group=f"{now.st_dev}:{now.st_ino}")
        if old is not None and old.type is type_ and formerly is not None:
            row = _in_terms_of(row, old, formerly)
        if type_ in _OPENED:
            return self._opened(directory, name, row, old)
        return row._replace(xattrs=self._xattrs(row, old, ()))

    def _opened(
        self, directory: int, name: str, row: FileEntry, old: FileEntry | None
    ) -> FileEntry:
        """Complete a row by what only an open file tells."""
        fd = os.open(name, _OPEN, dir_fd=directory)
        try:
            described = row._replace(xattrs=self._xattrs(row, old, _read_xattrs(fd)))
            if row.type is not FileType.FILE or old is None:
                return described
            same = described._replace(sha256=old.sha256)
            if differs(old, same):
                return described
            return described._replace(sha256=_sha256(fd))
        finally:
            os.close(fd)

    def _xattrs(self, row: FileEntry, old: FileEntry | None, found: Xattrs) -> Xattrs:
        """Add the attributes the disk refused, as long as the file is that file."""
        refused = self._refusals.xattrs.get(row.path)
        if not refused or old is None or old.type is not row.type:
            return found
        written = (old.size, old.mtime_ns) != (row.size, row.mtime_ns)
        if written and row.type is not FileType.DIRECTORY:
            return found
        return tuple(sorted((dict(refused) | dict(found)).items()))


def _in_terms_of(row: FileEntry, old: FileEntry, formerly: Formerly) -> FileEntry:
    """Take from the model what is on disk as it was."""
    mode = old.mode if row.mode == formerly.mode else row.mode
    uid = old.uid if row.uid == formerly.uid else row.uid
    gid = old.gid if row.gid == formerly.gid else row.gid
    mtime = old.mtime_ns if row.mtime_ns == formerly.mtime_ns else row.mtime_ns
    return row._replace(mode=mode, uid=uid, gid=gid, mtime_ns=mtime)


def _device(now: os.stat_result) -> tuple[int, int]:
    return os.major(now.st_rdev), os.minor(now.st_rdev)


def _read_xattrs(fd: int) -> Xattrs:
    try:
        names = os.listxattr(fd)
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        return ()
    kept = sorted(name for name in names if is_portable_xattr(name))
    return tuple((name, os.getxattr(fd, name)) for name in kept)


def _sha256(fd: int) -> str:
    digest = hashlib.sha256()
    while chunk := os.read(fd, CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
