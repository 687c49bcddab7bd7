"""A local directory as the build context.

Walks and opens by directory descriptors, so that no symlink, however it changes
meanwhile, leads out of the directory. It never writes, and it knows nothing of
.dockerignore: the caller says what it wants.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from application.errors import ContextUnavailable
from application.ports.context import BuildContext
from domain.errors import BuildRuleError
from domain.snapshot.entry import FileEntry, FileType, join, without_lone_links
from domain.snapshot.tree import resolve_path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A fifo is opened without waiting for its writer, and found out afterwards.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_TYPES = {
    stat.S_IFREG: FileType.FILE,
    stat.S_IFDIR: FileType.DIRECTORY,
    stat.S_IFLNK: FileType.SYMLINK,
    stat.S_IFIFO: FileType.FIFO,
    stat.S_IFCHR: FileType.CHARACTER_DEVICE,
    stat.S_IFBLK: FileType.BLOCK_DEVICE,
}


class DirectorySource:
    """A directory given by `--context` (implements `ContextSource`).

    Args:
        path: The directory, relative ones from the working directory.
        sub_path: Directory in it to use as the context, "" for itself.
        locate: Says where a path is, should it be moved meanwhile.
    """

    def __init__(
        self,
        path: str,
        sub_path: str = "",
        locate: Callable[[str], str] = lambda path: path,
    ) -> None:
        self._path = path
        self._sub_path = sub_path
        self._locate = locate

    def fetch(self, advance: Callable[[int], None] = lambda _: None) -> BuildContext:
        """Check the directory; nothing is copied.

        Raises:
            ContextUnavailable: It does not exist, is none, or lies outside.
        """
        del advance  # nothing comes in
        root = self._real(Path(self._path), hint="check --context")
        if not self._sub_path:
            return DirectoryContext(str(root), self._locate)
        inside = root / self._sub_path.lstrip("/")
        directory = self._real(inside, hint="check --context-sub-path")
        if not directory.is_relative_to(root):
            raise ContextUnavailable(
                f'the sub-path "{self._sub_path}" leaves the build context',
                place=self._path,
                hint="name a directory below the context in --context-sub-path",
            )
        return DirectoryContext(str(directory), self._locate)

    def _real(self, path: Path, *, hint: str) -> Path:
        """Return the path without symlinks, known to be a directory."""
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:  # RuntimeError: a loop of symlinks
            what = getattr(error, "strerror", None) or "a loop of symlinks"
            raise ContextUnavailable(
                f"the build context cannot be used: {what}",
                place=str(path),
                hint=hint,
            ) from error
        if not real.is_dir():
            raise ContextUnavailable(
                "the build context is no directory", place=str(path), hint=hint
            )
        return real


class DirectoryContext:
    """The files of a directory (implements `BuildContext`).

    Args:
        root: Absolute path without symlinks.
        locate: Says where a path is, should it be moved meanwhile.
    """

    def __init__(
        self, root: str, locate: Callable[[str], str] = lambda path: path
    ) -> None:
        self._given = root
        self._locate = locate

    @property
    def _root(self) -> str:
        return self._locate(self._given)

    def entries(self, skips: Callable[[FileEntry], bool]) -> Iterator[FileEntry]:
        """Yield the rows, the root's first, names sorted; see the port.

        Raises:
            ContextUnavailable: A directory cannot be read.
        """
        # Other names of a file may lie outside, or may not be wanted.
        yield from without_lone_links(list(self._rows(skips)))

    def open(self, path: str) -> BinaryIO:
        """Open a regular file; symlinks are followed inside the context.

        Raises:
            ContextUnavailable: It is gone, or no regular file.
        """
        try:
            descriptor = self._open(resolve_path(self._look, path))
        except (OSError, BuildRuleError) as error:
            raise ContextUnavailable(
                f"cannot be read: {getattr(error, 'strerror', None) or error}",
                place=path,
            ) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise ContextUnavailable("is no regular file", place=path)
        return os.fdopen(descriptor, "rb")

    def _open(self, path: str) -> int:
        """Open a path, none of whose components may be a symlink."""
        *parents, name = path.split("/")
        with ExitStack() as stack:
            directory = os.open(self._root, _DIRECTORY)
            stack.callback(os.close, directory)
            for parent in parents:
                directory = os.open(parent, _DIRECTORY, dir_fd=directory)
                stack.callback(os.close, directory)
            return os.open(name or ".", _FILE, dir_fd=directory)

    def _look(self, path: str) -> FileEntry | None:
        """Return the row of a path whose parents are no symlinks."""
        absolute = Path(self._root, path)
        try:
            found = absolute.lstat()
            target = str(absolute.readlink()) if stat.S_ISLNK(found.st_mode) else ""
        except OSError:
            return None
        return _row(path, found, target)

    def _rows(self, skips: Callable[[FileEntry], bool]) -> Iterator[FileEntry]:
        with self._readable(""):
            descriptor = os.open(self._root, _DIRECTORY)
        open_directories = [self._listed("", descriptor)]
        try:
            root = _row("", os.fstat(descriptor))
            if root is not None:
                yield root
            while open_directories:
                directory = open_directories[-1]
                name = next(directory.names, None)
                if name is None:
                    os.close(open_directories.pop().descriptor)
                    continue
                row = self._child(directory, name)
                if row is None:
                    continue
                if row.type is FileType.DIRECTORY:
                    if skips(row):
                        continue
                    open_directories.append(self._entered(directory, name))
                yield row
        finally:
            for directory in open_directories:
                os.close(directory.descriptor)

    def _entered(self, directory: _Directory, name: str) -> _Directory:
        path = join(directory.path, name)
        with self._readable(path):
            descriptor = os.open(name, _DIRECTORY, dir_fd=directory.descriptor)
        return self._listed(path, descriptor)

    def _listed(self, path: str, descriptor: int) -> _Directory:
        with self._readable(path):
            names = sorted(os.listdir(descriptor))
        return _Directory(path, descriptor, iter(names))

    def _child(self, directory: _Directory, name: str) -> FileEntry | None:
        """Return the row of a name, None for a socket or what has just gone."""
        path = join(directory.path, name)
        descriptor = directory.descriptor
        with self._readable(path):
            try:
                found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                link = stat.S_ISLNK(found.st_mode)
                target = os.readlink(name, dir_fd=descriptor) if link else ""
            except FileNotFoundError:
                return None
        row = _row(path, found, target)
        return row and row._replace(xattrs=_xattrs(f"{self._root}/{path}"))

    @contextmanager
    def _readable(self, path: str) -> Iterator[None]:
        """Translate what the disk refuses."""
        try:
            yield
        except OSError as error:
            raise ContextUnavailable(
                f"the build context cannot be read: {error.strerror}",
                place=path or self._root,
                hint="make it readable, or name it in .dockerignore",
            ) from error


class _Directory(NamedTuple):
    """A directory that is being walked; `names` are those still to be done."""

    path: str
    descriptor: int
    names: Iterator[str]


def _row(path: str, found: os.stat_result, target: str = "") -> FileEntry | None:
    """Return the row of what was found, None for a socket."""
    kind = _TYPES.get(stat.S_IFMT(found.st_mode))
    if kind is None:
        return None
    linked = found.st_nlink > 1 and kind is not FileType.DIRECTORY
    device = kind in {FileType.CHARACTER_DEVICE, FileType.BLOCK_DEVICE}
    return FileEntry(
        path=path,
        type=kind,
        mode=stat.S_IMODE(found.st_mode),
        uid=found.st_uid,
        gid=found.st_gid,
        size=found.st_size if kind is FileType.FILE else 0,
        mtime_ns=found.st_mtime_ns,
        link_target=target,
        link_group=f"{found.st_dev}:{found.st_ino}" if linked else "",
        device=(os.major(found.st_rdev), os.minor(found.st_rdev)) if device else None,
    )


def _xattrs(path: str) -> tuple[tuple[str, bytes], ...]:
    """Return the attributes that belong to a file and not to this machine.

    Best effort: a file system without them has none. Labels (SELinux, IMA) and
    what overlay file systems note for themselves stay behind.
    """
    with suppress(OSError):
        return tuple(
            (name, os.getxattr(path, name, follow_symlinks=False))
            for name in sorted(os.listxattr(path, follow_symlinks=False))
            if name == "security.capability"
            or (name.startswith("user.") and not name.startswith("user.overlay."))
        )
    return ()
