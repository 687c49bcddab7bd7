"""Stages that need nothing of each other are built side by side."""

from __future__ import annotations

from threading import Barrier, Event

import pytest

from adapters.memory.filesystem import MemoryRoot
from application.errors import CommandFailed, Interrupted
from domain.build.process import ProcessSpec
from domain.image.config import ContainerConfig
from tests.support.archives import directory, layer
from tests.support.memory_build import Command, MemoryBuild, writes

SECONDS = 20

NAMED = {"first": writes("a", b"1"), "second": writes("b", b"1")}

TWO = """
FROM base AS one
RUN first
FROM base AS two
RUN second
FROM scratch
COPY --from=one /a /a
COPY --from=two /b /b
"""


def meeting(barrier: Barrier, then: Command) -> Command:
    """Return a command that waits for another one."""

    def command(root: MemoryRoot, process: ProcessSpec) -> int | None:
        barrier.wait(SECONDS)
        return then(root, process)

    return command


def test_their_runs_meet() -> None:
    barrier = Barrier(2)
    build = MemoryBuild(
        TWO,
        commands={
            "first": meeting(barrier, writes("a", b"1")),
            "second": meeting(barrier, writes("b", b"2")),
        },
        jobs=2,
    )
    build.run()
    assert build.rows(-2) == ["f 0644 0:0 a"]
    assert build.rows(-1) == ["f 0644 0:0 b"]


def test_the_image_is_the_one_of_one_after_the_other() -> None:
    commands = {"first": writes("a", b"1"), "second": writes("b", b"2")}
    manifests = []
    for jobs in (1, 2, 5):
        build = MemoryBuild(TWO, commands=commands, jobs=jobs)
        build.run()
        manifests.append(build.published.manifest.digest)
    assert len(set(manifests)) == 1


def test_a_stage_that_needs_another_waits_for_it() -> None:
    """A base image's trigger takes files from a stage, which nobody can foresee."""
    begun = Event()

    def slowly(root: MemoryRoot, process: ProcessSpec) -> int:
        begun.set()
        Event().wait(0.05)
        root.write_file("a", b"1")
        return 0

    def second(root: MemoryRoot, process: ProcessSpec) -> int:
        return 0 if begun.wait(SECONDS) else 1

    build = MemoryBuild(
        "FROM base AS one\nRUN first\nFROM scratch AS x\nFROM triggers AS two\n"
        "RUN second\nFROM scratch\nCOPY --from=one /a /\nCOPY --from=two /a /b",
        commands={"first": slowly, "second": second},
        jobs=2,
    )
    trigger = ContainerConfig(on_build=("COPY --from=one /a /a",))
    build.add_base("triggers", [layer(directory("etc"))], trigger)
    build.run()
    assert build.rows(-1) == ["f 0644 0:0 b"]


def test_a_failure_stops_the_other_and_is_the_one_that_is_told() -> None:
    other = Event()

    def fails(root: MemoryRoot, process: ProcessSpec) -> int:
        other.wait(SECONDS)
        return 3

    def waits(root: MemoryRoot, process: ProcessSpec) -> int:
        other.set()
        assert build.runner.stopped.wait(SECONDS)
        raise Interrupted(15)

    build = MemoryBuild(TWO, commands={"first": fails, "second": waits}, jobs=2)
    with pytest.raises(CommandFailed) as caught:
        build.run()
    assert caught.value.exit_status == 3
    assert build.destination.published == []


def test_where_there_is_one_root_stages_take_turns() -> None:
    running: list[str] = []

    def alone(root: MemoryRoot, process: ProcessSpec) -> int | None:
        running.append("x")
        Event().wait(0.01)
        assert running == ["x"]
        running.clear()
        return NAMED[process.argv[-1]](root, process)

    build = MemoryBuild(
        TWO, commands={"first": alone, "second": alone}, exclusive=True, jobs=2
    )
    build.run()


MOUNTED = """
FROM base AS one
RUN --mount=type=cache,id=c,target=/c,sharing={sharing} first
FROM base AS two
RUN --mount=type=cache,id=c,target=/c,sharing={sharing} second
FROM scratch
COPY --from=one /a /a
COPY --from=two /b /b
"""


def test_a_locked_cache_is_had_by_one_at_a_time() -> None:
    inside: list[str] = []

    def command(root: MemoryRoot, process: ProcessSpec) -> int | None:
        name = process.argv[-1]
        inside.append(name)
        Event().wait(0.02)
        assert inside == [name]
        inside.clear()
        return NAMED[name](root, process)

    build = MemoryBuild(
        MOUNTED.format(sharing="locked"),
        commands={"first": command, "second": command},
        jobs=2,
    )
    build.run()
    first, second = build.runner.shown
    assert first[0].source == second[0].source  # type: ignore[union-attr]


@pytest.mark.parametrize(("sharing", "is_one"), [("shared", True), ("private", False)])
def test_other_caches_are_had_at_once(sharing: str, *, is_one: bool) -> None:
    barrier = Barrier(2)
    build = MemoryBuild(
        MOUNTED.format(sharing=sharing),
        commands={
            "first": meeting(barrier, writes("a", b"1")),
            "second": meeting(barrier, writes("b", b"2")),
        },
        jobs=2,
    )
    build.run()
    first, second = build.runner.shown
    assert (first[0].source == second[0].source) is is_one  # type: ignore[union-attr]
