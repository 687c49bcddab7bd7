"""The stages that a target needs, each built (or planned) when it is first needed."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future

from application.contents import Contents
from application.copy_sources import CopySources
from application.gather_facts import FactSources
from application.layered_filesystem import LayeredFilesystem
from application.ports.context import ContextSource
from application.ports.reporter import Reporter
from application.prepare_build import PreparedBuild, PreparedStage
from application.stage_bases import BuiltStage, StageBases
from application.stage_builder import StageBuilder, StageStart
from application.turns import SideBySide, Turns
from domain.build.copying import SourceTree
from domain.dockerfile.stage import Stage, source_references
from domain.values import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTools:
    """What stages are built with, the same in each run.

    Attributes:
        builder: Builds a stage, or plans it.
        bases: Makes what a stage starts on.
        named_contexts: Further contexts that are directories, by name.
        contents: Is told of every file system that files may come from.
        reporter: Is told which stage is begun.
        turns: Whose turn it is, where stages are built side by side.
    """

    builder: StageBuilder
    bases: StageBases
    named_contexts: Mapping[str, ContextSource]
    contents: Contents
    reporter: Reporter
    turns: Turns


class NeededStages:
    """The stages of one run of a build.

    A stage that others are built on, or copy from, is built before them, or while
    they are. Nothing is kept for a second run.

    Args:
        prepared: The build.
        tools: What its stages are built with.

    Attributes:
        prepared: As it was given.
    """

    def __init__(self, prepared: PreparedBuild, tools: StageTools) -> None:
        self.prepared = prepared
        self._builder = tools.builder
        self._bases = tools.bases
        self._contents = tools.contents
        self._reporter = tools.reporter
        self._sources = CopySources(
            prepared,
            named_contexts=tools.named_contexts,
            bases=tools.bases,
            contents=tools.contents,
        )
        self._turns = tools.turns
        self._begun_stages: dict[int, Future[BuiltStage]] = {}
        self._built: dict[int, BuiltStage] = {}
        self._begun: list[LayeredFilesystem] = []

    @property
    def target(self) -> BuiltStage:
        """The stage that becomes the image, which is built."""
        return self._built[self.prepared.target]

    @property
    def arguments(self) -> frozenset[str]:
        """Names of the build arguments that the stages took."""
        built = self._built.values()
        return frozenset(name for each in built for name in each.state.arguments)

    @property
    def filesystems(self) -> tuple[LayeredFilesystem, ...]:
        """The file systems of the stages, and of images they copied from."""
        return (*self._begun, *self._sources.images)

    def build(self, stage: Stage) -> BuiltStage:
        """Build a stage; asked for again, return it.

        Raises:
            KanipyError: What its builder raises, or what is said of its base.
        """
        begun = self._begun_stages.get(stage.index)
        if begun is not None:
            with self._turns.given_up():
                return begun.result()
        begun = self._begun_stages[stage.index] = Future()
        try:
            built = self._build(stage)
        except BaseException as error:
            begun.set_exception(error)
            raise
        self._built[stage.index] = built
        begun.set_result(built)
        return built

    def build_all(self, side_by_side: SideBySide | None) -> None:
        """Build every stage, in the order of the Dockerfile or side by side.

        Raises:
            KanipyError: As `build`.
        """
        stages = {stage.index: stage for stage in self.prepared.stages}
        if side_by_side is None or self._bases.takes_turns:
            for stage in stages.values():
                self.build(stage)
            return
        needs = {number: self._needs(stage) for number, stage in stages.items()}
        side_by_side.run(needs, lambda number: self.build(stages[number]))

    def _needs(self, stage: Stage) -> frozenset[int]:
        """Return the stages that one is built on, or is seen to take files from."""
        dockerfile = self.prepared.dockerfile
        base = self.prepared.prepare_stage(stage).base
        found = [dockerfile.base_stage(stage, base)]
        for step in stage.instructions:
            line = step.location.first
            found += [
                dockerfile.source_stage(stage, reference, line=line)
                for reference in source_references(step)
            ]
        return frozenset(each.index for each in found if each is not None)

    def discard_roots(self) -> None:
        """Remove all roots from disk. Idempotent."""
        for filesystem in self.filesystems:
            filesystem.discard_root()

    def _build(self, stage: Stage) -> BuiltStage:
        if self._bases.takes_turns:
            # the root of a stage that waits for this one; its layers make it anew
            self.discard_roots()
        prepared = self.prepared.prepare_stage(stage)
        self._reporter.info(f"{self._builder.announcement} {stage} on {prepared.base}")
        base = self._bases.start(prepared, self._parent(prepared))
        self._begun.append(base.filesystem)
        self._contents.add(base.filesystem.name, base.filesystem)
        sources = FactSources(
            source=lambda name, line: self._source(name, line, stage),
            complete=self._sources.complete,
            verify=self._verify,
        )
        start = self._start(stage, base)
        end = self._builder.build(start, sources, self.prepared.settings)
        if self._bases.takes_turns or self._is_finished_with(stage):
            base.filesystem.discard_root()
        return replace(base, state=end.state, chain=end.chain)

    def _verify(self) -> None:
        for filesystem in self.filesystems:
            filesystem.verify()

    def _parent(self, stage: PreparedStage) -> BuiltStage | None:
        parent = self.prepared.dockerfile.base_stage(stage.stage, stage.base)
        return None if parent is None else self.build(parent)

    def _start(self, stage: Stage, base: BuiltStage) -> StageStart:
        return StageStart(
            stage=stage,
            state=base.state,
            filesystem=base.filesystem,
            parents=self.prepared.parents(stage),
            ignore=self.prepared.ignore,
            remarks=self.prepared.remarks,
            chain=base.chain,
        )

    def _source(self, name: str | None, line: int, asking: Stage) -> SourceTree:
        """Find what COPY and ADD take files from."""
        if name is None:
            return self._sources.context()
        stage = self.prepared.dockerfile.source_stage(asking, name, line=line)
        if stage is not None:
            return self._sources.stage(self.build(stage).filesystem, f"stage {stage}")
        return self._sources.named(name, line)

    def _is_finished_with(self, stage: Stage) -> bool:
        """Tell whether a root may go; the target's does while its image is published.

        A trigger of a base image may copy from a stage unforeseen; its files then come
        out of the layers.
        """
        find = self.prepared.dockerfile.source_stage
        return stage.index != self.prepared.target and not any(
            find(later, reference, line=step.location.first) == stage
            for later in self.prepared.stages
            for step in later.instructions
            for reference in source_references(step)
        )
