"""Builds one stage: instruction by instruction, facts → plan → effects."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from application.explain_steps import StageNotes
from application.gather_facts import FactSources, GatherFacts
from application.layered_filesystem import LayeredFilesystem
from application.perform_effects import PerformEffects
from application.ports.dockerfile import DockerfileReader
from application.ports.layer_cache import FoundStep
from application.ports.layers import WrittenLayer
from application.ports.reporter import Reporter, Step, StepResult
from application.single_snapshot import SingleSnapshot
from application.stage_builder import StageEnd, StageStart
from application.stage_cache import DefinedStage, StageCache
from application.step_cache import StepCache
from domain.build.cache_key import Chain
from domain.build.effect import WriteLayer
from domain.build.history import run_history
from domain.build.lint import StageText, stage_remarks
from domain.build.plan import (
    BuildSettings,
    InstructionPlan,
    plan_instruction,
    requirement,
)
from domain.build.stage_definition import layer_maker
from domain.build.state import StageState
from domain.build.words import Words
from domain.dockerfile.instruction import Add, Copy, Instruction, Run
from domain.dockerfile.redaction import without_credentials
from domain.errors import BuildRuleError, KanipyError
from domain.image.config import History, rfc3339
from domain.image.digest import Digest
from domain.values import dataclass, replace

HISTORY_COMMENT = "kanipy"


class BuildStage:
    """Carries out the instructions of a stage, each planned after the last.

    Implements `StageBuilder`.
    """

    announcement = "Building"

    def __init__(  # noqa: PLR0913 - a service is given all its ports
        self,
        *,
        facts: GatherFacts,
        effects: PerformEffects,
        reader: DockerfileReader,
        reporter: Reporter,
        snapshot: SingleSnapshot | None = None,
        cache: StepCache | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the services.

        Args:
            facts: Reads what planning needs.
            effects: Carries out what was planned.
            reader: Splits the triggers of bases.
            reporter: Is told of each step.
            snapshot: Makes one layer of a stage; None for a layer a step.
            cache: Has the steps of earlier builds, or with `snapshot` the stages; None
                for no cache.
            seconds: Reads a clock that steps are timed by.
        """
        self._facts = facts
        self._effects = effects
        self._reader = reader
        self._reporter = reporter
        self._snapshot = snapshot
        self._knows_layers = cache is not None
        self._cache = cache if snapshot is None else None
        self._stage_cache: StageCache | None = None
        if snapshot is not None and cache is not None:
            self._stage_cache = StageCache(cache=cache, facts=facts)
        self._seconds = seconds

    def build(
        self, start: StageStart, sources: FactSources, settings: BuildSettings
    ) -> StageEnd:
        """Build a stage on its base; see `StageBuilder`."""
        triggers = start.triggers(self._reader)
        state = start.state.without_triggers()
        start.remarks.tell(stage_remarks(_stage_text(start, triggers, settings)))
        instructions = [*triggers, *start.stage.instructions]
        walk = _Walk(start.filesystem, sources, settings, start.chain)
        if self._cache is not None:
            walk.notes = self._cache.explanations.begin(start.stage, start.chain)
        if self._snapshot is not None:
            return self._build_as_one(start, instructions, state, walk, self._snapshot)
        state = self._carry_out_all(start, instructions, state, walk)
        return StageEnd(state=state, chain=walk.chain)

    def _build_as_one(
        self,
        start: StageStart,
        instructions: Sequence[Instruction],
        state: StageState,
        walk: _Walk,
        snapshot: SingleSnapshot,
    ) -> StageEnd:
        """Make one layer of a stage, or take it from the cache."""
        base, base_layers = state.image, len(walk.filesystem.layers)
        defined = DefinedStage()
        if self._stage_cache is not None:
            defined = self._stage_cache.look_up(
                instructions, state, walk.chain, walk.sources, walk.settings
            )
            self._stage_cache.note(start.stage, instructions, walk.chain, defined)
        if defined.found is not None:
            state = self._take_all(start, instructions, walk, defined)
            made = None if defined.found.layer is None else defined.found.layer.diff_id
        else:
            began = self._seconds()
            state = self._carry_out_all(start, instructions, state, walk)
            written = snapshot.take(walk.filesystem, base_layers)
            made = None if written is None else written.diff_id
            if self._stage_cache is not None:
                self._stage_cache.store(defined, written, self._seconds() - began)
        image = state.image.in_one_layer(base, made, layer_maker(instructions))
        chain = walk.chain
        if self._stage_cache is not None:
            chain = self._stage_cache.after(chain, made)
        return StageEnd(state=replace(state, image=image), chain=chain)

    def _take_all(
        self,
        start: StageStart,
        instructions: Sequence[Instruction],
        walk: _Walk,
        defined: DefinedStage,
    ) -> StageState:
        """Give a stage the layer of one that was built before."""
        state = defined.steps[-1].state
        for number, definition in enumerate(defined.steps):
            step = _step(start, instructions, number)
            self._reporter.step_started(step)
            state = _with_history(state, definition.history, None, walk.settings)
            note = "cached" if definition.digest else ""
            self._reporter.step_finished(step, StepResult(note=note))
        if defined.found is not None and defined.found.layer is not None:
            walk.filesystem.append_found(defined.found.layer)
        return state

    def _carry_out_all(
        self,
        start: StageStart,
        instructions: Sequence[Instruction],
        state: StageState,
        walk: _Walk,
    ) -> StageState:
        for number, instruction in enumerate(instructions):
            step = _step(start, instructions, number)
            later = instructions[number + 1 :]
            self._reporter.step_started(step)
            done = self._carry_out(instruction, later, state, walk)
            state = done.state
            self._reporter.step_finished(step, self._result(done))
        return state

    def _result(self, done: _Done) -> StepResult:
        """Return what the step left behind; an interim layer is none."""
        note = "cached" if done.was_found else ""
        if done.layer is None or self._snapshot is not None:
            return StepResult(note=note)
        return StepResult(layer_size=done.layer.size, note=note)

    def _carry_out(
        self,
        instruction: Instruction,
        later: Sequence[Instruction],
        state: StageState,
        walk: _Walk,
    ) -> _Done:
        try:
            if self._cache is not None and isinstance(instruction, Run):
                return self._carry_out_run(instruction, state, walk, self._cache)
            plan = self._plan(instruction, later, state, walk)
            return self._perform(instruction, plan, walk)
        except KanipyError as error:
            error.at_line(instruction.location.first)
            if isinstance(error, BuildRuleError) and not _takes_context(instruction):
                walk.sources.verify()
            raise

    def _carry_out_run(
        self, instruction: Run, state: StageState, walk: _Walk, cache: StepCache
    ) -> _Done:
        """Take a RUN from the cache, or execute it and keep it there."""
        inputs = self._facts.run_inputs(instruction, state, walk.sources, walk.settings)
        key = cache.run_key(walk.chain, inputs)
        found = cache.find(key)
        if walk.notes is not None:
            environment = (name for name, _ in state.config.env)
            noted = cache.run_inputs(inputs, environment)
            walk.notes.add(instruction, noted, walk.chain, key, found)
        if found is not None:
            done = self._take(found, state, run_history(instruction, state), walk)
        else:
            plan = self._plan(instruction, (), state, walk)
            began = self._seconds()
            layer = self._effects.perform(plan.effects[0], walk.filesystem)
            cache.store(key, layer, self._seconds() - began)
            done = _done(plan, layer, walk.settings)
        diff_id = None if done.layer is None else done.layer.diff_id
        walk.chain = cache.after_run(walk.chain, diff_id)
        return done

    def _take(
        self, found: FoundStep, state: StageState, history: str, walk: _Walk
    ) -> _Done:
        """Give the stage the layer of a step that was carried out before."""
        layer = found.layer
        made = None
        if layer is not None:
            walk.filesystem.append_found(layer)
            made = _Layer(layer.diff_id, layer.descriptor.size)
        after = _with_history(state, history, made, walk.settings)
        return _Done(after, made, was_found=True)

    def _plan(
        self,
        instruction: Instruction,
        later: Sequence[Instruction],
        state: StageState,
        walk: _Walk,
    ) -> InstructionPlan:
        known = self._knows_layers and walk.filesystem.knows_cheaply()
        needed = requirement(instruction, later, is_known=known)
        if needed is not None:
            self._effects.perform(needed, walk.filesystem)
        words = Words.of(instruction, state, walk.settings.escape)
        facts = self._facts.gather(instruction, words, walk.filesystem, walk.sources)
        if needed is not None:
            # a stage that was built meanwhile may have taken the root's place
            self._effects.perform(needed, walk.filesystem)
        return plan_instruction(instruction, state, facts, walk.settings)

    def _perform(
        self, instruction: Instruction, plan: InstructionPlan, walk: _Walk
    ) -> _Done:
        layer = None
        for effect in plan.effects:
            if self._cache is None or not isinstance(effect, WriteLayer):
                layer = self._effects.perform(effect, walk.filesystem) or layer
                continue
            key = self._cache.plan_key(walk.chain, instruction, effect.plan)
            found = self._cache.find(key)
            if found is not None:
                done = self._take(found, plan.state, plan.history, walk)
            else:
                began = self._seconds()
                layer = self._effects.perform(effect, walk.filesystem)
                if layer is not None:
                    self._cache.store(key, layer, self._seconds() - began)
                done = _done(plan, layer, walk.settings)
            if walk.notes is not None and not effect.plan.is_empty:
                noted = self._cache.plan_inputs(instruction, effect.plan, layer)
                walk.notes.add(instruction, noted, walk.chain, key, found)
            walk.chain = self._cache.after_plan(
                walk.chain, instruction, effect.plan, layer
            )
            return done
        return _done(plan, layer, walk.settings)


