"""Port: git repositories that ADD takes files from."""

from __future__ import annotations

from typing import Protocol

from application.ports.context import BuildContext
from domain.build.remote_source import GitSource
from domain.values import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryAccess:
    """What a repository may be shown.

    Attributes:
        authorization: Value of the header Authorization, "" for none; sent to the
            host of the address alone.
        agent: Path of the socket of an SSH agent, "" for none.
    """

    authorization: str = field(default="", repr=False)
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The files of one commit.

    Attributes:
        commit: Its name.
        time_ns: When it was committed.
        files: What it holds, or what its `subdir` holds; with `.git` if that was
            asked for, and never with the `.git` of a submodule alone. Owners,
            modes and times are those of the disk.
    """

    commit: str
    time_ns: int
    files: BuildContext


class Repositories(Protocol):
    """Checks commits of repositories out into the work directory."""

    def checkout(self, source: GitSource, access: RepositoryAccess) -> Checkout:
        """Fetch and check out what a source names, as little as the server allows.

        Nothing that the repository holds is run. A password in the address is sent
        to its host alone; it is in no message, and in nothing that is kept.

        Raises:
            SourceUnavailable: The repository cannot be reached, wants (other)
                credentials, or has no such ref or directory.
            DigestMismatch: The commit is not the one the source demands.
            FilesystemError: No space left.
        """
