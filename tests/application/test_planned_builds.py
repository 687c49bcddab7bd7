"""Builds that are only planned."""

from __future__ import annotations

import re

import pytest

from application.options import CacheOptions
from domain.errors import BuildRuleError
from domain.image.config import ContainerConfig
from tests.application.test_cached_builds import COMMANDS, CONTEXT, build
from tests.support.archives import directory, layer
from tests.support.memory_build import BASE_LAYERS, MemoryBuild, inputs

ON = CacheOptions(enabled=True)
COPIES = CacheOptions(enabled=True, copy_layers=True)
BASE = sum(each.descriptor.size for each in BASE_LAYERS)


def plan(
    text: str,
    *,
    after: MemoryBuild | None = None,
    context: dict[str, bytes] | None = None,
    cache: CacheOptions | None = ON,
    target: str = "",
    single_snapshot: bool = False,
) -> list[str]:
    made = MemoryBuild(
        text,
        context=CONTEXT if context is None else context,
        cache=cache,
        options=inputs(target=target),
        single_snapshot=single_snapshot,
    )
    trigger = ContainerConfig(on_build=("RUN one",))
    made.add_base("onbuild", [layer(directory("etc"))], trigger)
    if after is not None:
        made.after(after)
    steps, indexes = dict(made.cache.steps), dict(made.cache.indexes)
    told = made.plan()
    assert made.performed == []
    assert made.roots.created == {}
    assert made.registry.opened == []
    assert made.cache.opened == []
    assert (made.cache.steps, made.cache.indexes) == (steps, indexes)
    assert made.destination.published == []
    return [line for line in told if not line.startswith("Resolved ")]


def test_a_plan_is_told_before_the_build_that_follows() -> None:
    text = "FROM base\nRUN one\nCOPY f /f\n"
    first = build(text, COMMANDS)
    made = MemoryBuild(text, commands=COMMANDS, context=CONTEXT, cache=ON).after(first)
    planned = MemoryBuild(text, context=CONTEXT, cache=ON).after(first)
    published = made.service().run(planned.plan_service())
    assert published.manifest.digest == first.published.manifest.digest
    assert planned.reporter.messages[-3:] == [
        ("info", "  line 3, COPY f /f: layer of 1 file, 1 B"),
        ("info", "  root file system: not needed"),
        ("info", "Would write memory; the build follows"),
    ]


def test_what_cannot_be_planned_is_not_built() -> None:
    text = "FROM scratch\nCOPY f /f\nCOPY none /f\n"
    made = MemoryBuild(text, context=CONTEXT, cache=ON)
    planned = MemoryBuild(text, context=CONTEXT, cache=ON)
    with pytest.raises(BuildRuleError):
        made.service().run(planned.plan_service())
    assert made.effects.performed == []
    assert [text for _, text in made.reporter.messages if "Building" in text] == []


def test_nothing_is_known_before_the_first_build() -> None:
    assert plan("FROM base\nENV A=1\nRUN one\nCOPY f /f\nRUN two\n") == [
        "Planning stage 0 on base",
        "  line 2, ENV A=1: config",
        "  line 3, RUN one: miss, executed",
        "  line 4, COPY f /f: depends on RUN, line 3",
        "  line 5, RUN two: depends on RUN, line 3",
        f"  root file system: from line 3 on, made of {BASE} B of layers",
        "Would write memory; this was a plan",
    ]


def test_what_was_built_before_is_found() -> None:
    text = "FROM base\nRUN one\nCOPY f /f\nRUN two\n"
    first = build(text, COMMANDS)
    assert hits(plan(text, after=first)) == [
        "RUN one: hit",
        "COPY f /f: layer of 1 file, 1 B",
        "RUN two: hit",
        "root file system: not needed",
    ]
    changed = {**CONTEXT, "f": b"22"}
    assert hits(plan(text, after=first, context=changed)) == [
        "RUN one: hit",
        "COPY f /f: layer of 1 file, 2 B",
        "RUN two: miss",
        "root file system: from line 4 on",
    ]


def test_what_follows_an_executed_run_depends_on_it() -> None:
    text = "FROM base\nRUN one\nRUN two\nWORKDIR /w\nCOPY f .\nCOPY --link f /f\n"
    first = build("FROM base\nRUN one\n", COMMANDS)
    assert hits(plan(text, after=first)) == [
        "RUN one: hit",
        "RUN two: miss",
        "WORKDIR /w: depends on RUN",
        "COPY f .: depends on RUN",
        "COPY --link f /f: layer of 1 file, 1 B",
        "root file system: from line 3 on",
    ]


STAGES = """
FROM base AS tools
RUN one
FROM base AS docs
RUN three
FROM tools AS more
RUN two
FROM base
COPY --from=tools /one /one
COPY --from=more /two /two
"""


