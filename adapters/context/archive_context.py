"""An archive as the build context, unpacked while it comes in.

Contents are stored under numbers, and names are kept as rows: nothing that an archive
says becomes a name on disk. The archive itself is never stored. Where its bytes come
from is the business of the `Archive`s.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from adapters.archive.chunks import ZEROS, ChunkReader
from adapters.archive.compression import MAGIC_LENGTH, decompressed, is_compressed
from adapters.archive.tar_member import TarMember
from adapters.archive.tar_reader import TarReader
from adapters.context.archive_rows import ArchiveRows
from application.errors import ContextUnavailable, FilesystemError
from application.ports.context import BuildContext
from domain.errors import BuildRuleError, InvalidLayer
from domain.snapshot.entry import FileEntry, FileType, join, without_lone_links
from domain.snapshot.tree import FileTree, resolve_path

MAXIMUM_MEMBERS = 1_000_000
"""Files of an archive: rows are held in memory, some hundred bytes each."""

MAXIMUM_NAMES = 256 << 20
"""Bytes of all names and attributes; they are held in memory, too."""

_NO_ARCHIVE = "give a tar archive, plain or compressed with gzip, bzip2, xz or zstd"


class Archive(Protocol):
    """The bytes of an archive."""

    @property
    def place(self) -> str:
        """Where it is, for messages; without credentials."""

    def chunks(self) -> Generator[bytes, None, None]:
        """Yield its bytes as they are stored, once.

        Raises:
            ContextUnavailable: It does not exist, or cannot be fetched to its end.
        """


class ArchiveSource:
    """A context that is an archive (implements `ContextSource`).

    Args:
        archive: The archive.
        directory: Where contents are stored; it exists.
        sub_path: Directory in the archive to use as the context, "" for all of it.
        limit: Bytes that it may come to unpacked, 0 for as many as there are.
        tell: Is told of what is left out.
    """

    def __init__(
        self,
        archive: Archive,
        directory: Path,
        sub_path: str = "",
        limit: int = 0,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._archive = archive
        self._directory = directory
        self._sub_path = sub_path
        self._limit = limit
        self._tell = tell

    def fetch(self, advance: Callable[[int], None] = lambda _: None) -> BuildContext:
        """Fetch and unpack the archive; see the port."""
        rows = ArchiveRows()
        try:
            self._unpack(rows, advance)
        except InvalidLayer as error:
            raise ContextUnavailable(
                f"the archive of the build context cannot be used: {error.message}",
                place=self._archive.place,
                hint=error.hint or _NO_ARCHIVE,
            ) from error
        except OSError as error:
            raise FilesystemError(
                f"the build context cannot be unpacked: {error.strerror}",
                place=str(self._directory),
                hint="free some space, or name another directory by --kaniko-dir",
            ) from error
        if rows.devices:
            self._tell(f"{rows.devices} devices of the build context are left out")
        tree = rows.tree()
        root = _directory_of(tree, self._sub_path, self._archive.place)
        return ArchiveContext(tree, root, self._directory, rows.stored())

    def _unpack(self, rows: ArchiveRows, advance: Callable[[int], None]) -> None:
        with closing(self._archive.chunks()) as chunks:
            budget = _Budget(self._limit)
            stream = ChunkReader(_told(chunks, advance))
            is_plain = not is_compressed(stream.peek(MAGIC_LENGTH))
            content = decompressed(cast("BinaryIO", stream))
            reader = TarReader(budget.counted(content))
            for member in _members(reader):
                budget.take(member)
                rows.add(member, self._keep(reader, member, budget.members))
        if not budget.members:
            raise InvalidLayer("it is empty", hint=_NO_ARCHIVE)
        if is_plain and not reader.has_end:  # what is compressed has an end of its own
            raise InvalidLayer(
                "it was cut off: the blocks that end a tar archive are missing",
                hint="make or send the archive again",
            )

    def _keep(self, reader: TarReader, member: TarMember, number: int) -> str:
        """Store a file's content; return its name on disk."""
        if member.type is not FileType.FILE or member.is_hard_link:
            return ""
        name = str(number)
        with (self._directory / name).open("xb") as kept:
            for chunk in reader.content():
                if chunk is ZEROS:
                    kept.seek(len(chunk), os.SEEK_CUR)
                else:
                    kept.write(chunk)
            kept.truncate(member.size)
        return name


