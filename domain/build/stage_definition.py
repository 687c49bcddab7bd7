"""What a stage is known by before any of it is carried out.

With one layer for a whole stage there is nothing between its steps to go on from: each
step is defined by what the instruction says after expansion, and by what it takes from
elsewhere. What all of them work on is the base's, and stands in the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from domain.build.accounts import Accounts
from domain.build.cache_key import (
    NO_CHAIN,
    CacheKey,
    Chain,
    ContentDigest,
    Field,
    framed,
    run_key,
)
from domain.build.copying import CopyRequest, plan_copy
from domain.build.history import run_history, transfer_history
from domain.build.mounts import plan_mounts
from domain.build.plan import BuildSettings, Facts, after_workdir, plan_instruction
from domain.build.running import run_inputs
from domain.build.state import StageState
from domain.build.transfer import copy_request
from domain.build.words import Words
from domain.dockerfile.instruction import Add, Copy, Instruction, Run, Workdir
from domain.snapshot.layer_plan import LayerPlan
from domain.snapshot.tree import FileTree
from domain.values import dataclass, replace

Fingerprint = Callable[[Copy | Add, LayerPlan], str]
"""Returns what a plan of an instruction holds."""


class StepDefinition(NamedTuple):
    """One instruction of a stage.

    Attributes:
        state: The state after it, history not extended.
        history: `created_by` of its history entry.
        digest: What it does to files, "" for nothing.
    """

    state: StageState
    history: str
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefiningTools:
    """What definitions are made with.

    Attributes:
        settings: What is the same for all instructions.
        content: Reads the digests of files that a RUN is shown.
        fingerprint: Tells what a COPY or ADD lays down.
    """

    settings: BuildSettings
    content: ContentDigest
    fingerprint: Fingerprint


def define_step(
    instruction: Instruction, state: StageState, facts: Facts, tools: DefiningTools
) -> StepDefinition:
    """Define one instruction.

    Args:
        instruction: The instruction.
        state: The state before it.
        facts: What it takes from elsewhere; tree and accounts are not looked at.
        tools: What is needed besides.

    Raises:
        DockerfileError: A word cannot be expanded.
        BuildRuleError: It cannot be carried out as written.
    """
    words = Words.of(instruction, state, tools.settings.escape)
    match instruction:
        case Run():
            mounts = plan_mounts(instruction, words, facts.mount_sources)
            network = tools.settings.has_network
            inputs = run_inputs(instruction, state, mounts, has_network=network)
            digest = run_key(NO_CHAIN, inputs, tools.content).hex
            return StepDefinition(state, run_history(instruction, state), digest)
        case Copy() | Add():
            digest = _transfer(instruction, words, facts, tools)
            return StepDefinition(state, transfer_history(instruction, words), digest)
        case Workdir():
            path, after = after_workdir(instruction, words)
            digest = framed("directory", (path, state.config.user))
            return StepDefinition(after, f"WORKDIR {path}", digest)
        case _:
            plan = plan_instruction(instruction, state, facts, tools.settings)
            return StepDefinition(plan.state, plan.history)


def stage_key(chain: Chain, steps: Sequence[StepDefinition]) -> CacheKey:
    """Return the key of a stage that makes one layer.

    Args:
        chain: What stands for its base.
        steps: Its instructions; those that change no files are none of it: what a
            RUN sees of them is in the RUN's definition.
    """
    digests = [step.digest for step in steps if step.digest]
    return CacheKey(framed("stage", (chain.hex, *digests)))


def layer_maker(instructions: Sequence[Instruction]) -> int | None:
    """Return which instruction the one layer of a stage is said to be of.

    It is the last RUN, COPY or ADD; where there is none, the last WORKDIR, which
    rarely makes anything. What they did does not matter: that is not known of a stage
    that was found.
    """
    for kinds in ((Run, Copy, Add), (Workdir,)):
        for number in range(len(instructions) - 1, -1, -1):
            if isinstance(instructions[number], kinds):
                return number
    return None


def _transfer(
    instruction: Copy | Add, words: Words, facts: Facts, tools: DefiningTools
) -> str:
    """Define a COPY or ADD without the tree it works on.

    Each source is laid down by itself, by its name into an empty tree: whether it
    keeps that name, and what it meets, is up to the destination.
    """
    unowned = replace(instruction, chown=None)
    request = replace(
        copy_request(unowned, words, Accounts()),
        archives=facts.archives,
        fetched=facts.fetched,
        now_ns=tools.settings.now_ns,
    )
    into = replace(request, destination=request.destination.rstrip("/") + "/")
    parts = [replace(into, sources=(word,), inline=()) for word in request.sources]
    parts.append(replace(into, sources=()))
    laid = (tools.fingerprint(instruction, _plan(part, facts)) for part in parts)
    chown, chmod = (
        None if word is None else words.expand(word)
        for word in (instruction.chown, instruction.chmod)
    )
    fields: tuple[Field, ...] = (
        type(instruction).__name__,
        framed("sources", request.sources),
        request.destination,
        chown,
        chmod,
        instruction.link,
        request.parents,
        framed("exclude", instruction.exclude),
        framed("laid", laid),
    )
    return framed("transfer", fields)


def _plan(request: CopyRequest, facts: Facts) -> LayerPlan:
    if facts.source is None:  # pragma: no cover - gather_facts sets it
        message = "COPY was defined without its source"
        raise AssertionError(message)
    return plan_copy(request, facts.source, FileTree.empty())
