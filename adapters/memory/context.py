"""In-memory build context and Dockerfile."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import BinaryIO

from application.errors import ContextUnavailable, DockerfileUnavailable
from application.ports.context import BuildContext, DockerfileText
from domain.errors import BuildRuleError
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.tree import FileTree


class MemoryBuildContext:
    """A build context made of rows and contents (implements `BuildContext`).

    Args:
        files: Content by path; each becomes a row of a file, 0644.
        entries: Further rows, or rows to be used instead.
        unreadable: Directories that cannot be read.

    Attributes:
        opened: Paths that were opened, in their order.
    """

    def __init__(
        self,
        files: Mapping[str, bytes] | None = None,
        entries: Iterable[FileEntry] = (),
        unreadable: Iterable[str] = (),
    ) -> None:
        self._contents = dict(files or {})
        rows = {
            path: FileEntry(path, FileType.FILE, mode=0o644, size=len(content))
            for path, content in self._contents.items()
        }
        rows.update({entry.path: entry for entry in entries})
        self._tree = FileTree.of(rows[path] for path in sorted(rows))
        self._unreadable = frozenset(unreadable)
        self.opened: list[str] = []

    def entries(self, skips: Callable[[FileEntry], bool]) -> Iterator[FileEntry]:
        """Yield the rows, the root's first.

        Raises:
            ContextUnavailable: A directory of `unreadable` is wanted.
        """
        yield from self._below("", skips)

    def open(self, path: str) -> BinaryIO:
        """Open the content of a file.

        Raises:
            ContextUnavailable: There is no such file.
        """
        self.opened.append(path)
        try:
            row = self._tree.get(self._tree.resolve(path))
        except BuildRuleError as error:
            raise ContextUnavailable(error.message, place=path) from error
        if row is None or row.type is not FileType.FILE:
            raise ContextUnavailable("is no regular file", place=path)
        return io.BytesIO(self._contents.get(row.path, b""))

    def _below(
        self, path: str, skips: Callable[[FileEntry], bool]
    ) -> Iterator[FileEntry]:
        row = self._tree.get(path)
        if row is None:
            return
        if row.type is FileType.DIRECTORY and path:
            if skips(row):
                return
            if path in self._unreadable:
                raise ContextUnavailable("the build context cannot be read", place=path)
        yield row
        for name in self._tree.children(path):
            yield from self._below(f"{path}/{name}" if path else name, skips)


class MemoryContextSource:
    """Hands out a context (implements `ContextSource`).

    Args:
        context: The context, or the error `fetch` raises.
        size: Bytes that come in for it.
    """

    def __init__(
        self, context: BuildContext | ContextUnavailable, size: int = 0
    ) -> None:
        self._context = context
        self._size = size

    def fetch(self, advance: Callable[[int], None] = lambda _: None) -> BuildContext:
        """Return the context.

        Raises:
            ContextUnavailable: That is what it was made with.
        """
        if isinstance(self._context, ContextUnavailable):
            raise self._context
        advance(self._size)
        return self._context


class MemoryDockerfileSource:
    """A Dockerfile given as text (implements `DockerfileSource`).

    Args:
        text: The Dockerfile, None for none.
        ignore: Its ignore file, None for none.
    """

    def __init__(self, text: str | None, ignore: str | None = None) -> None:
        self._text = text
        self._ignore = ignore

    def read(self, name: str, context: BuildContext) -> DockerfileText:
        """Return the Dockerfile, whatever its name.

        Raises:
            DockerfileUnavailable: There is none.
        """
        if self._text is None:
            raise DockerfileUnavailable("there is no such Dockerfile", place=name)
        ignore = None if self._ignore is None else self._ignore.encode()
        return DockerfileText(path=name, data=self._text.encode(), ignore=ignore)
