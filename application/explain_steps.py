"""Tells at the end of a build what the layer cache had, and why not the rest."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

from application.amounts import size
from application.ports.layer_cache import FoundStep, LayerCache
from application.ports.reporter import Reporter
from domain.build.cache_key import CacheKey, Chain, framed
from domain.build.explanation import (
    NotedStep,
    Outcome,
    StageRecord,
    explain_stage,
)
from domain.build.step_inputs import Inputs, stage_inputs
from domain.dockerfile.instruction import Instruction
from domain.dockerfile.redaction import without_credentials
from domain.dockerfile.stage import Stage
from domain.values import dataclass, field


def _salt() -> str:
    return secrets.token_hex(16)


@dataclass(slots=True)
class StageNotes:
    """What happened to the steps of one stage.

    Attributes:
        name: The stage, as it is shown.
        start: What it stands on.
        options: Stands for the options that can change a layer.
        steps: Its steps so far.
    """

    name: str
    start: Chain
    options: str
    steps: list[NotedStep] = field(default_factory=list)

    def add(
        self,
        instruction: Instruction,
        inputs: Inputs,
        chain: Chain,
        key: CacheKey | None,
        found: FoundStep | None,
    ) -> None:
        """Note what became of a step.

        Args:
            instruction: The instruction.
            inputs: What it depends on.
            chain: What it works on.
            key: What it was looked for by, None where it is not kept.
            found: What was found.
        """
        outcome = Outcome.NOT_KEPT if key is None else Outcome.MISS
        self.steps.append(
            NotedStep(
                kind=type(instruction).__name__.upper(),
                line=instruction.location.first,
                text=without_credentials(instruction.text),
                inputs={**stage_inputs(self.start, chain, self.options), **inputs},
                outcome=outcome if found is None else Outcome.HIT,
                seconds=0.0 if found is None else found.seconds,
            )
        )


class ExplainSteps:
    """Notes what becomes of the steps of a build.

    Args:
        cache: Keeps the records of stages.
        place: What is built, the same in each build of it.
        options: Stands for the options that can change a layer.
        push: Whether records are kept.
        salt: Makes the salt of a record.

    Attributes:
        told: What was told at the end, line by line.
    """

    def __init__(
        self,
        *,
        cache: LayerCache,
        place: str,
        options: str,
        push: bool,
        salt: Callable[[], str] = _salt,
    ) -> None:
        self._cache = cache
        self._place = place
        self._options = options
        self._push = push
        self._salt = salt
        self._stages: dict[int, StageNotes] = {}
        self.told: list[str] = []

    def begin(self, stage: Stage, start: Chain) -> StageNotes:
        """Begin a stage; what was noted of it before is forgotten."""
        notes = StageNotes(str(stage), start, self._options)
        self._stages[stage.index] = notes
        return notes

    def tell(self, reporter: Reporter, spared: int) -> None:
        """Tell of each step, and what the cache was good for.

        Args:
            reporter: Is told.
            spared: Bytes of layers that were not downloaded.
        """
        self.told = list(self._lines(spared))
        for line in self.told:
            reporter.info(line)

    def _lines(self, spared: int) -> Iterator[str]:
        for _, notes in sorted(self._stages.items()):
            if notes.steps:
                yield f"Layer cache, {notes.name}:"
            for line in explain_stage(notes.steps, self._last(notes)):
                yield f"  {line}"
        found = self._with(Outcome.HIT)
        yield (
            f"Layer cache: {len(found)} found, {len(self._with(Outcome.MISS))} missed,"
            f" {sum(step.seconds for step in found):.1f}s saved,"
            f" {size(spared)} of layers not downloaded"
        )

    def remember(self) -> None:
        """Keep a record of the stages that something was made in."""
        for notes in self._stages.values():
            is_new = any(step.outcome is Outcome.MISS for step in notes.steps)
            if is_new and self._push:
                record = StageRecord.of(notes.steps, self._salt())
                self._cache.remember(self._name(notes), record)

    def _last(self, notes: StageNotes) -> StageRecord | None:
        """Return the record of the last build, where there is something to explain."""
        if all(step.outcome is Outcome.HIT for step in notes.steps):
            return None
        return self._cache.last(self._name(notes))

    def _name(self, notes: StageNotes) -> str:
        return framed("record", (self._place, notes.name))

    def _with(self, outcome: Outcome) -> list[NotedStep]:
        return [
            step
            for notes in self._stages.values()
            for step in notes.steps
            if step.outcome is outcome
        ]
