"""Ports: the build context, and the Dockerfile that belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from domain.snapshot.entry import FileEntry
from domain.values import dataclass


class BuildContext(Protocol):
    """The files COPY and ADD may take. Never modified."""

    def entries(self, skips: Callable[[FileEntry], bool]) -> Iterator[FileEntry]:
        """Yield the rows of all files, parents before children.

        Symlinks are rows, never followed. Sockets are left out. Rows carry the
        `link_group` of hard links within the context.

        Args:
            skips: Asked for each directory: whether neither it nor anything
                below it is wanted.

        Raises:
            ContextUnavailable: A directory cannot be read.
        """

    def open(self, path: str) -> BinaryIO:
        """Open a regular file, no symlink of its path followed out of the context.

        The caller closes it.

        Raises:
            ContextUnavailable: It is gone, or no regular file.
        """


class ContextSource(Protocol):
    """Where the context comes from: a directory, an archive, a repository."""

    def fetch(self, advance: Callable[[int], None] = lambda _: None) -> BuildContext:
        """Make the context readable here. Called once per build.

        Args:
            advance: Is told how many more bytes came in, where they pass through here.

        Raises:
            ContextUnavailable: It does not exist, or cannot be fetched.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerfileText:
    """A Dockerfile as found.

    Attributes:
        path: Where it was found, for messages.
        data: Its bytes.
        ignore: Bytes of the ignore file that applies to this build, or None.
    """

    path: str
    data: bytes
    ignore: bytes | None


class DockerfileSource(Protocol):
    """Finds the Dockerfile."""

    def read(self, name: str, context: BuildContext) -> DockerfileText:
        """Return the Dockerfile and its ignore file.

        Looked for in the working directory first, then in the context (kaniko
        does the same). The ignore file is `<name>.dockerignore` beside it,
        else `.dockerignore` of the context.

        Raises:
            DockerfileUnavailable: In neither place.
        """