@dataclass(slots=True)
class _Walk:
    """What the instructions of a stage have in common, and how far they came."""

    filesystem: LayeredFilesystem
    sources: FactSources
    settings: BuildSettings
    chain: Chain
    notes: StageNotes | None = None


class _Layer(NamedTuple):
    diff_id: Digest
    size: int


class _Done(NamedTuple):
    """An instruction that was carried out, or found."""

    state: StageState
    layer: _Layer | None
    was_found: bool = False


def _takes_context(instruction: Instruction) -> bool:
    """Return whether what goes wrong is most likely the context's, not a cache's."""
    if isinstance(instruction, Copy):
        return instruction.from_ is None
    return isinstance(instruction, Add)


def _step(start: StageStart, instructions: Sequence[Instruction], number: int) -> Step:
    instruction = instructions[number]
    return Step(
        stage=str(start.stage),
        number=number + 1,
        count=len(instructions),
        text=without_credentials(instruction.text),
        line=instruction.location.first,
    )


def _stage_text(
    start: StageStart, triggers: Sequence[Instruction], settings: BuildSettings
) -> StageText:
    return StageText(
        instructions=start.stage.instructions,
        triggers=triggers,
        parents=start.parents,
        state=start.state,
        arguments=settings.arguments,
        escape=settings.escape,
        ignore=start.ignore,
    )


def _done(
    plan: InstructionPlan, written: WrittenLayer | None, settings: BuildSettings
) -> _Done:
    layer = None
    if written is not None:
        layer = _Layer(written.diff_id, written.descriptor.size)
    return _Done(_with_history(plan.state, plan.history, layer, settings), layer)


def _with_history(
    state: StageState, history: str, layer: _Layer | None, settings: BuildSettings
) -> StageState:
    entry = History(
        created=rfc3339(settings.now_ns), created_by=history, comment=HISTORY_COMMENT
    )
    image = state.image
    if layer is None:
        return replace(state, image=image.with_empty_history(entry))
    return replace(state, image=image.with_layer(layer.diff_id, entry))
