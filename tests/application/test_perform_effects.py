"""Effects are carried out through ports, and only where they are needed."""

from __future__ import annotations

import pytest

from adapters.memory.ambient import RecordingReporter
from adapters.memory.filesystem import MemoryRoot
from application.layered_filesystem import LayeredFilesystem
from domain.build.effect import (
    Effect,
    Materialise,
    ReadLayers,
    RunProcess,
    WriteLayer,
)
from domain.build.process import ProcessSpec
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.layer_plan import LayerPlan, LiteralContent, PlannedEntry
from tests.support.memory_build import MemoryBuild, writes

FILE = PlannedEntry(FileEntry("f", FileType.FILE, 0o644, size=1), LiteralContent(b"1"))
WRITE = WriteLayer(LayerPlan((FILE,)))
RUN = RunProcess(ProcessSpec(argv=("touch",), environment=()))


class Stage:
    """An empty stage, and a service that performs effects on it."""

    def __init__(self) -> None:
        self.build = MemoryBuild("FROM scratch", commands={"touch": writes("new")})
        self.files = LayeredFilesystem(
            name="stage:0",
            title="stage 0",
            reporter=RecordingReporter(),
            layers=(),
            store=self.build.layers,
            roots=self.build.roots,
        )

    def perform(self, *effects: Effect) -> None:
        for effect in effects:
            self.build.effects.perform(effect, self.files)

    @property
    def root(self) -> MemoryRoot:
        (root,) = self.build.roots.created.values()
        return root


def test_what_was_done_is_listed_once() -> None:
    stage = Stage()
    stage.perform(ReadLayers(), ReadLayers(), Materialise(), Materialise())
    assert stage.build.effects.performed == [ReadLayers(), Materialise()]


def test_materialising_makes_reading_unnecessary() -> None:
    stage = Stage()
    stage.perform(Materialise(), ReadLayers())
    assert stage.build.effects.performed == [Materialise()]


def test_a_root_is_named_like_its_stage() -> None:
    stage = Stage()
    stage.perform(Materialise())
    assert list(stage.build.roots.created) == ["/memory/stage-0"]


def test_a_process_is_expected_where_a_root_is_made() -> None:
    stage = Stage()
    stage.perform(ReadLayers())
    assert stage.build.runner.expected == 0
    stage.perform(Materialise())
    assert stage.build.runner.expected == 1


def test_a_layer_is_written_and_applied_where_there_is_a_root() -> None:
    stage = Stage()
    stage.perform(Materialise(), WRITE)
    assert "f" in stage.root.tree
    assert "f" in stage.files.tree
    assert len(stage.files.layers) == 1


def test_an_empty_plan_makes_no_layer() -> None:
    stage = Stage()
    stage.perform(WriteLayer(LayerPlan()))
    assert stage.files.layers == ()


def test_a_run_after_a_layer_makes_a_layer_of_its_own_changes() -> None:
    stage = Stage()
    stage.perform(Materialise(), WRITE, RUN)
    assert [
        list(stage.build.layers.index(each.descriptor, each.diff_id).entries)
        for each in stage.files.layers
    ] == [["f"], ["new"]]


def test_a_run_gets_the_path_of_its_root() -> None:
    stage = Stage()
    stage.perform(Materialise(), RUN)
    assert stage.build.runner.started == [(RUN.process, "/memory/stage-0")]


def test_a_run_without_a_root_is_a_mistake_of_ours() -> None:
    with pytest.raises(AssertionError, match="without a root file system"):
        Stage().perform(RUN)
