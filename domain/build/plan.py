"""From an instruction, the state before it and facts, to what is to be done.

`plan_instruction` is pure. Which facts an instruction needs is `requirement`'s to
say; reading them is `application.gather_facts`'s, carrying out the effects is
`application.perform_effects`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from domain.values import dataclass, field, replace

from domain.build.accounts import Accounts
from domain.build.copying import Fetched, SourceTree, plan_copy
from domain.build.effect import Effect, Materialise, ReadLayers, RunProcess, WriteLayer
from domain.build.history import metadata_history, run_history, transfer_history
from domain.build.metadata import Metadata, after_metadata
from domain.build.mounts import MountSources, plan_mounts
from domain.build.running import run_process
from domain.build.state import StageState
from domain.build.transfer import copy_request
from domain.build.variables import BuildArguments
from domain.build.words import Words
from domain.build.working_directory import (
    absolute_working_directory,
    plan_working_directory,
)
from domain.dockerfile.instruction import Add, Copy, From, Instruction, Run, Workdir
from domain.snapshot.layer_plan import LayerPlan, PlannedEntry
from domain.snapshot.tree import FileTree


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSettings:
    """What is the same for all instructions of a build.

    Attributes:
        arguments: Build arguments.
        escape: The Dockerfile's escape character.
        now_ns: Time of the build.
        has_network: Whether RUNs that name no network have the builder's.
    """

    arguments: BuildArguments
    escape: str = "\\"
    now_ns: int = 0
    has_network: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was read for one instruction.

    Attributes:
        tree: The file system before it; empty where it needs none.
        accounts: Users and groups of the image at that point.
        source: What COPY and ADD copy from, else None.
        mount_sources: What mounts of RUN take files from, by their `from`.
        archives: Members of the sources that ADD unpacks, by path.
        fetched: What ADD took from addresses, by source.
    """

    tree: FileTree = field(default_factory=FileTree.empty)
    accounts: Accounts = field(default_factory=Accounts)
    source: SourceTree | None = None
    mount_sources: MountSources = field(default_factory=dict)
    archives: Mapping[str, Sequence[PlannedEntry]] = field(default_factory=dict)
    fetched: Mapping[str, Fetched] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionPlan:
    """What an instruction does.

    Attributes:
        state: The state after it, history not yet extended.
        effects: What is to be carried out, in order.
        history: `created_by` of its history entry.
    """

    state: StageState
    effects: tuple[Effect, ...] = ()
    history: str


def requirement(
    instruction: Instruction,
    later: Iterable[Instruction],
    *,
    is_known: bool = False,
) -> ReadLayers | Materialise | None:
    """Return what must be known, or on disk, before facts can be read.

    When a later RUN needs the root anyway, the layers are unpacked at once instead
    of being read first and unpacked afterwards; not where that costs no reading.

    Args:
        instruction: The instruction.
        later: Those that follow it in the stage.
        is_known: Whether what the layers hold is known without reading them.
    """
    match instruction:
        case Run():
            return Materialise()
        case Copy(link=True) | Add(link=True):
            return None
        case Copy() | Add() | Workdir():
            will_run = any(isinstance(step, Run) for step in later)
            return Materialise() if will_run and not is_known else ReadLayers()
        case _:
            return None


def plan_instruction(
    instruction: Instruction, state: StageState, facts: Facts, settings: BuildSettings
) -> InstructionPlan:
    """Plan one instruction.

    Raises:
        DockerfileError: A word cannot be expanded.
        BuildRuleError: It cannot be carried out as written.
    """
    words = Words.of(instruction, state, settings.escape)
    match instruction:
        case Run():
            return _plan_run(instruction, words, facts, settings)
        case Copy() | Add():
            return _plan_transfer(instruction, words, facts, settings)
        case Workdir():
            return _plan_workdir(instruction, words, facts, settings)
        case From():  # pragma: no cover - a stage's instructions hold no FROM
            message = "FROM is not an instruction of a stage"
            raise AssertionError(message)
        case _:
            return _plan_metadata(instruction, words, settings)


def after_workdir(instruction: Workdir, words: Words) -> tuple[str, StageState]:
    """Return the absolute path of a WORKDIR, and the state after it.

    Raises:
        DockerfileError: Its word cannot be expanded.
    """
    state = words.state
    current = state.working_directory
    path = absolute_working_directory(words.expand(instruction.path), current)
    return path, state.with_config(replace(state.config, working_dir=path))


def _plan_metadata(
    instruction: Metadata, words: Words, settings: BuildSettings
) -> InstructionPlan:
    state = after_metadata(instruction, words, settings.arguments)
    history = metadata_history(instruction, words, state)
    return InstructionPlan(state=state, history=history)


def _plan_run(
    instruction: Run, words: Words, facts: Facts, settings: BuildSettings
) -> InstructionPlan:
    state = words.state
    identity = facts.accounts.identity(state.config.user)
    proxies = settings.arguments.proxies()
    mounts = plan_mounts(instruction, words, facts.mount_sources)
    process = run_process(instruction, state, identity, proxies, mounts)
    if instruction.network is None:
        process = replace(process, has_network=settings.has_network)
    return InstructionPlan(
        state=state,
        effects=(RunProcess(process, mounts),),
        history=run_history(instruction, state),
    )


def _plan_workdir(
    instruction: Workdir, words: Words, facts: Facts, settings: BuildSettings
) -> InstructionPlan:
    path, state = after_workdir(instruction, words)
    plan = LayerPlan()
    if not facts.tree.is_directory(path):
        # A number is user and group here, as it is to --chown (docker's rule).
        owner = facts.accounts.owner(state.config.user)
        plan = plan_working_directory(path, owner, facts.tree, settings.now_ns)
    return InstructionPlan(
        state=state,
        effects=(WriteLayer(plan),),
        history=f"WORKDIR {path}",
    )


def _plan_transfer(
    instruction: Copy | Add, words: Words, facts: Facts, settings: BuildSettings
) -> InstructionPlan:
    if facts.source is None:  # pragma: no cover - gather_facts sets it
        message = "COPY was planned without its source"
        raise AssertionError(message)
    request = replace(
        copy_request(instruction, words, facts.accounts),
        archives=facts.archives,
        fetched=facts.fetched,
        now_ns=settings.now_ns,
    )
    tree = FileTree.empty() if instruction.link else facts.tree
    plan = plan_copy(request, facts.source, tree)
    return InstructionPlan(
        state=words.state,
        effects=(WriteLayer(plan),),
        history=transfer_history(instruction, words),
    )
