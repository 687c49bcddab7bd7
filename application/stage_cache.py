"""Finds stages that make one layer each, and keeps those that were built.

Nothing of such a stage is looked up step by step: the layers of its steps are in no
image. Its key is known before anything of it is executed, only the stages that it
copies from are built for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from application.gather_facts import FactSources, GatherFacts
from application.ports.layer_cache import FoundStep
from application.ports.layers import WrittenLayer
from application.step_cache import StepCache
from domain.build.cache_key import CacheKey, Chain
from domain.build.plan import BuildSettings
from domain.build.stage_definition import (
    DefiningTools,
    StepDefinition,
    define_step,
    stage_key,
)
from domain.build.state import StageState
from domain.build.words import Words
from domain.dockerfile.instruction import Instruction
from domain.dockerfile.stage import Stage
from domain.errors import BuildRuleError, DockerfileError, KanipyError
from domain.image.digest import Digest
from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinedStage:
    """A stage whose key is known.

    Attributes:
        key: The key; None where it is not kept.
        steps: What each instruction makes of the config.
        found: Its layer, if it was built before.
    """

    key: CacheKey | None = None
    steps: Sequence[StepDefinition] = ()
    found: FoundStep | None = None


class StageCache:
    """The cache of one build's stages."""

    def __init__(self, *, cache: StepCache, facts: GatherFacts) -> None:
        """Take the services.

        Args:
            cache: Has the layers of earlier builds.
            facts: Reads what stages take from elsewhere.
        """
        self._cache = cache
        self._facts = facts

    def look_up(
        self,
        instructions: Sequence[Instruction],
        state: StageState,
        chain: Chain,
        sources: FactSources,
        settings: BuildSettings,
    ) -> DefinedStage:
        """Look for a stage.

        A stage with an instruction that cannot be defined has no key: what is wrong is
        told when it is carried out, after those before it.

        Args:
            instructions: Its instructions, those of triggers first.
            state: The state before them.
            chain: What stands for its base.
            sources: Finds what `COPY --from` names.
            settings: What is the same for all instructions.

        Raises:
            KanipyError: What the ports raise; its place is an instruction's line.
        """
        if not self._cache.keeps_stage(instructions):
            return DefinedStage()
        steps = self._define(instructions, state, sources, settings)
        if steps is None:
            return DefinedStage()
        key = stage_key(chain, steps)
        found = self._cache.find(key)
        if found is not None:
            self._facts.forget_ahead()
        return DefinedStage(key=key, steps=steps, found=found)

    def after(self, chain: Chain, diff_id: Digest | None) -> Chain:
        """Go on after a stage, found or built."""
        return self._cache.after_run(chain, diff_id)

    def store(
        self, stage: DefinedStage, layer: WrittenLayer | None, seconds: float
    ) -> None:
        """Keep a stage that was built."""
        self._cache.store(stage.key, layer, seconds)

    def note(
        self,
        stage: Stage,
        instructions: Sequence[Instruction],
        chain: Chain,
        defined: DefinedStage,
    ) -> None:
        """Note what became of a stage, as one step."""
        if defined.key is None:
            return
        named = zip(instructions, defined.steps, strict=True)
        inputs = {
            f"line {instruction.location.first}": step.digest
            for instruction, step in named
            if step.digest
        }
        notes = self._cache.explanations.begin(stage, chain)
        notes.add(stage.start, inputs, chain, defined.key, defined.found)

    def _define(
        self,
        instructions: Sequence[Instruction],
        state: StageState,
        sources: FactSources,
        settings: BuildSettings,
    ) -> list[StepDefinition] | None:
        tools = DefiningTools(
            settings=settings,
            content=self._cache.content_digest,
            fingerprint=self._cache.fingerprint,
        )
        steps: list[StepDefinition] = []
        for instruction in instructions:
            words = Words.of(instruction, state, settings.escape)
            try:
                facts = self._facts.gather_ahead(instruction, words, sources)
            except KanipyError as error:
                error.at_line(instruction.location.first)
                raise
            try:
                step = define_step(instruction, state, facts, tools)
            except (BuildRuleError, DockerfileError):
                return None
            steps.append(step)
            state = step.state
        return steps
