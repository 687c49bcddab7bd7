"""Checks out repositories, of ADD and of contexts, with git in the work directory.

As little as possible is fetched: one commit where the server allows it, else all
branches and tags. What a repository holds is laid down and never run.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from adapters.context.directory import DirectoryContext
from adapters.context.git_configuration import Remote, git_configuration
from adapters.context.git_program import GitFailure, GitProgram
from adapters.http.client import HttpOptions
from adapters.http.tls import added_certificates
from application.errors import DigestMismatch, FilesystemError, SourceUnavailable
from application.ports.context import BuildContext
from application.ports.repositories import Checkout, RepositoryAccess
from domain.build.remote_source import GitSource
from domain.snapshot.entry import FileEntry, name_of

_GIT_DIRECTORY = ".git"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ABBREVIATED = re.compile(r"[0-9a-f]{4,64}")
_EVERYTHING = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
_QUIETLY = ("fetch", "--quiet", "--no-tags", "--force", "--update-head-ok")
_NANOSECONDS = 10**9


class GitRepositories:
    """The `Repositories` port on a directory of the work directory.

    Args:
        options: TLS and proxies.
        directory: Where repositories are checked out; it exists.
        ssh: Path of the SSH client; it asks nothing. "" for the `ssh` in PATH.
        depth: How many commits are fetched, 0 for the whole history.
    """

    def __init__(
        self, options: HttpOptions, directory: Path, ssh: str = "", depth: int = 1
    ) -> None:
        self._depth = depth
        self._options = options
        self._directory = directory
        self._ssh = ssh
        self._count = 0

    def checkout(self, source: GitSource, access: RepositoryAccess) -> Checkout:
        """Check a commit out; see the port."""
        self._count += 1
        place = self._directory / str(self._count)
        remote = Remote.parse(source.remote, access.authorization)
        try:
            place.mkdir()
            with self._configured(remote) as configuration:
                git = GitProgram(place, configuration, access.agent, self._ssh)
                commit = _Commit(git, place, remote.url, source)
                return commit.check_out(self._depth)
        except GitFailure as failure:
            raise failure.explained(str(source)) from failure
        except OSError as error:
            raise FilesystemError(
                f"a repository cannot be checked out: {error.strerror}",
                place=str(self._directory),
                hint="free some space, or name another directory by --kaniko-dir",
            ) from error

    @contextmanager
    def _configured(self, remote: Remote) -> Iterator[Path]:
        """Offer a configuration that is gone afterwards: it may hold a token."""
        home = self._directory / f"{self._count}.home"
        home.mkdir(mode=0o700)
        try:
            host = self._options.for_host(remote.host)
            certificates = added_certificates(host, self._options.environment)
            bundle = home / "certificates" if certificates else None
            if bundle:
                bundle.write_bytes(certificates)
            path = home / "configuration"
            text = git_configuration(remote, self._options, str(bundle or ""))
            path.write_text(text, encoding="utf-8", errors="surrogateescape")
            yield path
        finally:
            shutil.rmtree(home, ignore_errors=True)


class _Wanted(NamedTuple):
    """What to fetch: a full ref, or a commit, perhaps abbreviated."""

    ref: str = ""
    commit: str = ""


class _Commit:
    """One commit on its way into the work directory."""

    def __init__(
        self, git: GitProgram, place: Path, remote: str, source: GitSource
    ) -> None:
        self._git = git
        self._place = place
        self._remote = remote
        self._source = source

    def check_out(self, depth: int) -> Checkout:
        self._git.run("init", "--quiet", "--template=")
        self._git.run("remote", "add", "--", "origin", self._remote)
        name = self._fetch(self._wanted(), depth)
        self._verify(name)
        self._git.run("checkout", "--quiet", "--force", "--detach", name)
        # without times and inodes of this disk the index is the same each time
        self._git.run("read-tree", name)
        if self._source.submodules and (self._place / ".gitmodules").is_file():
            self._update_submodules()
        seconds = int(self._git.run("show", "--no-patch", "--format=%ct", name))
        (self._place / _GIT_DIRECTORY / "FETCH_HEAD").unlink(missing_ok=True)
        return Checkout(
            commit=name, time_ns=seconds * _NANOSECONDS, files=self._files()
        )

    def _wanted(self) -> _Wanted:
        """Find out what the ref stands for; a branch goes before a tag."""
        ref = self._source.ref
        commit = self._source.commit
        if _COMMIT.fullmatch(ref):
            return _Wanted(commit=commit or ref)
        names = [ref] if ref.startswith("refs/") else _full_names(ref)
        listed = self._git.run("ls-remote", "--quiet", "--", self._remote, *names)
        known = {line.partition("\t")[2] for line in listed.splitlines()}
        for name in names:
            if name in known:
                return _Wanted(ref=name, commit=commit)
        if _ABBREVIATED.fullmatch(ref):
            return _Wanted(commit=commit or ref)
        raise self._unknown(ref)

    def _fetch(self, wanted: _Wanted, depth: int) -> str:
        """Fetch what is wanted; return the name of the commit."""
        spec = f"+{wanted.ref}:{wanted.ref}" if wanted.ref != "HEAD" else "HEAD"
        if wanted.commit:
            complete = _COMMIT.fullmatch(wanted.commit)
            if not (complete and self._fetches(depth, wanted.commit)):
                specs = [spec] if wanted.ref else _EVERYTHING
                self._git.run(*_QUIETLY, "--", "origin", *specs)
            return self._commit_of(wanted.commit)
        if not self._fetches(depth, spec):
            self._git.run(*_QUIETLY, "--", "origin", spec)
        return self._commit_of("FETCH_HEAD")

    def _fetches(self, depth: int, spec: str) -> bool:
        """Try to fetch few commits: not every server hands out any, or parts."""
        few = (f"--depth={depth}",) if depth else ()
        try:
            self._git.run(*_QUIETLY, *few, "--", "origin", spec)
        except GitFailure:
            return False
        return True

    def _commit_of(self, name: str) -> str:
        try:
            found = self._git.run(
                "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"
            )
        except GitFailure as failure:
            raise self._unknown(name) from failure
        return found.strip()

    def _verify(self, name: str) -> None:
        if not name.startswith(self._source.checksum):
            raise DigestMismatch(
                f"the commit is {name}, not {self._source.checksum}",
                place=str(self._source),
                hint="check the branch or tag, or change the checksum",
            )

    def _update_submodules(self) -> None:
        update = ("submodule", "--quiet", "update", "--init", "--recursive", "--force")
        try:
            self._git.run(*update, "--depth=1")
        except GitFailure:
            self._git.run(*update)

    def _files(self) -> BuildContext:
        subdir = self._source.subdir
        place = self._place.resolve()
        root = (place / subdir).resolve()
        inside = root.is_relative_to(place) and root.is_dir()
        if not inside or _GIT_DIRECTORY in root.relative_to(place).parts:
            raise SourceUnavailable(
                f"the repository has no directory {subdir!r}",
                place=str(self._source),
                hint="check the part behind the colon, or subdir=",
            )
        files = DirectoryContext(str(root))
        keeps_all = self._source.keep_git_dir and not subdir
        return files if keeps_all else _WithoutGit(files)

    def _unknown(self, ref: str) -> SourceUnavailable:
        wanted = f"branch, tag or commit {ref!r}" if ref else "default branch"
        return SourceUnavailable(
            f"the repository has no {wanted}",
            place=str(self._source),
            hint="check the part of the address behind #",
        )


class _WithoutGit:
    """A checkout without what belongs to git itself, also in submodules."""

    def __init__(self, files: BuildContext) -> None:
        self._files = files

    def entries(self, skips: Callable[[FileEntry], bool]) -> Iterator[FileEntry]:
        """Yield the rows; see `BuildContext`."""
        rows = self._files.entries(lambda row: _belongs_to_git(row) or skips(row))
        return (row for row in rows if not _belongs_to_git(row))

    def open(self, path: str) -> BinaryIO:
        """Open a file; see `BuildContext`."""
        return self._files.open(path)


def _belongs_to_git(row: FileEntry) -> bool:
    return name_of(row.path) == _GIT_DIRECTORY


def _full_names(ref: str) -> list[str]:
    if ref in ("", "HEAD"):
        return ["HEAD"]
    return [f"refs/heads/{ref}", f"refs/tags/{ref}", f"refs/{ref}"]