def _told(chunks: Iterable[bytes], advance: Callable[[int], None]) -> Iterator[bytes]:
    for chunk in chunks:
        advance(len(chunk))
        yield chunk


def _members(reader: TarReader) -> Iterator[TarMember]:
    """Yield the members; what does not begin with one is no archive at all."""
    members = iter(reader)
    try:
        first = next(members, None)
    except InvalidLayer as error:
        message = f"it is no tar archive ({error.message})"
        raise InvalidLayer(message, hint=_NO_ARCHIVE) from error
    if first is not None:
        yield first
        yield from members


class _Budget:
    """What an archive may still come to: no archive fills disk or memory."""

    def __init__(self, limit: int) -> None:
        self.members = 0
        self._limit = limit
        self._came = 0
        self._sizes = 0
        self._names = 0

    def counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._came += len(chunk)
            self._check()
            yield chunk

    def take(self, member: TarMember) -> None:
        self.members += 1
        self._sizes += member.size  # that of a sparse file does not come in chunks
        self._names += len(member.name) + len(member.link_name)
        self._names += sum(len(name) + len(value) for name, value in member.xattrs)
        self._check()

    def _check(self) -> None:
        if self._limit and max(self._came, self._sizes) > self._limit:
            raise InvalidLayer(
                f"it unpacks to more than {self._limit} bytes",
                hint="is that meant, allow more by --context-limit=SIZE (0: any)",
            )
        if self.members > MAXIMUM_MEMBERS or self._names > MAXIMUM_NAMES:
            raise InvalidLayer(
                f"it has more than {MAXIMUM_MEMBERS} files, or names of more than"
                f" {MAXIMUM_NAMES >> 20} MiB",
                hint="leave out of the archive what the build does not need",
            )


class ArchiveContext:
    """The files of an archive that was unpacked (implements `BuildContext`).

    Args:
        tree: Rows of the whole archive.
        root: Directory of it that is the context.
        directory: Where contents are stored.
        stored: What the content of each file is stored under, by path.
    """

    def __init__(
        self, tree: FileTree, root: str, directory: Path, stored: Mapping[str, str]
    ) -> None:
        self._tree = tree
        self._root = root
        self._directory = directory
        self._stored = stored

    def entries(self, skips: Callable[[FileEntry], bool]) -> Iterator[FileEntry]:
        """Yield the rows, the root's first, names sorted; see the port."""
        yield from without_lone_links(list(self._rows(skips)))

    def open(self, path: str) -> BinaryIO:
        """Open a regular file; symlinks are followed inside the context.

        Raises:
            ContextUnavailable: There is none.
        """
        try:
            found = resolve_path(self._look, path)
        except BuildRuleError as error:
            raise ContextUnavailable(error.message, place=path) from error
        stored = self._stored.get(join(self._root, found))
        if stored is None:
            raise ContextUnavailable("is no regular file", place=path)
        return (self._directory / stored).open("rb")

    def _look(self, path: str) -> FileEntry | None:
        return self._tree.get(join(self._root, path))

    def _rows(self, skips: Callable[[FileEntry], bool]) -> Iterator[FileEntry]:
        pending = [""]
        while pending:
            path = pending.pop()
            row = self._look(path)
            if row is None:
                continue
            row = row._replace(path=path)
            if row.type is FileType.DIRECTORY:
                if path and skips(row):
                    continue
                names = self._tree.children(join(self._root, path))
                pending += [join(path, name) for name in reversed(names)]
            yield row


def _directory_of(tree: FileTree, sub_path: str, place: str) -> str:
    """Return the path of the directory that is to be the context.

    Raises:
        ContextUnavailable: There is none, or it lies outside.
    """
    hint = "name a directory below the context in --context-sub-path"
    if leaves(sub_path):
        message = f'the sub-path "{sub_path}" leaves the build context'
        raise ContextUnavailable(message, place=place, hint=hint)
    try:
        path = tree.resolve(sub_path)
        row = tree.get(path)
    except BuildRuleError as error:
        raise ContextUnavailable(error.message, place=place, hint=hint) from error
    if row is None or row.type is not FileType.DIRECTORY:
        message = f'the build context has no directory "{sub_path}"'
        raise ContextUnavailable(message, place=place, hint=hint)
    return path


def leaves(sub_path: str) -> bool:
    """Return whether a sub-path points out of its context."""
    return posixpath.normpath(sub_path.lstrip("/")).partition("/")[0] == ".."
