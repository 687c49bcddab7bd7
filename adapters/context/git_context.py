"""A commit of a repository as the build context.

Fetching and checking out are `adapters.context.git_repositories`'s. Rows are what git
knows of a file, with the time of the commit, so that a later checkout makes the same
layers.
"""

from __future__ import annotations

import base64
import posixpath
from collections.abc import Callable, Iterator
from typing import BinaryIO
from urllib.parse import urlsplit

from adapters.context.archive_context import leaves
from application.errors import ContextUnavailable, SourceUnavailable
from application.ports.context import BuildContext
from application.ports.repositories import Repositories, RepositoryAccess
from domain.build.remote_source import GitSource, of_commit
from domain.snapshot.entry import FileEntry
from domain.values import replace


def access_to(
    source: GitSource, user: str, password: str, agent: str
) -> RepositoryAccess:
    """Return what a repository may be shown; a user in its address goes first.

    Args:
        source: The repository.
        user: A user, or a token, "" for none.
        password: Its password, "" for a token's.
        agent: Socket of an SSH agent, "" for none.
    """
    if not user or "@" in urlsplit(source.remote).netloc:
        return RepositoryAccess(agent=agent)
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return RepositoryAccess(authorization=f"Basic {pair}", agent=agent)


class GitContextSource:
    """A context in a repository (implements `ContextSource`).

    Args:
        repositories: What checks commits out.
        source: Which commit.
        access: What the repository may be shown.
        sub_path: Directory in it to use as the context, "" for the source's.
    """

    def __init__(
        self,
        repositories: Repositories,
        source: GitSource,
        access: RepositoryAccess,
        sub_path: str = "",
    ) -> None:
        self._repositories = repositories
        self._source = source
        self._access = access
        self._sub_path = sub_path

    def fetch(self, advance: Callable[[int], None] = lambda _: None) -> BuildContext:
        """Fetch and check out the commit; see the port."""
        del advance  # git fetches
        sub_path = self._sub_path
        if leaves(sub_path):
            raise ContextUnavailable(
                f'the sub-path "{sub_path}" leaves the build context',
                place=str(self._source),
                hint="name a directory below the context in --context-sub-path",
            )
        inside = posixpath.normpath(f"/{self._source.subdir}/{sub_path}").lstrip("/")
        source = replace(self._source, subdir=inside)
        try:
            checkout = self._repositories.checkout(source, self._access)
        except SourceUnavailable as error:
            raise ContextUnavailable(
                f"the build context cannot be fetched: {error.message}",
                place=error.place,
                hint=error.hint,
            ) from error
        return _CommittedFiles(checkout.files, checkout.time_ns)


class _CommittedFiles:
    """The files of a commit, as git knows them (implements `BuildContext`)."""

    def __init__(self, files: BuildContext, time_ns: int) -> None:
        self._files = files
        self._time_ns = time_ns

    def entries(self, skips: Callable[[FileEntry], bool]) -> Iterator[FileEntry]:
        """Yield the rows; see the port."""
        for row in self._files.entries(skips):
            yield of_commit(row, self._time_ns)

    def open(self, path: str) -> BinaryIO:
        """Open a file; see the port."""
        return self._files.open(path)
