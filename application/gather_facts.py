"""Reads, through ports, what planning one instruction has to know."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO

from application.contents import Contents
from application.layered_filesystem import LayeredFilesystem
from application.ports.archives import Archives
from domain.build.accounts import Accounts
from domain.build.copying import SourceTree
from domain.build.mounts import mount_origins, run_mounts
from domain.build.plan import Facts, expanded_sources
from domain.build.wildcard import expand_wildcards
from domain.build.words import Words
from domain.dockerfile.instruction import Add, Copy, Instruction, Run, Workdir
from domain.errors import BuildRuleError
from domain.snapshot.entry import FileType
from domain.snapshot.layer_plan import PlannedEntry, StoredContent
from domain.snapshot.tree import FileTree

_REMOTE = re.compile(r"(https?|git|ssh)://|[\w.-]+@[\w.-]+:")
"""Sources of ADD that are URLs or repositories (docker's rule)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSources:
    """Where the sources of COPY and ADD are found.

    Attributes:
        source: Returns the file system of a `--from` (None: the build context), for
            the instruction at a line.
    """

    source: Callable[[str | None, int], SourceTree]


class ArchiveFiles:
    """The members of one unpacked archive as an origin."""

    def __init__(self, archives: Archives) -> None:
        self._archives = archives

    def prepare(self, paths: list[str]) -> None:
        """Do nothing: the members are unpacked already."""

    def open(self, content: StoredContent) -> BinaryIO:
        """Open the content of a member; the caller closes it."""
        return self._archives.open_file(content)


class GatherFacts:
    """Reads the facts of one instruction at a time."""

    def __init__(self, *, archives: Archives, contents: Contents) -> None:
        self._archives = archives
        self._contents = contents
        self._count = 0

    def gather(
        self,
        instruction: Instruction,
        words: Words,
        stage: LayeredFilesystem,
        sources: FactSources,
    ) -> Facts:
        """Return what `plan_instruction` needs for this instruction.

        The stage is read or materialised already, as `requirement` asks for.

        Raises:
            BuildRuleError: A source is of a kind that is not supported yet.
            KanipyError: What the ports raise.
        """
        match instruction:
            case Run():
                origins = mount_origins(run_mounts(instruction, words))
                return Facts(
                    tree=stage.tree,
                    accounts=_accounts(stage),
                    mount_sources={
                        name: sources.source(name, words.line) for name in origins
                    },
                )
            case Workdir():
                accounts = _accounts(stage) if words.state.config.user else Accounts()
                return Facts(tree=stage.tree, accounts=accounts)
            case Copy() | Add():
                return self._transfer_facts(instruction, words, stage, sources)
            case _:
                return Facts()

    def _transfer_facts(
        self,
        instruction: Copy | Add,
        words: Words,
        stage: LayeredFilesystem,
        sources: FactSources,
    ) -> Facts:
        from_ = instruction.from_ if isinstance(instruction, Copy) else None
        source = sources.source(from_, words.line)
        archives: dict[str, tuple[PlannedEntry, ...]] = {}
        if isinstance(instruction, Add):
            archives = self._unpack_archives(instruction, words, source)
        # With --link nothing below the layer is looked at, not even accounts.
        is_linked = instruction.link
        return Facts(
            tree=FileTree.empty() if is_linked else stage.tree,
            accounts=Accounts() if is_linked else _chown_accounts(instruction, stage),
            source=source,
            archives=archives,
        )

    def _unpack_archives(
        self, instruction: Add, words: Words, source: SourceTree
    ) -> dict[str, tuple[PlannedEntry, ...]]:
        """Unpack those sources of an ADD that are archives."""
        found: dict[str, tuple[PlannedEntry, ...]] = {}
        for word in expanded_sources(instruction, words):
            _refuse_remote(word)
            if instruction.unpack is False:
                continue
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
        self._count += 1
        origin = f"archive:{self._count}"
        with closing(self._contents.open(content)) as archive:
            members = self._archives.unpack(archive, origin)
        if members is not None:
            self._contents.add(origin, ArchiveFiles(self._archives))
        return members


def _refuse_remote(word: str) -> None:
    """Refuse a URL or repository; it may hold a password, so it is not shown."""
    if _REMOTE.match(word):
        scheme, separator, _ = word.partition("://")
        kind = scheme if separator else "git"
        message = f"ADD of {kind} sources is not supported yet"
        raise BuildRuleError(message, hint="fetch it before the build, or in a RUN")


def _accounts(stage: LayeredFilesystem) -> Accounts:
    passwd = stage.account_file("etc/passwd")
    return Accounts.parse(passwd, stage.account_file("etc/group"))


def _chown_accounts(instruction: Copy | Add, stage: LayeredFilesystem) -> Accounts:
    """Read the accounts only for a `--chown` that may name one."""
    return _accounts(stage) if instruction.chown else Accounts()
