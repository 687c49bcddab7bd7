"""A parsed Dockerfile: its stages, and which of them a build needs.

Bases are looked up as expanded by the caller, which knows the build arguments. Whether
a name that is no stage is an image is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from domain.dockerfile.directives import Directives
from domain.dockerfile.instruction import (
    Arg,
    Copy,
    From,
    Instruction,
    OnBuild,
    Run,
)
from domain.dockerfile.location import LintWarning, Location
from domain.dockerfile.mount import mount_origin
from domain.errors import DockerfileError
from domain.values import dataclass, replace

_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
_INDEX = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A FROM and what follows it.

    Args:
        index: Its number, from 0.
        start: The FROM instruction.
        instructions: The others.
    """

    index: int
    start: From
    instructions: tuple[Instruction, ...]

    @property
    def name(self) -> str | None:
        """Its name in lower case, or None."""
        return self.start.name

    @property
    def base(self) -> str:
        """The word that names its base."""
        return self.start.base

    @property
    def platform(self) -> str | None:
        """The word of `--platform`, or None."""
        return self.start.platform

    @property
    def location(self) -> Location:
        """From its FROM to its last line."""
        last = self.instructions[-1] if self.instructions else self.start
        return Location(first=self.start.location.first, last=last.location.last)

    @property
    def triggers(self) -> tuple[OnBuild, ...]:
        """Its ONBUILD instructions, which run in the stages built from it."""
        return tuple(step for step in self.instructions if isinstance(step, OnBuild))

    def __str__(self) -> str:
        """Render its name, or its number where it has none."""
        return self.name or f"stage {self.index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dockerfile:
    """A parsed Dockerfile.

    Args:
        directives: Escape character, syntax and checks.
        global_args: The ARG instructions before the first FROM.
        stages: All stages, in order, at least one.
        warnings: Remarks, in the order of their lines.
    """

    directives: Directives
    global_args: tuple[Arg, ...]
    stages: tuple[Stage, ...]
    warnings: tuple[LintWarning, ...] = ()

    def target(self, name: str | None = None) -> Stage:
        """Return the stage to build: the one of that name or number, or the last.

        Names are case-insensitive; of two of the same name the later one is meant.
        Numbers count from 0; no name is a number.

        Raises:
            DockerfileError: There is no such stage.
        """
        if not name:
            return self.stages[-1]
        if _INDEX.fullmatch(name):
            return self._numbered(int(name))
        stage = self._named(name, before=len(self.stages))
        if stage is None:
            names = ", ".join(stage.name for stage in self.stages if stage.name)
            raise DockerfileError(
                f"the target stage {name!r} does not exist",
                hint=f"named stages are: {names}" if names else "no stage has a name",
            )
        return stage

    def replaced_by(self, contexts: Collection[str]) -> Dockerfile:
        """Return this without the names that further contexts have taken over.

        What named such a stage then means the context (BuildKit's rule); its number
        still means the stage.

        Args:
            contexts: Names of the contexts, in lower case.
        """
        stages = (
            replace(stage, start=replace(stage.start, name=None))
            if stage.name in contexts
            else stage
            for stage in self.stages
        )
        return replace(self, stages=tuple(stages))

    def base_stage(self, stage: Stage, base: str) -> Stage | None:
        """Return the earlier stage that `base` (expanded) names, or None: an image."""
        return self._named(base, before=stage.index)

    def parents(
        self, stage: Stage, expand_base: Callable[[Stage], str]
    ) -> tuple[Stage, ...]:
        """Return the stages that a stage is built on, the nearest first.

        Args:
            stage: The stage.
            expand_base: Returns a stage's base word with its variables expanded.
        """
        parent = self.base_stage(stage, expand_base(stage))
        return () if parent is None else (parent, *self.parents(parent, expand_base))

    def source_stage(self, stage: Stage, reference: str, *, line: int) -> Stage | None:
        """Return the stage a `--from` or mount `from=` names, or None: an image.

        Args:
            stage: The stage that refers to it.
            reference: A stage's name or number, or an image reference.
            line: The line that errors name.

        Raises:
            DockerfileError: It is the stage itself, a later one, or a number without
                a stage; or it holds a variable.
        """
        if "$" in reference:
            raise DockerfileError(
                f"a stage or image to copy from cannot be a variable: {reference!r}",
                line=line,
                hint=f"name it first: FROM {reference} AS name",
            )
        if _NUMBER.fullmatch(reference):
            return self._earlier(stage, int(reference), line)
        earlier = self._named(reference, before=stage.index)
        if earlier is None:
            later = self._named(reference, before=len(self.stages))
            if later is not None:
                return self._earlier(stage, later.index, line)
        return earlier

    def needed(
        self, target: Stage, expand_base: Callable[[Stage], str]
    ) -> tuple[Stage, ...]:
        """Return the stages that building `target` takes, in file order.

        Args:
            target: The stage to build.
            expand_base: Returns a stage's base word with its variables expanded;
                called once for each needed stage.

        Raises:
            DockerfileError: A needed stage refers to a stage it cannot use.
        """
        found: dict[int, Stage] = {}
        waiting = [target]
        while waiting:
            stage = waiting.pop()
            if stage.index not in found:
                found[stage.index] = stage
                waiting += self._dependencies(stage, expand_base(stage))
        return tuple(found[index] for index in sorted(found))

    def _dependencies(self, stage: Stage, base: str) -> Iterator[Stage]:
        steps = list(stage.instructions)
        parent = self.base_stage(stage, base)
        if parent is not None:
            yield parent
            steps += [trigger.instruction for trigger in parent.triggers]
        for step in steps:
            for reference in source_references(step):
                line = step.location.first
                source = self.source_stage(stage, reference, line=line)
                if source is not None:
                    yield source

    def _numbered(self, index: int) -> Stage:
        if index < len(self.stages):
            return self.stages[index]
        last = len(self.stages) - 1
        raise DockerfileError(
            f"the target stage {index} does not exist",
            hint=f"the stages have the numbers 0 to {last}"
            if last
            else "the only stage has the number 0",
        )

    def _named(self, name: str, *, before: int) -> Stage | None:
        named = (s for s in self.stages[:before] if s.name == name.lower())
        return max(named, key=lambda stage: stage.index, default=None)

    def _earlier(self, stage: Stage, index: int, line: int) -> Stage:
        if 0 <= index < stage.index:
            return self.stages[index]
        if index == stage.index:
            what = "the stage it stands in"
        else:
            what = "a later stage" if stage.index < index < len(self.stages) else "none"
        raise DockerfileError(
            f"stage {index} cannot be copied from: it is {what}",
            line=line,
            hint=f"stages before it have the numbers 0 to {stage.index - 1}"
            if stage.index
            else "this is the first stage: there is none before it",
        )


def source_references(instruction: Instruction) -> tuple[str, ...]:
    """Return the stages and images an instruction reads files from, as written.

    That is `--from` of COPY and `from=` of a bind or cache mount of RUN.
    """
    match instruction:
        case Copy(from_=str(reference)):
            return (reference,)
        case Run(mounts=mounts):
            return tuple(filter(None, map(mount_origin, mounts)))
        case _:
            return ()
