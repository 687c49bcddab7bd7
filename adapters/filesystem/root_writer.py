"""Makes, replaces and removes paths in a root, with all their metadata.

One writer serves layers (`extract`) and plans (`apply`). It decides nothing:
what a layer or plan means is known before. Every call is relative to an open
directory and follows no symlink; a parent that is missing, or is no directory,
is made (0755, root), exactly as `FileTree.apply` models it.

A file costs about four system calls: its mode is given to open(2), its owner
set only where it is not ours already, times of directories are set at the end.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from adapters.filesystem.builder_paths import NO_BUILDER_PATHS, BuilderPaths
from adapters.filesystem.disk_errors import OCCUPIED, REFUSED, REFUSED_XATTR
from adapters.filesystem.handles import Handles, remove_tree
from adapters.filesystem.metadata import (
    check_name,
    is_same_file,
    remove_other_xattrs,
    set_owner,
    write_content,
)
from adapters.filesystem.refusals import Refusals
from adapters.filesystem.stamps import Stamps
from domain.errors import InvalidLayer
from domain.snapshot.entry import FileEntry, FileType, join, name_of, parent_of

Keeps = Callable[[str], bool]
"""Whether a path must stay although it is hidden (the layer has it itself)."""

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_SPECIAL = {
    FileType.FIFO: stat.S_IFIFO,
    FileType.CHARACTER_DEVICE: stat.S_IFCHR,
    FileType.BLOCK_DEVICE: stat.S_IFBLK,
}
_SET_ID = stat.S_ISUID | stat.S_ISGID


@contextmanager
def suppress_occupied() -> Iterator[None]:
    """Go on after an error that says something is busy."""
    try:
        yield
    except OSError as error:
        if error.errno != OCCUPIED:
            raise


class RootWriter:
    """Writes into a root; a context manager that closes its descriptors.

    `finish` must be called at the end: it sets the times of directories.

    Args:
        root: Absolute path of the root.
        stamps: Receives what stat says of everything made; None where nobody
            asks for it.
        refusals: Receives what the disk refused.
        kept: Paths that are not written to, as if the disk refused it.
    """

    def __init__(
        self,
        root: str,
        stamps: Stamps | None,
        refusals: Refusals,
        kept: BuilderPaths = NO_BUILDER_PATHS,
    ) -> None:
        self._handles = Handles(root)
        self._targets = Handles(root)
        self._stamps = stamps
        self._refusals = refusals
        self._kept = kept
        self._own = (os.geteuid(), os.getegid())
        self._times: dict[str, int] = {}
        self._inheriting: set[str] = set()
        self._linked: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._handles.__exit__(error_type, error, traceback)
        self._targets.__exit__(error_type, error, traceback)

    def put(self, entry: FileEntry, content: Iterable[bytes]) -> None:
        """Make a path, replacing what is there.

        Args:
            entry: What to make; a directory that exists keeps its children.
            content: Content of a file, else not touched.

        Raises:
            OSError: The disk refused what is no mere matter of rights.
            FilesystemError: It is where the builder lives.
        """
        path = entry.path
        if not path:
            self._root(entry)
            return
        check_name(path)
        if self._is_kept(path):
            return
        directory = self._enter(parent_of(path))
        self._refusals.forget(path)
        try:
            self._make(directory, entry, content)
        except OSError as error:
            if error.errno != OCCUPIED:
                raise
            self._refuse(path)

    def link(self, path: str, target: str) -> None:
        """Make another name of a file.

        Raises:
            InvalidLayer: The target does not exist, or is a directory.
            FilesystemError: It is where the builder lives.
        """
        check_name(path)
        check_name(target)
        if self._is_kept(path):
            return
        directory = self._enter(parent_of(path))
        if target in self._refusals.absent or self._kept.covers(target):
            self._clear(directory, name_of(path), path)
            self._refuse(path)
            return
        source = self._targets.find(parent_of(target))
        problem = InvalidLayer(
            f"/{path} is a hard link to /{target}, which is no file",
            hint="the image is damaged: push or fetch it again",
        )
        if source is None:
            raise problem
        try:
            self._link(source, name_of(target), directory, path)
        except (FileNotFoundError, PermissionError) as error:
            raise problem from error
        self._linked.update((path, target))
        self._refusals.forget(path)
        if target in self._refusals.xattrs:
            self._refusals.xattrs[path] = self._refusals.xattrs[target]

    def hide(self, path: str, keeps: Keeps, is_named: Keeps) -> None:
        """Remove a path, but for what is kept.

        Args:
            path: What to remove; nothing happens where it does not exist.
            keeps: Says what stays, for `path` and all below it.
            is_named: Says which of the kept directories have a row of their own;
                others get the metadata of a parent that was made.
        """
        check_name(path)
        directory = self._find(parent_of(path))
        if directory is None or self._kept.covers(path):
            self._refusals.forget_below(path)
            return
        if self._kept.is_above(path) and not keeps(path):
            self._refusals.forget_below(path)
            self.empty(path)
        elif not keeps(path):
            self._refusals.forget_below(path)
            self._clear(directory, name_of(path), path)
        elif self._find(path) is not None:
            self.hide_children(path, keeps, is_named)
            if not is_named(path):
                self.put(FileEntry(path, FileType.DIRECTORY), ())

    def hide_children(self, path: str, keeps: Keeps, is_named: Keeps) -> None:
        """Remove what is in a directory, but for what is kept."""
        directory = self._find(path)
        if directory is None:
            return
        for name in sorted(os.listdir(directory)):
            self.hide(join(path, name), keeps, is_named)

    def empty(self, path: str) -> None:
        """Remove what is in a directory, but for what is the builder's.

        What is busy (a mount nobody told of) stays, too.
        """
        directory = self._find(path)
        for name in sorted(os.listdir(directory)) if directory is not None else ():
            inner = join(path, name)
            if self._kept.is_above(inner):
                self.empty(inner)
            elif not self._kept.covers(inner):
                with suppress_occupied():
                    self._clear(self._enter(path), name, inner)

    def finish(self) -> None:
        """Set the times of all directories touched, children first."""
        for path in sorted(self._times, reverse=True):
            directory = self._handles.find(path)
            if directory is None:
                continue
            mtime_ns = self._times[path]
            os.utime(directory, ns=(mtime_ns, mtime_ns))
            if self._stamps is not None:
                self._stamps.note(path, os.fstat(directory))
        self._times.clear()
        self._note_linked()

    # ------------------------------------------------------------ directories

    def _find(self, path: str) -> int | None:
        """Open a directory that is about to change, if it exists."""
        directory = self._handles.find(path)
        if directory is not None and path not in self._times:
            now = os.fstat(directory)
            self._times[path] = now.st_mtime_ns
            if now.st_mode & stat.S_ISGID:
                self._inheriting.add(path)
        return directory

    def _enter(self, path: str) -> int:
        """Open a directory that is about to change, making what is missing."""
        directory = self._find(path)
        while directory is None:
            missing = self._handles.missing_part(path)
            self.put(FileEntry(missing, FileType.DIRECTORY), ())
            if missing in self._refusals.absent:
                raise OSError(OCCUPIED, os.strerror(OCCUPIED), f"/{missing}")
            directory = self._find(path)
        return directory

    def _root(self, entry: FileEntry) -> None:
        directory = self._handles.find("")
        assert directory is not None  # noqa: S101 - the root is always open
        self._describe(directory, entry, fresh=False)
        self._times[""] = entry.mtime_ns

    def _directory(self, directory: int, name: str, entry: FileEntry) -> None:
        try:
            os.mkdir(name, entry.mode & ~_SET_ID, dir_fd=directory)
            fresh = True
        except FileExistsError:
            fresh = False
        fd = self._handles.find(entry.path)
        if fd is None:
            raise FileExistsError(errno.EEXIST, "in the way", f"/{entry.path}")
        self._describe(fd, entry, fresh=fresh)
        self._times[entry.path] = entry.mtime_ns
        if entry.mode & stat.S_ISGID:
            self._inheriting.add(entry.path)
        else:
            self._inheriting.discard(entry.path)

    # ------------------------------------------------------- everything else

    def _make(self, directory: int, entry: FileEntry, content: Iterable[bytes]) -> None:
        """Make a path, clearing the way where something else is there."""
        name = name_of(entry.path)
        try:
            self._make_new(directory, name, entry, content)
        except FileExistsError:
            self._clear(directory, name, entry.path)
            self._make_new(self._enter(parent_of(entry.path)), name, entry, content)

    def _make_new(
        self, directory: int, name: str, entry: FileEntry, content: Iterable[bytes]
    ) -> None:
        match entry.type:
            case FileType.DIRECTORY:
                self._directory(directory, name, entry)
            case FileType.FILE:
                self._file(directory, name, entry, content)
            case FileType.SYMLINK:
                os.symlink(entry.link_target, name, dir_fd=directory)
                self._describe_name(directory, name, entry)
            case FileType.FIFO | FileType.CHARACTER_DEVICE | FileType.BLOCK_DEVICE:
                self._special(directory, name, entry)

    def _file(
        self, directory: int, name: str, entry: FileEntry, content: Iterable[bytes]
    ) -> None:
        fd = os.open(name, _CREATE, entry.mode, dir_fd=directory)
        try:
            write_content(fd, content)
            self._describe(fd, entry, fresh=True)
            os.utime(fd, ns=(entry.mtime_ns, entry.mtime_ns))
            if self._stamps is not None:
                self._stamps.note(entry.path, os.fstat(fd))
        finally:
            os.close(fd)

    def _special(self, directory: int, name: str, entry: FileEntry) -> None:
        device = os.makedev(*entry.device) if entry.device else 0
        mode = _SPECIAL[entry.type] | entry.mode
        try:
            os.mknod(name, mode, device, dir_fd=directory)
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno not in REFUSED:
                raise
            self._clear(directory, name, entry.path)
            self._refuse(entry.path)
            return
        self._describe_name(directory, name, entry)

    def _link(self, source: int, target: str, directory: int, path: str) -> None:
        name = name_of(path)
        try:
            os.link(
                target,
                name,
                src_dir_fd=source,
                dst_dir_fd=directory,
                follow_symlinks=False,
            )
        except FileExistsError:
            if is_same_file(source, target, directory, name):
                return
            self._clear(directory, name, path)
            os.link(
                target,
                name,
                src_dir_fd=source,
                dst_dir_fd=self._enter(parent_of(path)),
                follow_symlinks=False,
            )

    def _clear(self, directory: int, name: str, path: str) -> None:
        """Remove what is at a path, if anything."""
        try:
            is_directory = stat.S_ISDIR(os.lstat(name, dir_fd=directory).st_mode)
        except FileNotFoundError:
            return
        if is_directory and self._kept.is_above(path):
            self.empty(path)
            raise OSError(OCCUPIED, os.strerror(OCCUPIED), f"/{path}")
        if is_directory:
            self._handles.forget(path)
            self._targets.forget(path)
            directory = self._enter(parent_of(path))
        remove_tree(name, directory)
        self._forget(path, is_directory=is_directory)

    def _forget(self, path: str, *, is_directory: bool) -> None:
        if not is_directory:
            if self._stamps is not None:
                self._stamps.forget(path)
            return
        if self._stamps is not None:
            self._stamps.forget_below(path)
        below = path + "/"
        for name in [n for n in self._times if n == path or n.startswith(below)]:
            del self._times[name]
        self._linked = {n for n in self._linked if not n.startswith(below)}

    def _is_kept(self, path: str) -> bool:
        """Return whether a path is the builder's; it is refused then."""
        if not self._kept.covers(path) or not self._kept.keeps(path):
            return False
        self._refuse(path)
        return True

    def _refuse(self, path: str) -> None:
        self._refusals.path(path)
        if self._stamps is not None:
            self._stamps.forget(path)

    # ---------------------------------------------------------------- metadata

    def _describe(self, fd: int, entry: FileEntry, *, fresh: bool) -> None:
        """Set owner, mode and xattrs; chown clears set-id bits and capabilities."""
        owned = self._own == (entry.uid, entry.gid) and fresh
        if owned and parent_of(entry.path) not in self._inheriting:
            chowned = False
        else:
            chowned = True
            set_owner(fd, entry)
        is_directory = entry.type is FileType.DIRECTORY
        if not fresh or entry.mode & _SET_ID or (chowned and is_directory):
            os.fchmod(fd, entry.mode)
        if not fresh:
            remove_other_xattrs(fd, entry)
        for name, value in entry.xattrs:
            self._xattr(fd, entry.path, name, value)

    def _describe_name(self, directory: int, name: str, entry: FileEntry) -> None:
        """Set owner and times of a path that must not be opened."""
        if self._own != (entry.uid, entry.gid) or self._inheriting:
            set_owner(name, entry, directory)
        times = (entry.mtime_ns, entry.mtime_ns)
        os.utime(name, ns=times, dir_fd=directory, follow_symlinks=False)
        for attribute, value in entry.xattrs:
            self._refusals.xattr(entry.path, attribute, value)
        self._note(directory, name, entry.path)

    def _xattr(self, fd: int, path: str, name: str, value: bytes) -> None:
        try:
            os.setxattr(fd, name, value)
        except OSError as error:
            if error.errno not in REFUSED_XATTR:
                raise
            self._refusals.xattr(path, name, value)

    def _note(self, directory: int, name: str, path: str) -> None:
        if self._stamps is not None:
            self._stamps.note(path, os.lstat(name, dir_fd=directory))

    def _note_linked(self) -> None:
        """Note the names of hard links last: each new name changes them all."""
        if self._stamps is None:
            return
        found: Counter[int] = Counter()
        links: dict[int, int] = {}
        for path in sorted(self._linked):
            now = self._note_again(path)
            if now is not None:
                found[now.st_ino] += 1
                links[now.st_ino] = now.st_nlink
        lower = {inode for inode, count in links.items() if count > found[inode]}
        for path in self._stamps.names_of(lower) if lower else ():
            self._note_again(path)
        self._linked.clear()

    def _note_again(self, path: str) -> os.stat_result | None:
        directory = self._handles.find(parent_of(path))
        if directory is None or self._stamps is None:
            return None
        try:
            now = os.lstat(name_of(path), dir_fd=directory)
        except FileNotFoundError:
            self._stamps.forget(path)
            return None
        self._stamps.note(path, now)
        return now
