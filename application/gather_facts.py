"""Reads, through ports, what planning one instruction has to know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from application.add_sources import Added, AddSources
from application.layered_filesystem import LayeredFilesystem
from domain.build.accounts import Accounts
from domain.build.cache_key import RunInputs
from domain.build.copying import SourceTree, copied_files
from domain.build.mounts import (
    MountSources,
    mount_origins,
    mounted_files,
    plan_mounts,
    run_mounts,
)
from domain.build.plan import BuildSettings, Facts
from domain.build.running import run_inputs
from domain.build.state import StageState
from domain.build.transfer import copy_request
from domain.build.words import Words
from domain.dockerfile.instruction import Add, Copy, Instruction, Run, Workdir
from domain.snapshot.tree import FileTree
from domain.values import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSources:
    """Where the sources of COPY and ADD are found.

    Attributes:
        source: Returns the file system of a `--from` (None: the build context), for
            the instruction at a line.
        complete: Returns a thin one with all about some of its files.
        verify: Reads the layers of which a cache alone has said what they hold, and
            raises `CacheMisled` where that is wrong.
    """

    source: Callable[[str | None, int], SourceTree]
    complete: Callable[[SourceTree, Iterable[str]], SourceTree]
    verify: Callable[[], None]


class GatherFacts:
    """Reads the facts of one instruction at a time."""

    def __init__(self, *, add_sources: AddSources) -> None:
        self._add_sources = add_sources
        self._ahead: dict[Add, tuple[Mapping[str, str], Added]] = {}

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

    def gather_ahead(
        self, instruction: Instruction, words: Words, sources: FactSources
    ) -> Facts:
        """Return what an instruction takes from elsewhere than its stage.

        What an ADD fetched is kept until it is gathered for carrying it out.

        Raises as `gather` does.
        """
        match instruction:
            case Run():
                mounts = self.mount_sources(instruction, words, sources)
                return Facts(mount_sources=mounts)
            case Copy() | Add():
                source = _transfer_source(instruction, words, sources)
                added = self._add_sources.gather(instruction, words, source)
                if isinstance(instruction, Add):
                    self._ahead[instruction] = (words.state.variables, added)
                return Facts(
                    source=source, archives=added.archives, fetched=added.fetched
                )
            case _:
                return Facts()

    def forget_ahead(self) -> None:
        """Let go of what was gathered ahead and is not wanted."""
        self._ahead.clear()

    def mount_sources(
        self, instruction: Run, words: Words, sources: FactSources
    ) -> MountSources:
        """Return the file systems that the mounts of a RUN take files from.

        Raises:
            DockerfileError: A mount breaks a rule.
            KanipyError: What the ports raise.
        """
        origins = mount_origins(run_mounts(instruction, words))
        found = {name: sources.source(name, words.line) for name in origins}
        if not any(source.is_thin for source in found.values()):
            return found
        shown = list(mounted_files(plan_mounts(instruction, words, found)))
        return {
            name: sources.complete(
                source, [file.path for file in shown if file.origin == source.origin]
            )
            for name, source in found.items()
        }

    def run_inputs(
        self,
        instruction: Run,
        state: StageState,
        sources: FactSources,
        settings: BuildSettings,
    ) -> RunInputs:
        """Return what a RUN depends on besides the file system it runs in.

        Raises as `mount_sources` does.
        """
        words = Words.of(instruction, state, settings.escape)
        shown = self.mount_sources(instruction, words, sources)
        mounts = plan_mounts(instruction, words, shown)
        network = settings.has_network
        return run_inputs(instruction, state, mounts, has_network=network)

    def _transfer_facts(
        self,
        instruction: Copy | Add,
        words: Words,
        stage: LayeredFilesystem,
        sources: FactSources,
    ) -> Facts:
        source = _transfer_source(instruction, words, sources)
        added = self._added(instruction, words, source)
        # With --link nothing below the layer is looked at, not even accounts.
        is_linked = instruction.link
        return Facts(
            tree=FileTree.empty() if is_linked else stage.tree,
            accounts=Accounts() if is_linked else _chown_accounts(instruction, stage),
            source=source,
            archives=added.archives,
            fetched=added.fetched,
        )

    def _added(
        self, instruction: Copy | Add, words: Words, source: SourceTree
    ) -> Added:
        if isinstance(instruction, Add):
            variables, added = self._ahead.pop(instruction, ({}, None))
            if added is not None and variables == words.state.variables:
                return added
        return self._add_sources.gather(instruction, words, source)


def _transfer_source(
    instruction: Copy | Add, words: Words, sources: FactSources
) -> SourceTree:
    from_ = instruction.from_ if isinstance(instruction, Copy) else None
    source = sources.source(from_, words.line)
    if not source.is_thin:
        return source
    request = copy_request(replace(instruction, chown=None), words, Accounts())
    return sources.complete(source, copied_files(request, source))


def _accounts(stage: LayeredFilesystem) -> Accounts:
    passwd = stage.account_file("etc/passwd")
    return Accounts.parse(passwd, stage.account_file("etc/group"))


def _chown_accounts(instruction: Copy | Add, stage: LayeredFilesystem) -> Accounts:
    """Read the accounts only for a `--chown` that may name one."""
    return _accounts(stage) if instruction.chown else Accounts()
