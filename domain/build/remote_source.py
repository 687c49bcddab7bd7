"""Sources of ADD that are fetched: addresses of files, and of git repositories.

The rules that tell them from paths are docker's: an address of http(s) is a
repository's when its path ends in `.git`; those of git and ssh always are, and so is
`user@host:path`. Nothing is fetched here.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from domain.values import dataclass, field, replace
from typing import Self, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from domain.dockerfile.redaction import without_credentials
from domain.errors import BuildRuleError
from domain.snapshot.entry import FileEntry, FileType

UNNAMED = "__unnamed__"
"""Name of a file whose address has none (docker's)."""

_SCP = re.compile(
    r"(?P<remote>[\w-]+@[A-Za-z0-9.-]+:[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<part>.*))?"
)
_COMMIT = re.compile(r"[0-9a-f]{1,64}")
# What `git check-ref-format` refuses, and what could be taken for an option.
_BAD_REF = re.compile(r"^-|[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|^/|/$|\.lock$")
_TRUE = frozenset({"", "1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_KEYS = (
    *("ref", "tag", "branch", "subdir", "checksum", "commit"),
    *("keep-git-dir", "submodules"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlSource:
    """A file at an address.

    Attributes:
        url: The address as given; may hold a password: never in `repr`.
    """

    url: str = field(repr=False)

    @property
    def name(self) -> str:
        """The file's name: the last component of the address's path."""
        name = posixpath.basename(unquote(urlsplit(self.url).path))
        return UNNAMED if name in ("", ".", "..") or "\0" in name else name

    def __str__(self) -> str:
        """Render the address without its user, its query and its fragment."""
        address, _, query = self.url.partition("#")[0].partition("?")
        return without_credentials(address) + ("?…" if query else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class GitSource:
    """A commit of a repository.

    Attributes:
        remote: Where the repository is; may hold a password: never in `repr`.
        ref: Branch, tag, full ref or commit; "" for the remote's own default.
        commit: Commit to take out of the history of `ref`, "" for its last one.
        subdir: Directory in the repository that is its root, "" for all of it.
        checksum: What the commit's name must begin with, "" for anything.
        keep_git_dir: Whether `.git` comes along, None where the address does not
            say; it never does with a `subdir`.
        submodules: Whether the repositories it refers to are fetched as well.
    """

    remote: str = field(repr=False)
    ref: str = ""
    commit: str = ""
    subdir: str = ""
    checksum: str = ""
    keep_git_dir: bool | None = None
    submodules: bool = True

    @classmethod
    def parse(cls, remote: str, query: str, fragment: str) -> Self:
        """Put together an address and what is said behind it.

        Raises:
            BuildRuleError: The parts contradict each other, or mean nothing.
        """
        ref, _, subdir = fragment.partition(":")
        values = _query(query)
        commit = _one_of(values.get("checksum", ""), values.get("commit", ""))
        for other in (
            values.get("ref", ""),
            _prefixed("refs/tags/", values.get("tag", "")),
            _prefixed("refs/heads/", values.get("branch", "")),
        ):
            ref = _one_of(ref, other)
        source = cls(
            remote=remote,
            ref=ref or commit,
            subdir=_inside(_one_of(subdir, values.get("subdir", ""))),
            keep_git_dir=_flag(values, "keep-git-dir"),
            submodules=_flag(values, "submodules") is not False,
        )
        _check(source)
        return source.with_checksum(commit)

    def with_checksum(self, checksum: str) -> Self:
        """Return this source with a demand on its commit.

        Raises:
            BuildRuleError: It contradicts the one it has, or is no commit.
        """
        wanted = _one_of(self.checksum, checksum)
        if wanted and not _COMMIT.fullmatch(wanted):
            raise BuildRuleError(
                f"the checksum {wanted[:80]!r} is no commit",
                hint="the checksum of a repository is its commit, or how that begins",
            )
        return replace(self, checksum=wanted)

    def with_git_dir(self) -> Self:
        """Return this source with its `.git`.

        Raises:
            BuildRuleError: The address says that it shall not come along.
        """
        if self.keep_git_dir is False:
            raise BuildRuleError(
                "--keep-git-dir and keep-git-dir=false contradict each other",
                hint="leave one of them out",
            )
        return replace(self, keep_git_dir=True)

    def __str__(self) -> str:
        """Render the address without credentials."""
        shown = without_credentials(self.remote)
        return f"{shown}#{self.ref}" if self.ref else shown


RemoteSource: TypeAlias = UrlSource | GitSource


def remote_source(word: str) -> RemoteSource | None:
    """Tell what a source of ADD names, None for a path.

    Raises:
        BuildRuleError: It is a repository's address, and what is said behind it is
            wrong.
    """
    scheme, separator, rest = word.partition("://")
    if not separator:
        match = _SCP.fullmatch(word)
        if match is None:
            return None
        return GitSource.parse(
            match["remote"], match["query"] or "", match["part"] or ""
        )
    scheme = scheme.lower()
    if scheme not in ("http", "https", "git", "ssh") or not rest:
        return None
    parts = _split(word)
    if scheme in ("http", "https") and not parts.path.endswith(".git"):
        return UrlSource(url=word)
    remote = urlunsplit((scheme, parts.netloc, parts.path, "", ""))
    return GitSource.parse(remote, parts.query, unquote(parts.fragment))


def context_repository(
    address: str, *, branch: str = "", submodules: bool = False, plain_http: bool = False
) -> GitSource:
    """Read the address of a context in a repository, as kaniko and docker write it.

    `git://HOST/PATH[#REF[#COMMIT]]` stands for https; `REF:DIRECTORY` is docker's.

    Args:
        address: The address; that of a URL need not end in `.git`.
        branch: Branch or tag that goes before the address's ref.
        submodules: Whether the repositories it refers to are fetched as well.
        plain_http: Whether `git://` stands for http.

    Raises:
        BuildRuleError: It is none, or what is said behind it is wrong.
    """
    remote, _, fragment = address.partition("#")
    part, _, commit = fragment.partition("#")
    ref, colon, subdir = part.partition(":")
    source = _repository(remote, f"{branch or ref}{colon}{subdir}", plain_http)
    if commit and not _COMMIT.fullmatch(commit):
        raise BuildRuleError(
            f"{commit[:80]!r} is no commit", hint="write git://HOST/PATH#REF#COMMIT"
        )
    wants_submodules = submodules and source.submodules
    return replace(source, commit=commit, submodules=wants_submodules)


def of_commit(row: FileEntry, time_ns: int) -> FileEntry:
    """Return a row as git knows it: 0644 or 0755, with the time of the commit."""
    row = row._replace(mtime_ns=time_ns, xattrs=())
    if row.type is FileType.SYMLINK:
        return row
    is_executable = row.type is FileType.DIRECTORY or row.mode & 0o100
    return row._replace(mode=0o755 if is_executable else 0o644)


def _repository(remote: str, part: str, plain_http: bool) -> GitSource:  # noqa: FBT001 - private
    scheme, separator, rest = remote.partition("://")
    if separator:
        scheme = scheme.lower()
        if scheme == "git":
            scheme = "http" if plain_http else "https"
        parts = _split(f"{scheme}://{rest}")
        address = urlunsplit((scheme, parts.netloc, parts.path, "", ""))
        return GitSource.parse(address, parts.query, unquote(part))
    found = remote_source(f"{remote}#{part}")
    if not isinstance(found, GitSource):
        raise BuildRuleError(
            f"{remote[:200]!r} is no repository's address",
            hint="write git://HOST/PATH or USER@HOST:PATH",
        )
    return found


def _split(word: str) -> _Parts:
    try:
        parts = urlsplit(word)
        _ = parts.port
    except ValueError as error:
        raise BuildRuleError(
            f"{without_credentials(word)!r} is no valid address",
            hint="check its host and port",
        ) from error
    return _Parts(parts.netloc, parts.path, parts.query, parts.fragment)


@dataclass(frozen=True, slots=True)
class _Parts:
    netloc: str
    path: str
    query: str
    fragment: str


def _query(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for key, given in parse_qs(text, keep_blank_values=True).items():
        if key not in _KEYS:
            raise BuildRuleError(
                f"a repository's address has no parameter {key[:80]!r}",
                hint=f"known are {', '.join(_KEYS)}",
            )
        if len(given) > 1 or (not given[0] and key not in _KEYS[-2:]):
            raise BuildRuleError(
                f"the parameter {key} of a repository's address needs one value",
                hint=f"write {key}=VALUE once",
            )
        values[key] = given[0]
    return values


def _flag(values: Mapping[str, str], name: str) -> bool | None:
    value = values.get(name)
    if value is None:
        return None
    if value not in _TRUE | _FALSE:
        raise BuildRuleError(
            f"the parameter {name} cannot be {value[:80]!r}", hint="use true or false"
        )
    return value in _TRUE


def _one_of(first: str, second: str) -> str:
    """Return the one that is given; two must say the same."""
    if first and second and first != second:
        raise BuildRuleError(
            f"a repository's address asks for {first[:80]!r} and for {second[:80]!r}",
            hint="leave one of them out",
        )
    return first or second


def _prefixed(prefix: str, name: str) -> str:
    return name if not name or name.startswith(prefix) else f"{prefix}{name}"


def _inside(subdir: str) -> str:
    """Return a directory relative to the root of its repository."""
    return posixpath.normpath(f"/{subdir}").lstrip("/")


def _check(source: GitSource) -> None:
    """Refuse what git could take for something else than a name."""
    if source.ref and _BAD_REF.search(source.ref):
        raise BuildRuleError(
            f"{source.ref[:80]!r} is no branch, tag or commit",
            hint="write REPOSITORY#branch:directory",
        )
    host = source.remote.partition("://")[2] or source.remote
    if host.rpartition("@")[2].startswith("-"):
        raise BuildRuleError(
            "the host of a repository cannot begin with a dash",
            hint="check the address",
        )
