"""Gets what ADD takes from elsewhere than the file system it copies from.

Archives are unpacked, addresses downloaded, repositories checked out: each becomes
rows that planning can lay down, and an origin that their contents are opened from.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import BinaryIO

from application.contents import Contents, ContextFiles
from application.context_tree import read_context_tree
from application.errors import DigestMismatch
from application.ports.archives import Archives
from application.ports.downloads import Downloads
from application.ports.repositories import Repositories
from application.ports.secrets import Secrets
from application.source_access import download_authorization, repository_access
from domain.build.copying import (
    Fetched,
    FetchedArchive,
    FetchedFile,
    FetchedTree,
    SourceTree,
)
from domain.build.remote_source import (
    GitSource,
    RemoteSource,
    UrlSource,
    of_commit,
)
from domain.build.transfer import expanded_sources, remote_sources
from domain.build.wildcard import expand_wildcards
from domain.build.words import Words
from domain.dockerfile.ignore import IgnoreRules
from domain.dockerfile.instruction import Add, Copy
from domain.image.digest import Digest
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.layer_plan import PlannedEntry, StoredContent
from domain.snapshot.tree import FileTree
from domain.values import dataclass, field

_OWNER_ONLY = 0o600
_ALL = IgnoreRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What an ADD has to lay down besides files of its source.

    Attributes:
        archives: Members of the sources that are unpacked, by path.
        fetched: What was fetched, by source.
    """

    archives: dict[str, tuple[PlannedEntry, ...]] = field(default_factory=dict)
    fetched: dict[str, Fetched] = field(default_factory=dict)


class StoredFiles:
    """Files of the work directory as an origin.

    Args:
        open_file: Opens one of them.
    """

    def __init__(self, open_file: Callable[[StoredContent], BinaryIO]) -> None:
        self._open_file = open_file

    def prepare(self, paths: list[str]) -> None:
        """Do nothing: the files are here already."""

    def open(self, content: StoredContent) -> BinaryIO:
        """Open a file; the caller closes it."""
        return self._open_file(content)


class AddSources:
    """Gets the sources of one ADD at a time.

    Args:
        archives: Unpacks.
        downloads: Returns what downloads; asked when the first address is met,
            because it takes a while to load.
        repositories: Returns what checks repositories out; likewise.
        secrets: What servers are shown.
        contents: Is told of every new origin.
    """

    def __init__(
        self,
        *,
        archives: Archives,
        downloads: Callable[[], Downloads],
        repositories: Callable[[], Repositories],
        secrets: Secrets,
        contents: Contents,
    ) -> None:
        self._archives = archives
        self._downloads = downloads
        self._repositories = repositories
        self._secrets = secrets
        self._contents = contents
        self._count = 0

    def gather(
        self, instruction: Copy | Add, words: Words, source: SourceTree
    ) -> Added:
        """Fetch and unpack what an instruction names.

        Raises:
            BuildRuleError: An address or `--checksum` is wrong; COPY has an address.
            DigestMismatch: What came is not what `--checksum` says.
            KanipyError: What the ports raise.
        """
        remote, digest = remote_sources(instruction, words)
        added = Added()
        if isinstance(instruction, Copy):
            return added
        for word in expanded_sources(instruction, words):
            if word in remote:
                unpacks = instruction.unpack is True
                fetched = self._fetch(remote[word], digest, unpacks=unpacks)
                added.fetched[word] = fetched
            elif instruction.unpack is not False:
                added.archives.update(self._unpack_local(word, source))
        return added

    def _fetch(
        self, source: RemoteSource, digest: Digest | None, *, unpacks: bool
    ) -> Fetched:
        if isinstance(source, GitSource):
            return FetchedTree(source=self._check_out(source))
        file = self._download(source, digest)
        members = self._unpack(file.content) if unpacks else None
        return file if members is None else FetchedArchive(members=members)

    def _download(self, source: UrlSource, digest: Digest | None) -> FetchedFile:
        origin = self._new_origin("download")
        authorization = download_authorization(source, self._secrets)
        download = self._downloads().fetch(source.url, origin, authorization)
        if digest is not None and download.sha256 != digest.hex:
            raise DigestMismatch(
                f"the content has the digest sha256:{download.sha256}, "
                f"not {digest} as --checksum says",
                place=str(source),
                hint="compare it with what its publisher says; if that is the new "
                "digest, change --checksum",
            )
        self._contents.add(origin, StoredFiles(self._downloads().open_file))
        entry = FileEntry(
            "",
            FileType.FILE,
            _OWNER_ONLY,
            size=download.size,
            mtime_ns=download.mtime_ns,
            sha256=download.sha256,
        )
        return FetchedFile(name=source.name, entry=entry, content=download.content)

    def _check_out(self, source: GitSource) -> SourceTree:
        origin = self._new_origin("repository")
        access = repository_access(source, self._secrets)
        checkout = self._repositories().checkout(source, access)
        self._contents.add(origin, ContextFiles(checkout.files))
        tree = read_context_tree(checkout.files, _ALL)
        return SourceTree(
            tree=FileTree.of(of_commit(row, checkout.time_ns) for row in tree),
            origin=origin,
            keeps_owners=False,
            description=f"the repository {source}",
        )

    def _unpack_local(
        self, word: str, source: SourceTree
    ) -> dict[str, tuple[PlannedEntry, ...]]:
        """Unpack those files that a source names and that are archives."""
        found: dict[str, tuple[PlannedEntry, ...]] = {}
        for path in expand_wildcards(word, source.tree):
            followed = source.tree.resolve(path)
            entry = source.tree.get(followed)
            if entry is None or entry.type is not FileType.FILE:
                continue
            members = self._unpack(StoredContent(source.origin, followed))
            if members is not None:
                found[followed] = members
        return found

    def _unpack(self, content: StoredContent) -> tuple[PlannedEntry, ...] | None:
        origin = self._new_origin("archive")
        with closing(self._contents.open(content)) as archive:
            members = self._archives.unpack(archive, origin)
        if members is not None:
            self._contents.add(origin, StoredFiles(self._archives.open_file))
        return members

    def _new_origin(self, kind: str) -> str:
        self._count += 1
        return f"{kind}:{self._count}"
