"""Reads, through ports, what planning one instruction has to know."""

from __future__ import annotations

from collections.abc import Callable

from application.add_sources import AddSources
from application.layered_filesystem import LayeredFilesystem
from domain.build.accounts import Accounts
from domain.build.copying import SourceTree
from domain.build.mounts import MountSources, mount_origins, run_mounts
from domain.build.plan import Facts
from domain.build.words import Words
from domain.dockerfile.instruction import Add, Copy, Instruction, Run, Workdir
from domain.snapshot.tree import FileTree
from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSources:
    """Where the sources of COPY and ADD are found.

    Attributes:
        source: Returns the file system of a `--from` (None: the build context), for
            the instruction at a line.
    """

    source: Callable[[str | None, int], SourceTree]


class GatherFacts:
    """Reads the facts of one instruction at a time."""

    def __init__(self, *, add_sources: AddSources) -> None:
        self._add_sources = add_sources

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
            BuildRuleError: A source cannot be what the instruction says.
            KanipyError: What the ports raise.
        """
        match instruction:
            case Run():
                return Facts(
                    tree=stage.tree,
                    accounts=_accounts(stage),
                    mount_sources=self.mount_sources(instruction, words, sources),
                )
            case Workdir():
                accounts = _accounts(stage) if words.state.config.user else Accounts()
                return Facts(tree=stage.tree, accounts=accounts)
            case Copy() | Add():
                return self._transfer_facts(instruction, words, stage, sources)
            case _:
                return Facts()

    def mount_sources(
        self, instruction: Run, words: Words, sources: FactSources
    ) -> MountSources:
        """Return the file systems that the mounts of a RUN take files from.

        Raises:
            DockerfileError: A mount breaks a rule.
            KanipyError: What the ports raise.
        """
        origins = mount_origins(run_mounts(instruction, words))
        return {name: sources.source(name, words.line) for name in origins}

    def _transfer_facts(
        self,
        instruction: Copy | Add,
        words: Words,
        stage: LayeredFilesystem,
        sources: FactSources,
    ) -> Facts:
        from_ = instruction.from_ if isinstance(instruction, Copy) else None
        source = sources.source(from_, words.line)
        added = self._add_sources.gather(instruction, words, source)
        # With --link nothing below the layer is looked at, not even accounts.
        is_linked = instruction.link
        return Facts(
            tree=FileTree.empty() if is_linked else stage.tree,
            accounts=Accounts() if is_linked else _chown_accounts(instruction, stage),
            source=source,
            archives=added.archives,
            fetched=added.fetched,
        )


def _accounts(stage: LayeredFilesystem) -> Accounts:
    passwd = stage.account_file("etc/passwd")
    return Accounts.parse(passwd, stage.account_file("etc/group"))


def _chown_accounts(instruction: Copy | Add, stage: LayeredFilesystem) -> Accounts:
    """Read the accounts only for a `--chown` that may name one."""
    return _accounts(stage) if instruction.chown else Accounts()
