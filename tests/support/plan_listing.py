"""Writes down what a build in memory does, step by step, for people to compare."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from adapters.memory.ambient import RecordingReporter
from application.ports.reporter import Step, StepResult
from domain.build.effect import (
    Effect,
    Materialise,
    ReadLayers,
    RunProcess,
    WriteLayer,
)
from domain.build.mounts import BindMount, CacheMount, PlannedMount
from domain.build.process import ProcessSpec
from tests.support.memory_build import MemoryBuild
from tests.support.trees import draw


@dataclass(slots=True)
class ListingReporter(RecordingReporter):
    """Notes how many effects there were when a step ended.

    Attributes:
        performed: The effects of the build, as they are added.
        steps: (step, effects by its end) in their order.
    """

    performed: list[Effect] = field(default_factory=list)
    steps: list[tuple[Step, int]] = field(default_factory=list)

    def step_finished(self, step: Step, result: StepResult) -> None:
        RecordingReporter.step_finished(self, step, result)
        self.steps.append((step, len(self.performed)))


def listing(build: MemoryBuild, reporter: ListingReporter) -> str:
    """Build, and return what was done and what came of it."""
    reporter.performed = build.effects.performed
    build.run()
    return "\n".join([*_steps(reporter), "", *_result(build), ""])


def _steps(reporter: ListingReporter) -> Iterator[str]:
    done = 0
    for step, until in reporter.steps:
        text = " ".join(step.text.split())
        yield f"{step.stage} {step.number}/{step.count}, line {step.line}: {text}"
        for effect in reporter.performed[done:until]:
            yield from (f"    {line}" for line in _effect(effect))
        done = until


def _effect(effect: Effect) -> list[str]:
    match effect:
        case ReadLayers():
            return ["read layers"]
        case Materialise():
            return ["materialise"]
        case WriteLayer(plan):
            if plan.is_empty:
                return ["write no layer"]
            return ["write layer", *(f"    {row}" for row in draw(plan))]
        case RunProcess(process, mounts):
            lines = [*_process(process), *(_mount(mount) for mount in mounts)]
            return [f"run as {_identity(process)} in {process.working_directory}"] + [
                f"    {line}" for line in lines
            ]
        case _:
            assert_never(effect)


def _identity(process: ProcessSpec) -> str:
    groups = "".join(f",{group}" for group in process.groups)
    return f"{process.uid}:{process.gid}{groups}"


def _process(process: ProcessSpec) -> list[str]:
    environment = [f"{name}={value}" for name, value in process.environment]
    return [json.dumps(list(process.argv)), *environment]


def _mount(mount: PlannedMount) -> str:
    match mount:
        case BindMount(target=target, tree=tree, read_only=read_only):
            access = "read-only" if read_only else "written in vain"
            return f"bind {tree.origin}/{tree.path} at {target}, {access}"
        case CacheMount(target=target, plan=plan):
            return f"cache {mount.id} at {target}: {' | '.join(draw(plan))}"
        case _:
            return str(mount)


def _result(build: MemoryBuild) -> Iterator[str]:
    config = build.config
    yield f"{len(config.diff_ids)} layers, {build.published.manifest.media_type}"
    yield "history:"
    for entry in config.history:
        yield f"    {' ' if entry.empty_layer else '+'} {entry.created_by!r}"
    yield json.dumps(config.config.to_json(), indent=4)
    yield from build.warnings