def test_stages_depend_on_stages() -> None:
    told = plan(STAGES)
    assert "Skipping docs: the target needs nothing of it" in told
    assert hits(told) == [
        "RUN one: miss",
        "root file system: from line 3 on",
        "RUN two: depends on RUN",
        "root file system: perhaps",
        "COPY --from=tools /one /one: depends on RUN",
        "COPY --from=more /two /two: depends on RUN",
        "root file system: not needed",
    ]
    first = build(STAGES, COMMANDS)
    assert hits(plan(STAGES, after=first)) == [
        "RUN one: hit",
        "root file system: not needed",
        "RUN two: hit",
        "root file system: not needed",
        "COPY --from=tools /one /one: layer of 1 file, 3 B",
        "COPY --from=more /two /two: layer of 1 file, 3 B",
        "root file system: not needed",
    ]


def test_copies_are_looked_up_where_they_are_kept() -> None:
    text = "FROM base\nCOPY f /f\nADD g /g\nWORKDIR /w\nWORKDIR /srv\n"
    first = build(text, cache=COPIES)
    assert hits(plan(text, after=first, cache=COPIES)) == [
        "COPY f /f: hit",
        "ADD g /g: hit",
        "WORKDIR /w: hit",
        "WORKDIR /srv: no layer",
        "root file system: not needed",
    ]
    changed = {**CONTEXT, "f": b"other"}
    told = hits(plan(text, after=first, cache=COPIES, context=changed))
    assert told[0] == "COPY f /f: miss"


def test_layers_without_an_index_are_not_read() -> None:
    told = plan("FROM base\nCOPY f /f\nRUN one\n")
    reason = "layers that are not downloaded"
    assert told[1] == f"  line 2, COPY f /f: depends on {reason}"
    assert told[2] == f"  line 3, RUN one: depends on {reason}"
    assert told[3].startswith("  root file system: perhaps, from line 3 on")
    told = plan("FROM base\nCOPY f /f\nWORKDIR /w\nENV A=$PWD\n")
    assert told[-2] == f"  root file system: not needed, {BASE} B of layers are read"


def test_without_a_cache_every_run_is_executed() -> None:
    text = "FROM scratch\nCOPY f g /d/\nRUN one\nRUN two\nCOPY f /x\n"
    assert hits(plan(text, cache=None)) == [
        "COPY f g /d/: layer of 2 files, 2 B",
        "RUN one: executed",
        "RUN two: executed",
        "COPY f /x: depends on RUN",
        "root file system: from line 3 on",
    ]


def test_nothing_is_fetched() -> None:
    text = "FROM scratch\nADD https://example.com/f /f\nRUN one\n"
    assert hits(plan(text)) == [
        "ADD https://example.com/f /f: depends on what is fetched for it",
        "RUN one: depends on what is fetched for it",
        "root file system: perhaps",
    ]


def test_triggers_of_bases_are_planned() -> None:
    told = hits(plan("FROM onbuild\nENV A=1\n"))
    assert told[:2] == ["RUN one: miss", "ENV A=1: config"]


def test_heredocs_can_be_copied_on() -> None:
    text = (
        "FROM scratch AS a\nCOPY <<E /e\ntext\nE\nFROM scratch\nCOPY --from=a /e /f\n"
    )
    assert hits(plan(text))[2] == "COPY --from=a /e /f: layer of 1 file, 5 B"


def test_long_instructions_are_cut() -> None:
    [_, line, *_] = plan(f"FROM scratch\nENV A={'x' * 100}\n")
    assert line == f"  line 2, ENV A={'x' * 53}…: config"


def test_a_mistake_is_told() -> None:
    with pytest.raises(BuildRuleError) as caught:
        plan("FROM scratch\nCOPY missing /f\n")
    assert "2" in str(caught.value.place)


def test_a_stage_that_makes_one_layer_is_found_whole() -> None:
    text = "FROM base AS a\nRUN one\nCOPY f /f\nFROM a\nRUN two\n"
    first = MemoryBuild(
        text, commands=COMMANDS, context=CONTEXT, cache=ON, single_snapshot=True
    )
    first.run()
    assert hits(plan(text, after=first, single_snapshot=True)) == [
        "FROM base AS a: hit",
        "root file system: not needed",
        "FROM a: hit",
        "root file system: not needed",
    ]
    changed = {**CONTEXT, "f": b"other"}
    assert hits(plan(text, after=first, context=changed, single_snapshot=True)) == [
        "FROM base AS a: one layer",
        "RUN one: executed",
        "COPY f /f: depends on RUN",
        "root file system: from line 2 on",
        "RUN two: executed",
        "root file system: from line 5 on",
    ]


def test_a_stage_that_makes_one_layer_may_depend_on_a_download() -> None:
    text = "FROM scratch\nADD https://example.com/f /f\nRUN one\n"
    assert hits(plan(text, single_snapshot=True))[0] == "FROM scratch: one layer"


def hits(told: list[str]) -> list[str]:
    """Return what is told of instructions and roots, without what is around it."""
    lines = [line.strip() for line in told if line.startswith("  ")]
    return [_outcome(re.sub(r"^line \d+, ", "", line)) for line in lines]


def _outcome(text: str) -> str:
    return text if ": layer of" in text else text.split(", ", maxsplit=1)[0]
