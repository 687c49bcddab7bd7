"""COPY and ADD: from two file trees, and what was fetched, to a layer plan.

The rules are BuildKit's (its file operations), the differences we choose are in
docs/compatibility.md. Nothing is read here: contents are named, not opened.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from domain.values import dataclass, field
from typing import TypeAlias, assert_never

from domain.build.accounts import Owner
from domain.build.draft import Draft
from domain.build.mode import ModeChange
from domain.build.parents import ParentsSource
from domain.build.selection import Selection
from domain.build.unpacking import unpack_members
from domain.build.wildcard import expand_wildcards, missing_source
from domain.dockerfile.ignore import IgnoreRules
from domain.errors import BuildRuleError
from domain.snapshot.entry import FileEntry, FileType, join, name_of, parent_of
from domain.snapshot.layer_plan import (
    LayerPlan,
    LiteralContent,
    PlannedEntry,
    StoredContent,
)
from domain.snapshot.tree import FileTree


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTree:
    """A file system that files are copied from.

    Attributes:
        tree: Its rows.
        origin: Its name in `StoredContent.origin`.
        keeps_owners: Whether owners are copied. Those of a build context are
            not: its files belong to root.
        description: What to call it in messages ("the build context").
        is_thin: Whether of some files no more may be known than their names.
    """

    tree: FileTree
    origin: str
    keeps_owners: bool
    description: str
    is_thin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineFile:
    """A file whose content stands in the Dockerfile (a heredoc)."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedFile:
    """A file that ADD took from an address.

    Attributes:
        name: Its name where the destination is a directory.
        entry: Its row; the path is that of its destination later.
        content: Its content.
    """

    name: str
    entry: FileEntry
    content: StoredContent


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedArchive:
    """An archive that ADD took from an address, to be unpacked."""

    members: Sequence[PlannedEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedTree:
    """A repository that ADD took from an address."""

    source: SourceTree


Fetched: TypeAlias = FetchedFile | FetchedArchive | FetchedTree


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRequest:
    """What a COPY asks for, all words expanded.

    Attributes:
        sources: Paths or patterns in the source tree, or names in `fetched`.
        inline: Files of the Dockerfile itself.
        destination: Absolute path in the root; a trailing slash means "into".
        owner: Owner of everything made, None to keep what the source has.
        mode: Change of every mode, None to keep it.
        parents: Whether sources keep their directories.
        exclude: What is left out below each source that is a directory.
        archives: Members of the sources that ADD unpacks, by path in the source
            tree, symlinks followed.
        fetched: What was fetched, by source.
        now_ns: Time of what has none of its own: made directories, heredocs.
    """

    sources: tuple[str, ...] = ()
    inline: tuple[InlineFile, ...] = ()
    destination: str
    owner: Owner | None = None
    mode: ModeChange | None = None
    parents: bool = False
    exclude: IgnoreRules | None = None
    archives: Mapping[str, Sequence[PlannedEntry]] = field(default_factory=dict)
    fetched: Mapping[str, Fetched] = field(default_factory=dict)
    now_ns: int = 0


def plan_copy(request: CopyRequest, source: SourceTree, tree: FileTree) -> LayerPlan:
    """Plan the layer of a COPY.

    Raises:
        BuildRuleError: A source does not exist, or a file and a directory meet.
    """
    draft = Draft(tree)
    copier = _Copier(request, draft)
    for word in request.sources:
        fetched = request.fetched.get(word)
        if fetched is not None:
            copier.copy_fetched(fetched)
        elif request.parents:
            copier.copy_with_parents(word, source)
        else:
            for path in expand_wildcards(word, source.tree):
                copier.copy_source(path, source)
    for inline in request.inline:
        copier.copy_inline(inline)
    return draft.plan()


def copied_files(request: CopyRequest, source: SourceTree) -> Iterator[str]:
    """Yield the regular files that a COPY takes, wherever it lays them.

    Only names are looked at: the tree may be thin.
    """
    for word in request.sources:
        selection = Selection(exclude=request.exclude)
        if request.parents:
            wanted = ParentsSource.parse(word)
            word = wanted.directory  # noqa: PLW2901 - what follows is the same
            selection = Selection(include=wanted.rules(), exclude=request.exclude)
        for path in expand_wildcards(word, source.tree):
            entry = source.tree.get(source.tree.resolve(path))
            if entry is None:
                continue
            rows = [each.entry for each in selection.below(entry.path, source.tree)]
            for row in (entry, *rows):
                if row.type is FileType.FILE:
                    yield row.path


def absolute_destination(word: str, working_directory: str) -> str:
    """Return the destination as an absolute path.

    The trailing slash that means "into this directory" is kept; "." and ".."
    as last component mean the same.
    """
    into = word.endswith("/") or posixpath.basename(word) in ("", ".", "..")
    path = posixpath.normpath(posixpath.join("/", working_directory, word))
    path = "/" + path.lstrip("/")
    return path + "/" if into and path != "/" else path


def directory_template(
    owner: Owner | None, mode: ModeChange | None, now_ns: int
) -> FileEntry:
    """Return the row of directories made on the way to a destination.

    They are 0755 and root's; `--chown` gives them its owner, an octal
    `--chmod` its mode.
    """
    template = FileEntry("", FileType.DIRECTORY, mtime_ns=now_ns)
    if owner is not None:
        template = template._replace(uid=owner.uid, gid=owner.gid)
    if mode is not None and mode.octal is not None:
        template = template._replace(mode=mode.octal)
    return template


class _Copier:
    """Copies the sources of one instruction into a draft."""

    def __init__(self, request: CopyRequest, draft: Draft) -> None:
        self._request = request
        self._draft = draft
        self._template = directory_template(request.owner, request.mode, request.now_ns)
        self._all = Selection(exclude=request.exclude)
        self._count = 0

    def copy_source(self, path: str, source: SourceTree) -> None:
        """Copy one source; symlinks of its own path are followed in its root."""
        followed = source.tree.resolve(path)
        if followed in self._request.archives:
            self._unpack(self._request.archives[followed])
        else:
            self._copy(path, source, self._all)

    def copy_with_parents(self, word: str, source: SourceTree) -> None:
        """Copy what a source of --parents names, below its directories."""
        wanted = ParentsSource.parse(word)
        wanted.check(source.tree, source.description)
        selection = Selection(include=wanted.rules(), exclude=self._request.exclude)
        for path in expand_wildcards(wanted.directory, source.tree):
            self._copy(path, source, selection)

    def copy_fetched(self, fetched: Fetched) -> None:
        """Copy what ADD fetched; a repository's files belong to root."""
        match fetched:
            case FetchedArchive(members=members):
                self._unpack(members)
            case FetchedTree(source=source):
                self._copy("", source, self._all)
            case FetchedFile(name=name, entry=entry, content=content):
                target = self._target(name, is_directory=False)
                self._refuse_directory(target)
                row = entry._replace(path=target)
                self._draft.put(self._adopt(row, keeps_owner=False), content)
            case _:
                assert_never(fetched)

    def copy_inline(self, inline: InlineFile) -> None:
        """Copy a heredoc: 0644, root, unless --chown or --chmod say otherwise."""
        target = self._target(inline.name, is_directory=False)
        size = len(inline.data)
        now = self._request.now_ns
        entry = FileEntry(target, FileType.FILE, 0o644, size=size, mtime_ns=now)
        self._refuse_directory(target)
        row = self._adopt(entry, keeps_owner=False)
        self._draft.put(row, LiteralContent(inline.data))

    def _copy(self, path: str, source: SourceTree, selection: Selection) -> None:
        self._count += 1
        entry = source.tree.get(source.tree.resolve(path))
        if entry is None:
            raise missing_source(path, source.description)
        is_directory = entry.type is FileType.DIRECTORY
        target = self._target(name_of(path), is_directory=is_directory)
        if is_directory:
            self._copy_contents(entry, target, source, selection)
        else:
            self._copy_file(entry, target, source)

    def _unpack(self, archive: Sequence[PlannedEntry]) -> None:
        """Unpack an archive: its destination is a directory whatever its name.

        --chmod does not count for an archive, nor for the directories on the way.
        """
        self._count += 1
        directory = self._draft.resolve(self._request.destination)
        request = self._request
        template = directory_template(request.owner, None, request.now_ns)
        self._draft.make_directories(directory, template)
        members = [
            member._replace(entry=self._tell_apart(member.entry)) for member in archive
        ]
        unpack_members(members, self._draft, directory, request.owner, request.now_ns)

    def _target(self, name: str, *, is_directory: bool) -> str:
        """Return where a source goes, making the directories on the way."""
        destination = self._request.destination
        into = destination.endswith("/")
        ensured = destination if into else posixpath.dirname(destination)
        self._draft.make_directories(self._draft.resolve(ensured), self._template)
        target = self._draft.resolve(destination)
        if is_directory:
            if self._draft.get(target) is None:
                self._draft.make_directories(target, self._template)
            return target
        if self._draft.is_directory(target):
            return join(target, name)
        # A symlink may lead to where no directory is yet.
        self._draft.make_directories(parent_of(target), self._template)
        return target

    def _copy_contents(
        self,
        directory: FileEntry,
        target: str,
        source: SourceTree,
        selection: Selection,
    ) -> None:
        """Copy what a directory contains.

        The destination itself keeps its owner and mode and takes the time of the
        source; directories met further down take all that the source's have, but
        for those that are there already and only lie on the way.
        """
        self._refuse_other_than_directory(target)
        self._draft.touch(target, directory.mtime_ns)
        for entry, relative, is_way in selection.below(directory.path, source.tree):
            path = join(target, relative)
            if entry.type is not FileType.DIRECTORY:
                self._copy_file(entry, path, source)
                continue
            self._refuse_other_than_directory(path)
            if not (is_way and self._draft.is_directory(path)):
                row = entry._replace(path=path)
                self._draft.put(self._adopt(row, keeps_owner=source.keeps_owners))

    def _copy_file(self, entry: FileEntry, target: str, source: SourceTree) -> None:
        self._refuse_directory(target)
        content = None
        if entry.type is FileType.FILE:
            content = StoredContent(source.origin, entry.path)
        row = entry._replace(path=target)
        self._draft.put(self._adopt(row, keeps_owner=source.keeps_owners), content)

    def _refuse_other_than_directory(self, target: str) -> None:
        existing = self._draft.get(target)
        if existing is not None and existing.type is not FileType.DIRECTORY:
            message = f"cannot copy to non-directory: /{target}"
            hint = "a file of that name is in the way; remove it in a RUN before"
            raise BuildRuleError(message, hint=hint)

    def _refuse_directory(self, target: str) -> None:
        if self._draft.is_directory(target):
            message = f"cannot replace directory /{target} by a file"
            hint = "end the destination with a slash, or remove the directory before"
            raise BuildRuleError(message, hint=hint)

    def _adopt(self, entry: FileEntry, *, keeps_owner: bool) -> FileEntry:
        """Give a copied row the owner, mode and link group it has in the layer."""
        owner = self._request.owner
        if owner is not None:
            entry = entry._replace(uid=owner.uid, gid=owner.gid)
        elif not keeps_owner:
            entry = entry._replace(uid=0, gid=0)
        entry = self._tell_apart(entry)
        return self._request.mode.apply(entry) if self._request.mode else entry

    def _tell_apart(self, entry: FileEntry) -> FileEntry:
        """Keep hard links within a source, and those of two sources apart."""
        if not entry.link_group:
            return entry
        return entry._replace(link_group=f"{self._count}:{entry.link_group}")
