"""Checks out repositories, of ADD and of contexts, with git in the work directory.

As little as possible is fetched: one commit where the server allows it, else all
branches and tags; of a directory only its files, where the server can leave others
out. What a repository holds is laid down and never run.
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
from adapters.http.retries import Retries, TryAgain
from adapters.http.tls import added_certificates
from application.errors import DigestMismatch, FilesystemError, SourceUnavailable
from application.ports.context import BuildContext
from application.ports.repositories import Checkout, RepositoryAccess
from domain.build.remote_source import GitSource
from domain.snapshot.entry import FileEntry, name_of

_GIT_DIRECTORY = ".git"
_MODULES = ".gitmodules"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ABBREVIATED = re.compile(r"[0-9a-f]{4,64}")
_EVERYTHING = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
_QUIETLY = ("fetch", "--quiet", "--no-tags", "--force", "--update-head-ok")
_WITHOUT_FILES = "--filter=blob:none"
"""Leaves files out until they are checked out; a server that cannot sends them."""
_SPECIAL = re.compile(r"[\\*?\[]")
"""What means something in patterns of paths."""
_NANOSECONDS = 10**9


class GitRepositories:
    """The `Repositories` port on a directory of the work directory.

    Args:
        options: TLS and proxies.
        directory: Where repositories are checked out; it exists.
        ssh: Path of the SSH client; it asks nothing. "" for the `ssh` in PATH.
        depth: How many commits are fetched, 0 for the whole history.
        retries: When a repository is fetched again after a failure that may pass.
    """

    def __init__(
        self,
        options: HttpOptions,
        directory: Path,
        ssh: str = "",
        depth: int = 1,
        retries: Retries | None = None,
    ) -> None:
        self._depth = depth
        self._retries = retries or Retries()
        self._options = options
        self._directory = directory
        self._ssh = ssh
        self._count = 0

    def checkout(self, source: GitSource, access: RepositoryAccess) -> Checkout:
        """Check a commit out; see the port."""
        return self._retries.run(lambda: self._attempt(source, access))

    def _attempt(self, source: GitSource, access: RepositoryAccess) -> Checkout:
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
            shutil.rmtree(place, ignore_errors=True)
            error = failure.explained(str(source))
            raise TryAgain(error) if failure.may_pass else error from failure
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

    @property
    def is_abbreviated(self) -> bool:
        """Whether no server knows the commit by its name."""
        return bool(self.commit) and not _COMMIT.fullmatch(self.commit)

    @property
    def spec(self) -> str:
        """What fetches the ref."""
        return f"+{self.ref}:{self.ref}" if self.ref != "HEAD" else "HEAD"


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
        wanted = self._wanted()
        name = self._check_out_part(wanted, depth)
        if not name:
            name = self._check_out_whole(wanted, depth)
        seconds = int(self._git.run("show", "--no-patch", "--format=%ct", name))
        (self._place / _GIT_DIRECTORY / "FETCH_HEAD").unlink(missing_ok=True)
        return Checkout(
            commit=name, time_ns=seconds * _NANOSECONDS, files=self._files()
        )

    def _begin(self) -> None:
        self._git.run("init", "--quiet", "--template=")
        self._git.run("remote", "add", "--", "origin", self._remote)

    def _check_out_whole(self, wanted: _Wanted, depth: int) -> str:
        self._begin()
        name = self._fetch(wanted, depth)
        self._verify(name)
        self._lay_down(name)
        # without times and inodes of this disk the index is the same each time
        self._git.run("read-tree", name)
        if self._source.submodules and (self._place / _MODULES).is_file():
            self._update_submodules()
        return name

    def _lay_down(self, name: str) -> None:
        self._git.run("checkout", "--quiet", "--force", "--detach", name)

    def _check_out_part(self, wanted: _Wanted, depth: int) -> str:
        """Fetch and check out the files of a directory alone.

        Returns:
            The commit; "" where that cannot be had, and nothing is left of it then.
        """
        # Servers of plain files know no depth: told of a filter, git asks them for
        # what it has left out without end.
        if not self._source.subdir or not depth or wanted.is_abbreviated:
            return ""
        self._begin()
        if self._fetches(depth, wanted.commit or wanted.spec, _WITHOUT_FILES):
            name = self._commit_of(wanted.commit or "FETCH_HEAD")
            self._verify(name)
            if self._is_directory(name) and self._lays_down_part(name):
                return name
        shutil.rmtree(self._place)
        self._place.mkdir()
        return ""

    def _is_directory(self, name: str) -> bool:
        """Tell whether what is wanted is a directory of the commit itself.

        It may as well be one of a submodule, or behind a symlink.
        """
        if self._source.submodules and self._listed(name, _MODULES):
            return False
        if "\n" in self._source.subdir:
            return False  # no pattern can name it
        return self._listed(name, self._source.subdir).startswith("040000 tree ")

    def _listed(self, name: str, path: str) -> str:
        return self._git.run("--literal-pathspecs", "ls-tree", name, "--", path)

    def _lays_down_part(self, name: str) -> bool:
        """Try to check the directory out: its files are fetched now."""
        patterns = self._place / _GIT_DIRECTORY / "info" / "sparse-checkout"
        patterns.parent.mkdir(exist_ok=True)
        escaped = _SPECIAL.sub(r"\\\g<0>", self._source.subdir)
        patterns.write_text(f"/{escaped}/\n", "utf-8", errors="surrogateescape")
        self._git.run("config", "core.sparseCheckout", "true")
        try:
            self._lay_down(name)
        except GitFailure as failure:
            if failure.may_pass:
                raise
            return False
        return True

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
        if wanted.commit:
            if wanted.is_abbreviated or not self._fetches(depth, wanted.commit):
                specs = [wanted.spec] if wanted.ref else _EVERYTHING
                self._git.run(*_QUIETLY, "--", "origin", *specs)
            return self._commit_of(wanted.commit)
        if not self._fetches(depth, wanted.spec):
            self._git.run(*_QUIETLY, "--", "origin", wanted.spec)
        return self._commit_of("FETCH_HEAD")

    def _fetches(self, depth: int, spec: str, *flags: str) -> bool:
        """Try to fetch few commits: not every server hands out any, or parts."""
        few = [f"--depth={depth}"] if depth else []
        try:
            self._git.run(*_QUIETLY, *few, *flags, "--", "origin", spec)
        except GitFailure as failure:
            if failure.may_pass:
                raise
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
        except GitFailure as failure:
            if failure.may_pass:
                raise
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
