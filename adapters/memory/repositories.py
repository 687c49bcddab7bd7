"""Git repositories in memory: commits are build contexts."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.memory.context import MemoryBuildContext
from application.errors import DigestMismatch, SourceUnavailable
from application.ports.repositories import Checkout, RepositoryAccess
from domain.build.remote_source import GitSource
from domain.snapshot.entry import FileEntry, FileType
from domain.values import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryCommit:
    """A commit.

    Attributes:
        name: Its hash.
        time_ns: When it was committed.
        files: Content by path.
        executable: Which of them are executable.
        links: Targets of symlinks by path.
        submodules: Content of files that lie in other repositories.
    """

    name: str
    time_ns: int = 0
    files: Mapping[str, bytes] = field(default_factory=dict)
    executable: frozenset[str] = frozenset()
    links: Mapping[str, str] = field(default_factory=dict)
    submodules: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRepository:
    """A repository.

    Attributes:
        refs: Commits by full ref; "HEAD" is the default one.
        authorization: Header without which it is refused, "" for everybody.
    """

    refs: Mapping[str, MemoryCommit]
    authorization: str = ""


class MemoryRepositories:
    """`Repositories` of given commits.

    Attributes:
        repositories: What there is, by address.
        checked_out: What was asked for, in order.
    """

    def __init__(
        self, repositories: Mapping[str, MemoryRepository] | None = None
    ) -> None:
        self.repositories = dict(repositories or {})
        self.checked_out: list[GitSource] = []

    def checkout(self, source: GitSource, access: RepositoryAccess) -> Checkout:
        """Check a commit out; see the port."""
        self.checked_out.append(source)
        commit = self._commit(source, access)
        if not commit.name.startswith(source.checksum):
            raise DigestMismatch(
                f"the commit is {commit.name}, not {source.checksum}",
                place=str(source),
                hint="check the branch or tag, or change the checksum",
            )
        files = dict(commit.files)
        if source.submodules:
            files.update(commit.submodules)
        if source.keep_git_dir and not source.subdir:
            files[".git/HEAD"] = f"{commit.name}\n".encode()
        if source.subdir:
            below = f"{source.subdir}/"
            files = {
                path.removeprefix(below): data
                for path, data in files.items()
                if path.startswith(below)
            }
            if not files:
                raise _unknown(source, f"has no directory {source.subdir!r}")
        return Checkout(
            commit=commit.name,
            time_ns=commit.time_ns,
            files=MemoryBuildContext(files, _rows(commit, files, source.subdir)),
        )

    def _commit(self, source: GitSource, access: RepositoryAccess) -> MemoryCommit:
        repository = self.repositories.get(source.remote)
        if repository is None:
            raise _unknown(source, "cannot be found")
        if repository.authorization not in ("", access.authorization):
            raise _unknown(source, "wants a credential")
        ref = source.ref or "HEAD"
        for name in (ref, f"refs/heads/{ref}", f"refs/tags/{ref}"):
            if name in repository.refs:
                return repository.refs[name]
        for commit in repository.refs.values():
            if commit.name.startswith(ref):
                return commit
        raise _unknown(source, f"has no branch, tag or commit {ref!r}")


def _unknown(source: GitSource, what: str) -> SourceUnavailable:
    return SourceUnavailable(f"the repository {what}", place=str(source))


def _rows(
    commit: MemoryCommit, files: Mapping[str, bytes], subdir: str
) -> list[FileEntry]:
    """Return the rows of what is more than a plain file."""
    prefix = f"{subdir}/" if subdir else ""
    executable = [
        FileEntry(path, FileType.FILE, mode=0o755, size=len(data))
        for path, data in files.items()
        if prefix + path in commit.executable
    ]
    links = [
        FileEntry(
            path.removeprefix(prefix), FileType.SYMLINK, 0o777, link_target=target
        )
        for path, target in commit.links.items()
        if path.startswith(prefix)
    ]
    return executable + links
