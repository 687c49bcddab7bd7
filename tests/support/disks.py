"""What a RUN's processes do to a root, for every kind of root alike."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import stat
from pathlib import Path
from typing import Protocol

from adapters.memory.filesystem import MemoryRoot
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.tree import FileTree

CLONE_NEWNS = 0x00020000
MS_REC_PRIVATE = 0x4000 | (1 << 18)


def enter_mount_namespace() -> None:
    """Keep the mounts of this test process to itself."""
    libc = ctypes.CDLL(None, use_errno=True)
    results = (
        libc.unshare(CLONE_NEWNS),
        libc.mount(b"none", b"/", None, ctypes.c_ulong(MS_REC_PRIVATE), None),
    )
    if any(results):
        number = ctypes.get_errno()
        raise OSError(number, f"overlay tests need root: {os.strerror(number)}")


class Disk(Protocol):
    """A root seen by a process in it."""

    def write(self, path: str, data: bytes, mode: int = 0o644) -> None: ...

    def mkdir(self, path: str, mode: int = 0o755) -> None: ...

    def symlink(self, path: str, target: str) -> None: ...

    def link(self, path: str, target: str) -> None: ...

    def chmod(self, path: str, mode: int) -> None: ...

    def chown(self, path: str, uid: int, gid: int) -> None: ...

    def touch(self, path: str, mtime_ns: int) -> None: ...

    def remove(self, path: str) -> None: ...

    def tree(self) -> FileTree: ...


class RealDisk:
    """Through system calls."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)

    def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        target = self._root / path
        exists = target.exists()
        target.write_bytes(data)
        if not exists:
            target.chmod(mode)

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        (self._root / path).mkdir()
        (self._root / path).chmod(mode)

    def symlink(self, path: str, target: str) -> None:
        (self._root / path).symlink_to(target)

    def link(self, path: str, target: str) -> None:
        (self._root / path).hardlink_to(self._root / target)

    def chmod(self, path: str, mode: int) -> None:
        (self._root / path).chmod(mode)

    def chown(self, path: str, uid: int, gid: int) -> None:
        os.lchown(self._root / path, uid, gid)

    def touch(self, path: str, mtime_ns: int) -> None:
        os.utime(self._root / path, ns=(mtime_ns, mtime_ns), follow_symlinks=False)

    def remove(self, path: str) -> None:
        target = self._root / path
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink()

    def tree(self) -> FileTree:
        return FileTree.of(read_rows(self._root))


class MemoryDisk:
    """Through the methods of the in-memory root."""

    def __init__(self, root: MemoryRoot) -> None:
        self._root = root

    def _row(self, path: str) -> FileEntry:
        row = self._root.tree.get(path)
        assert row is not None
        return row

    def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        self._root.write_file(path, data, mode)

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        self._root.make(FileEntry(path, FileType.DIRECTORY, mode))

    def symlink(self, path: str, target: str) -> None:
        row = FileEntry(path, FileType.SYMLINK, 0o777, link_target=target)
        self._root.make(row)

    def link(self, path: str, target: str) -> None:
        self._root.link(path, target)

    def chmod(self, path: str, mode: int) -> None:
        self._root.make(self._row(path)._replace(mode=mode))

    def chown(self, path: str, uid: int, gid: int) -> None:
        self._root.make(self._row(path)._replace(uid=uid, gid=gid))

    def touch(self, path: str, mtime_ns: int) -> None:
        self._root.make(self._row(path)._replace(mtime_ns=mtime_ns))

    def remove(self, path: str) -> None:
        self._root.remove(path)

    def tree(self) -> FileTree:
        return self._root.tree


_TYPES = {
    stat.S_IFREG: FileType.FILE,
    stat.S_IFDIR: FileType.DIRECTORY,
    stat.S_IFLNK: FileType.SYMLINK,
    stat.S_IFIFO: FileType.FIFO,
    stat.S_IFCHR: FileType.CHARACTER_DEVICE,
    stat.S_IFBLK: FileType.BLOCK_DEVICE,
}


def read_rows(root: Path) -> list[FileEntry]:
    """Read a directory the plain way: an oracle for the adapters."""
    rows = [_read(root, root)]
    for directory, directories, files in os.walk(root):
        rows += [_read(root, Path(directory, name)) for name in directories + files]
    return rows


def _read(root: Path, path: Path) -> FileEntry:
    now = path.lstat()
    type_ = _TYPES[stat.S_IFMT(now.st_mode)]
    is_file, is_link = type_ is FileType.FILE, type_ is FileType.SYMLINK
    is_device = type_ in (FileType.CHARACTER_DEVICE, FileType.BLOCK_DEVICE)
    return FileEntry(
        "" if path == root else str(path.relative_to(root)),
        type_,
        0o777 if is_link else stat.S_IMODE(now.st_mode),
        now.st_uid,
        now.st_gid,
        now.st_size if is_file else 0,
        now.st_mtime_ns,
        link_target=str(path.readlink()) if is_link else "",
        link_group=str(now.st_ino) if is_file and now.st_nlink > 1 else "",
        device=(os.major(now.st_rdev), os.minor(now.st_rdev)) if is_device else None,
        xattrs=()
        if is_link
        else tuple(
            (name, os.getxattr(path, name)) for name in sorted(os.listxattr(path))
        ),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest() if is_file else "",
    )


def flat(tree: FileTree, *, times: bool = True) -> dict[str, FileEntry]:
    """Return all rows comparable: link groups are named by their first name."""
    first: dict[str, str] = {}
    count: dict[str, int] = {}
    for row in tree.walk(""):
        first.setdefault(row.link_group, row.path)
        count[row.link_group] = count.get(row.link_group, 0) + 1
    rows = {}
    for row in tree.walk(""):
        linked = row.link_group and count[row.link_group] > 1
        group = first[row.link_group] if linked else ""
        keep_time = times and row.type is not FileType.DIRECTORY
        mtime = row.mtime_ns if keep_time else 0
        rows[row.path] = row._replace(link_group=group, mtime_ns=mtime)
    return rows
