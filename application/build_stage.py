"""Builds one stage: instruction by instruction, facts → plan → effects."""

from __future__ import annotations

from collections.abc import Sequence

from application.gather_facts import FactSources, GatherFacts
from application.layered_filesystem import LayeredFilesystem
from application.perform_effects import PerformEffects
from application.ports.dockerfile import DockerfileReader
from application.ports.layers import WrittenLayer
from application.ports.reporter import Reporter, Step, StepResult
from application.remarks import Remarks
from application.single_snapshot import SingleSnapshot
from domain.build.lint import StageText, stage_remarks
from domain.build.plan import (
    BuildSettings,
    InstructionPlan,
    plan_instruction,
    requirement,
)
from domain.build.state import StageState
from domain.build.words import Words
from domain.dockerfile.ignore import IgnoreRules
from domain.dockerfile.instruction import Instruction
from domain.dockerfile.parse import parse_trigger
from domain.dockerfile.redaction import without_credentials
from domain.dockerfile.stage import Stage
from domain.errors import KanipyError
from domain.image.config import History, rfc3339
from domain.values import dataclass, field, replace

HISTORY_COMMENT = "kanipy"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageStart:
    """A stage before its first instruction.

    Attributes:
        stage: The stage as parsed.
        state: Config and variables of its base.
        filesystem: Layers of its base.
        parents: The stages it is built on, for remarks.
        ignore: What the context's ignore file leaves out, for remarks.
        remarks: Takes the remarks on the stage.
    """

    stage: Stage
    state: StageState
    filesystem: LayeredFilesystem
    parents: Sequence[Stage] = ()
    ignore: IgnoreRules = field(default_factory=IgnoreRules)
    remarks: Remarks


class BuildStage:
    """Carries out the instructions of a stage, each planned after the last."""

    def __init__(
        self,
        *,
        facts: GatherFacts,
        effects: PerformEffects,
        reader: DockerfileReader,
        reporter: Reporter,
        snapshot: SingleSnapshot | None = None,
    ) -> None:
        """Take the services.

        Args:
            facts: Reads what planning needs.
            effects: Carries out what was planned.
            reader: Splits the triggers of bases.
            reporter: Is told of each step.
            snapshot: Makes one layer of a stage; None for a layer a step.
        """
        self._facts = facts
        self._effects = effects
        self._reader = reader
        self._reporter = reporter
        self._snapshot = snapshot

    def build(
        self, start: StageStart, sources: FactSources, settings: BuildSettings
    ) -> StageState:
        """Build a stage on its base; its layers are appended to its file system.

        Args:
            start: The stage on its base.
            sources: Finds what `COPY --from` names.
            settings: What is the same for all instructions.

        Returns:
            The state after the last instruction.

        Raises:
            DockerfileError, BuildRuleError: An instruction cannot be carried out;
                the error's place is its line.
            CommandFailed: A RUN failed.
            KanipyError: What the ports raise.
        """
        triggers = self._triggers(start)
        state = start.state.without_triggers()
        start.remarks.tell(stage_remarks(_stage_text(start, triggers, settings)))
        instructions = [*triggers, *start.stage.instructions]
        walk = _Walk(start.filesystem, sources, settings)
        base_layers = len(start.filesystem.layers)
        for number, instruction in enumerate(instructions):
            step = Step(
                stage=str(start.stage),
                number=number + 1,
                count=len(instructions),
                text=without_credentials(instruction.text),
                line=instruction.location.first,
            )
            later = instructions[number + 1 :]
            self._reporter.step_started(step)
            state, layer = self._carry_out(instruction, later, state, walk)
            self._reporter.step_finished(step, self._result(layer))
        if self._snapshot is None:
            return state
        diff_id = self._snapshot.take(start.filesystem, base_layers)
        image = state.image.in_one_layer(start.state.image, diff_id)
        return replace(state, image=image)

    def _result(self, layer: WrittenLayer | None) -> StepResult:
        """Return what the step left behind; an interim layer is none."""
        if layer is None or self._snapshot is not None:
            return StepResult()
        return StepResult(layer_size=layer.descriptor.size)

    def _carry_out(
        self,
        instruction: Instruction,
        later: Sequence[Instruction],
        state: StageState,
        walk: _Walk,
    ) -> tuple[StageState, WrittenLayer | None]:
        try:
            plan = self._plan(instruction, later, state, walk)
            layer = self._perform(plan, walk)
        except KanipyError as error:
            error.at_line(instruction.location.first)
            raise
        return _with_history(plan, layer, walk.settings), layer

    def _plan(
        self,
        instruction: Instruction,
        later: Sequence[Instruction],
        state: StageState,
        walk: _Walk,
    ) -> InstructionPlan:
        needed = requirement(instruction, later)
        if needed is not None:
            self._effects.perform(needed, walk.filesystem)
        words = Words.of(instruction, state, walk.settings.escape)
        facts = self._facts.gather(instruction, words, walk.filesystem, walk.sources)
        if needed is not None:
            # a stage that was built meanwhile may have taken the root's place
            self._effects.perform(needed, walk.filesystem)
        return plan_instruction(instruction, state, facts, walk.settings)

    def _perform(self, plan: InstructionPlan, walk: _Walk) -> WrittenLayer | None:
        layer = None
        for effect in plan.effects:
            layer = self._effects.perform(effect, walk.filesystem) or layer
        return layer

    def _triggers(self, start: StageStart) -> list[Instruction]:
        """Parse the ONBUILD triggers that the base brings; they run first."""
        line = start.stage.start.location.first
        return [
            parse_trigger(text, self._reader.split, line=line)
            for text in start.state.config.on_build
        ]


@dataclass(frozen=True, slots=True)
class _Walk:
    """What the instructions of a stage have in common."""

    filesystem: LayeredFilesystem
    sources: FactSources
    settings: BuildSettings


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


def _with_history(
    plan: InstructionPlan, layer: WrittenLayer | None, settings: BuildSettings
) -> StageState:
    entry = History(
        created=rfc3339(settings.now_ns),
        created_by=plan.history,
        comment=HISTORY_COMMENT,
    )
    image = plan.state.image
    if layer is None:
        return replace(plan.state, image=image.with_empty_history(entry))
    return replace(plan.state, image=image.with_layer(layer.diff_id, entry))
