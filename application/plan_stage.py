"""Tells what building a stage would do, and does none of it.

Instructions are planned as `BuildStage` plans them, each against what the last one
would leave. Where only carrying something out tells what it leaves (a RUN, a download,
layers that nobody has an index of), what depends on that is said to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from application.amounts import size
from application.contents import Contents
from application.errors import NotKnown
from application.gather_facts import FactSources, GatherFacts
from application.layered_filesystem import LayeredFilesystem
from application.plan_only import UNREAD_LAYERS
from application.ports.dockerfile import DockerfileReader
from application.ports.layer_cache import FoundStep
from application.ports.layers import WrittenLayer
from application.ports.reporter import Reporter
from application.stage_builder import StageEnd, StageStart
from application.stage_cache import StageCache
from application.step_cache import StepCache
from domain.build.cache_key import Chain
from domain.build.effect import WriteLayer
from domain.build.plan import BuildSettings, Facts, after_workdir, plan_instruction
from domain.build.state import StageState
from domain.build.words import Words
from domain.dockerfile.instruction import Add, Copy, Instruction, Run, Workdir
from domain.dockerfile.redaction import without_credentials
from domain.errors import KanipyError
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.snapshot.entry import FileType
from domain.snapshot.index import LayerIndex
from domain.snapshot.layer_plan import (
    LayerPlan,
    LiteralContent,
    PlannedEntry,
    PlannedWhiteout,
    StoredContent,
)
from domain.values import dataclass

_SHORT = 60


class PlanStage:
    """Plans the instructions of a stage (implements `StageBuilder`)."""

    announcement = "Planning"

    def __init__(
        self,
        *,
        facts: GatherFacts,
        contents: Contents,
        reader: DockerfileReader,
        reporter: Reporter,
        cache: StepCache | None = None,
        is_one_layer: bool = False,
    ) -> None:
        """Take the services.

        Args:
            facts: Reads what planning needs, and fetches nothing for it.
            contents: Reads the digests of planned files.
            reader: Splits the triggers of bases.
            reporter: Is told the plan.
            cache: Has the steps of earlier builds; None for no cache.
            is_one_layer: Whether a stage makes one layer.
        """
        self._facts = facts
        self._contents = contents
        self._reader = reader
        self._reporter = reporter
        self._cache = cache
        self._is_one_layer = is_one_layer

    def build(
        self, start: StageStart, sources: FactSources, settings: BuildSettings
    ) -> StageEnd:
        """Tell the plan of a stage, a line for each instruction; see `StageBuilder`.

        No command is run; layers that nobody knows are appended as such.
        """
        state = start.state.without_triggers()
        walk = _Walk(start.filesystem, sources, settings, start.chain, state)
        instructions = [*start.triggers(self._reader), *start.stage.instructions]
        if not self._is_found_whole(start, instructions, walk):
            for instruction in instructions:
                self._tell(instruction, self._step(instruction, walk))
            if self._is_one_layer and self._cache is not None:
                walk.filesystem.append_unknown(f"the layer of {start.stage}")
        self._reporter.info(f"  {_root(walk)}")
        return StageEnd(state=walk.state, chain=walk.chain)

    def _is_found_whole(
        self, start: StageStart, instructions: Sequence[Instruction], walk: _Walk
    ) -> bool:
        """Tell of a stage that makes one layer; return whether there is no more."""
        if not self._is_one_layer:
            return False
        if self._cache is None or walk.filesystem.unknown:
            return False
        stages = StageCache(cache=self._cache, facts=self._facts)
        try:
            defined = stages.look_up(
                instructions, walk.state, walk.chain, walk.sources, walk.settings
            )
        except NotKnown as error:
            self._tell(start.stage.start, f"one layer, depends on {error}")
            return False
        if defined.found is None:
            self._tell(
                start.stage.start, "one layer, miss" if defined.key else "one layer"
            )
            return False
        self._tell(start.stage.start, _hit(defined.found))
        walk.state = defined.steps[-1].state
        walk.chain = stages.after(walk.chain, self._take(defined.found, walk))
        return True

    def _step(self, instruction: Instruction, walk: _Walk) -> str:
        """Plan an instruction and return what is to be said of it."""
        try:
            match instruction:
                case Run():
                    return self._run(instruction, walk)
                case Copy() | Add() | Workdir():
                    return self._layer(instruction, walk)
                case _:
                    plan = plan_instruction(
                        instruction, walk.state, Facts(), walk.settings
                    )
                    walk.state = plan.state
                    return "config"
        except NotKnown as error:
            if str(error) == UNREAD_LAYERS and not walk.filesystem.unknown:
                walk.read = _bytes(walk.filesystem)
            walk.filesystem.append_unknown(str(error))
            if isinstance(instruction, Workdir):
                _, walk.state = after_workdir(instruction, walk.words(instruction))
            return f"depends on {error}"
        except KanipyError as error:
            error.at_line(instruction.location.first)
            raise

    def _run(self, instruction: Run, walk: _Walk) -> str:
        if self._cache is None or self._is_one_layer:
            return _executed(instruction, walk, "executed")
        if walk.filesystem.unknown:
            why = walk.filesystem.unknown
            return _executed(instruction, walk, f"depends on {why}")
        inputs = self._facts.run_inputs(
            instruction, walk.state, walk.sources, walk.settings
        )
        key = self._cache.run_key(walk.chain, inputs)
        found = self._cache.find(key)
        if found is None:
            fate = "executed" if key is None else "miss, executed"
            return _executed(instruction, walk, fate)
        diff_id = self._take(found, walk)
        walk.chain = self._cache.after_run(walk.chain, diff_id)
        return _hit(found)

    def _layer(self, instruction: Copy | Add | Workdir, walk: _Walk) -> str:
        words = walk.words(instruction)
        if self._cache is not None and not walk.filesystem.unknown:
            walk.filesystem.knows_cheaply()
        facts = self._facts.gather(instruction, words, walk.filesystem, walk.sources)
        planned = plan_instruction(instruction, walk.state, facts, walk.settings)
        walk.state = planned.state
        [plan] = [
            effect.plan for effect in planned.effects if isinstance(effect, WriteLayer)
        ]
        if plan.is_empty:
            return "no layer"
        if self._cache is None or self._is_one_layer or walk.filesystem.unknown:
            self._append(plan, walk, _no_digest)
            return _described(plan)
        key = self._cache.plan_key(walk.chain, instruction, plan)
        found = self._cache.find(key)
        chain = self._cache.after_plan(walk.chain, instruction, plan, None)
        if found is not None:
            self._take(found, walk)
        else:
            self._append(plan, walk, self._contents.digest)
        walk.chain = chain
        if found is not None:
            return _hit(found)
        return _described(plan) if key is None else f"miss, {_described(plan)}"

    def _take(self, found: FoundStep, walk: _Walk) -> Digest | None:
        if found.layer is None:
            return None
        walk.filesystem.append_found(found.layer)
        return found.layer.diff_id

    def _append(
        self, plan: LayerPlan, walk: _Walk, digest: Callable[[StoredContent], str]
    ) -> None:
        """Let later instructions find what a plan would lay down."""
        if walk.filesystem.unknown:
            return
        index = _index(plan, digest)
        named = Digest.of(
            f"{walk.filesystem.name} {len(walk.filesystem.layers)}".encode()
        )
        nothing = Descriptor(media_type="", digest=named, size=0)
        written = WrittenLayer(descriptor=nothing, diff_id=named, index=index)
        walk.filesystem.append(written)

    def _tell(self, instruction: Instruction, what: str) -> None:
        text = without_credentials(instruction.text)
        if len(text) > _SHORT:
            text = f"{text[: _SHORT - 1]}…"
        self._reporter.info(f"  line {instruction.location.first}, {text}: {what}")


@dataclass(slots=True)
class _Walk:
    """What the instructions of a stage have in common, and how far they came."""

    filesystem: LayeredFilesystem
    sources: FactSources
    settings: BuildSettings
    chain: Chain
    state: StageState
    first_run: int = 0
    may_run: int = 0
    below: int = 0
    read: int = 0

    def words(self, instruction: Instruction) -> Words:
        return Words.of(instruction, self.state, self.settings.escape)


def _executed(instruction: Run, walk: _Walk, fate: str) -> str:
    """Note a RUN that is executed, or may be; what it leaves is not known."""
    line = instruction.location.first
    if not walk.first_run and not walk.may_run:
        walk.below = _bytes(walk.filesystem)
    if fate.startswith("depends"):
        walk.may_run = walk.may_run or line
    else:
        walk.first_run = walk.first_run or line
    if not walk.filesystem.unknown:
        walk.filesystem.append_unknown(f"RUN, line {line}")
    return fate


def _root(walk: _Walk) -> str:
    """Return whether a root is needed, and what is downloaded for it."""
    if walk.first_run:
        needed = f"from line {walk.first_run} on"
    elif walk.may_run:
        needed = f"perhaps, from line {walk.may_run} on"
    elif walk.read:
        return f"root file system: not needed, {size(walk.read)} of layers are read"
    else:
        return "root file system: not needed"
    return f"root file system: {needed}, made of {size(walk.below)} of layers"


def _bytes(filesystem: LayeredFilesystem) -> int:
    layers = filesystem.layers
    return sum(layer.descriptor.size for layer in layers if layer.base is not None)


def _hit(found: FoundStep) -> str:
    if found.layer is None:
        return "hit, no layer"
    return f"hit, layer of {size(found.layer.descriptor.size)}"


def _described(plan: LayerPlan) -> str:
    files = [
        row.entry
        for row in plan.rows
        if isinstance(row, PlannedEntry) and row.entry.type is FileType.FILE
    ]
    count = f"{len(files)} file{'' if len(files) == 1 else 's'}"
    return f"layer of {count}, {size(sum(entry.size for entry in files))}"


def _no_digest(content: StoredContent) -> str:
    """Leave a digest out where nobody will ask for it."""
    del content
    return ""


def _index(plan: LayerPlan, digest: Callable[[StoredContent], str]) -> LayerIndex:
    entries = {}
    whiteouts = []
    for row in plan.rows:
        if isinstance(row, PlannedWhiteout):
            whiteouts.append(row.path)
            continue
        entry = row.entry
        if isinstance(row.content, LiteralContent):
            entry = entry._replace(sha256=Digest.of(row.content.data).hex)
        elif row.content is not None:
            entry = entry._replace(sha256=digest(row.content))
        entries[entry.path] = entry
    return LayerIndex(entries=entries, whiteouts=tuple(whiteouts))
