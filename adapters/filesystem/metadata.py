"""Single calls on open files that `RootWriter` is made of."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

from adapters.archive.chunks import ZEROS
from adapters.filesystem.disk_errors import REFUSED
from domain.snapshot.entry import FileEntry, name_of


def check_name(path: str) -> None:
    """Refuse a last component that is not a name (`Handles` checks the others)."""
    if name_of(path) in ("", ".", ".."):
        raise OSError(errno.EINVAL, "not a path inside the root", path)


def write_content(fd: int, content: Iterable[bytes]) -> None:
    """Write content; whole chunks of zeros from holes become holes again."""
    size = 0
    sparse = False
    for chunk in content:
        if chunk is ZEROS:
            sparse = True
            size = os.lseek(fd, len(chunk), os.SEEK_CUR)
            continue
        view = memoryview(chunk)
        while view:
            view = view[os.write(fd, view) :]
        size += len(chunk)
    if sparse:
        os.ftruncate(fd, size)


def set_owner(name: int | str, entry: FileEntry, directory: int | None = None) -> None:
    """Set the owner; a refusal leaves the disk's own, which is remembered."""
    try:
        if isinstance(name, int):
            os.fchown(name, entry.uid, entry.gid)
        else:
            os.chown(
                name, entry.uid, entry.gid, dir_fd=directory, follow_symlinks=False
            )
    except OSError as error:
        if error.errno not in REFUSED:
            raise


def remove_other_xattrs(fd: int, entry: FileEntry) -> None:
    """Remove the user's attributes that an existing directory should not have."""
    wanted = dict(entry.xattrs)
    for name in os.listxattr(fd):
        if name.startswith(("user.", "security.capability")) and name not in wanted:
            os.removexattr(fd, name)


def is_same_file(source: int, target: str, directory: int, name: str) -> bool:
    """Return whether two names in two directories are one file."""
    first = os.lstat(target, dir_fd=source)
    second = os.lstat(name, dir_fd=directory)
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
