"""What a place of a root held, so that it can be made again exactly.

Small files, symlinks and devices are kept in memory; directories and large files
are nothing anybody puts a resolv.conf over, and are left alone.
"""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from typing import NamedTuple

from adapters.isolation.root_walk import Place, look

MAXIMUM_SIZE = 1 << 20

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class SavedFile(NamedTuple):
    """A file, symlink or special file; `mode` 0 stands for nothing."""

    mode: int = 0
    uid: int = 0
    gid: int = 0
    times: tuple[int, int] = (0, 0)
    device: int = 0
    content: bytes = b""
    xattrs: tuple[tuple[str, bytes], ...] = ()

    @classmethod
    def of(cls, place: Place) -> SavedFile | None:
        """Read what is at a place; None where it cannot be saved."""
        present = look(place)
        if present is None:
            return cls()
        saved = cls(
            mode=present.st_mode,
            uid=present.st_uid,
            gid=present.st_gid,
            times=(present.st_atime_ns, present.st_mtime_ns),
            device=present.st_rdev,
        )
        if stat.S_ISLNK(present.st_mode):
            target = os.readlink(place.name, dir_fd=place.directory)
            return saved._replace(content=os.fsencode(target))
        if stat.S_ISREG(present.st_mode):
            small = present.st_size <= MAXIMUM_SIZE
            return saved._with_content(place) if small else None
        special = stat.S_ISCHR(present.st_mode) or stat.S_ISBLK(present.st_mode)
        return saved if special or stat.S_ISFIFO(present.st_mode) else None

    def restore(self, place: Place) -> None:
        """Make it again where nothing is.

        Raises:
            OSError: It cannot be made.
        """
        name, directory = place.name, place.directory
        if not self.mode:
            return
        if stat.S_ISLNK(self.mode):
            os.symlink(os.fsdecode(self.content), name, dir_fd=directory)
        elif stat.S_ISREG(self.mode):
            make_file(place, self.content)
        else:
            os.mknod(name, self.mode, self.device, dir_fd=directory)
        os.chown(name, self.uid, self.gid, dir_fd=directory, follow_symlinks=False)
        if not stat.S_ISLNK(self.mode):
            os.chmod(name, stat.S_IMODE(self.mode), dir_fd=directory)
            self._restore_xattrs(place)
        os.utime(name, ns=self.times, dir_fd=directory, follow_symlinks=False)

    def _with_content(self, place: Place) -> SavedFile:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(place.name, flags, dir_fd=place.directory)
        with os.fdopen(descriptor, "rb") as file:
            xattrs: list[tuple[str, bytes]] = []
            with suppress(OSError):  # a file system without them
                names = os.listxattr(descriptor)
                xattrs = [(name, os.getxattr(descriptor, name)) for name in names]
            return self._replace(content=file.read(), xattrs=tuple(xattrs))

    def _restore_xattrs(self, place: Place) -> None:
        if not self.xattrs:
            return
        descriptor = os.open(
            place.name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=place.directory
        )
        try:
            for name, value in self.xattrs:
                with suppress(OSError):  # labels that only the kernel may set
                    os.setxattr(descriptor, name, value)
        finally:
            os.close(descriptor)


def make_file(
    place: Place, content: bytes, mode: int = 0o644, owner: tuple[int, int] = (0, 0)
) -> None:
    """Make a file where nothing is; nobody else can read it before it is whole."""
    descriptor = os.open(place.name, _NEW, 0o600, dir_fd=place.directory)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fchown(descriptor, *owner)
        os.fchmod(descriptor, mode)


def remove(place: Place) -> None:
    """Remove what is at a place, whatever it is."""
    present = look(place)
    if present is None:
        return
    if stat.S_ISDIR(present.st_mode):
        shutil.rmtree(place.name, dir_fd=place.directory)
    else:
        os.unlink(place.name, dir_fd=place.directory)
