"""What a build tells of its layer cache."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from application.errors import CommandFailed
from application.options import CacheOptions
from tests.application.test_cached_builds import COMMANDS, CONTEXT, build
from tests.support.memory_build import BASE_LAYERS, MemoryBuild, fails, inputs

TEXT = "FROM base\nARG X=secretvalue\nRUN one\nCOPY f d /c/\nENV A=1\nRUN two\n"
ALL = sum(each.descriptor.size for each in BASE_LAYERS)


def told(made: MemoryBuild) -> list[str]:
    """Return the explanation, as it was told."""
    messages = [text for level, text in made.reporter.messages if level == "info"]
    first = messages.index("Layer cache, stage 0:")
    return messages[first + 1 :]


def test_a_first_build_found_nothing() -> None:
    assert told(build(TEXT, COMMANDS)) == [
        "  line 3, RUN one: miss, the last build had nothing like it",
        "  line 4, COPY f d /c/: not kept",
        "  line 6, RUN two: miss, the last build had nothing like it",
        "Layer cache: 0 found, 2 missed, 0.0s saved, 0 B of layers not downloaded",
    ]


def test_a_second_build_tells_what_it_saved() -> None:
    first = build(TEXT, COMMANDS)
    first.cache.seconds = dict.fromkeys(first.cache.seconds, 1.25)
    second = build(TEXT, COMMANDS, after=first)
    size = ALL + sum(
        layer.descriptor.size for layer in first.cache.steps.values() if layer
    )
    assert told(second) == [
        "  line 3, RUN one: hit, saved 1.2s",
        "  line 4, COPY f d /c/: not kept",
        "  line 6, RUN two: hit, saved 1.2s",
        (
            "Layer cache: 2 found, 0 missed, 2.5s saved,"
            f" {size} B of layers not downloaded"
        ),
    ]


def test_steps_are_timed() -> None:
    made = build(TEXT, COMMANDS)
    assert all(seconds > 0 for seconds in made.cache.seconds.values())
    assert len(made.cache.seconds) == 2


def test_a_file_that_differs_is_named() -> None:
    first = build(TEXT, COMMANDS)
    changed = {**CONTEXT, "d/x": b"other"}
    second = build(TEXT, COMMANDS, after=first, context=changed)
    assert told(second)[:3] == [
        "  line 3, RUN one: hit, saved 0.0s",
        "  line 4, COPY f d /c/: not kept, changed: file d/x",
        "  line 6, RUN two: miss, works on what line 4 made",
    ]


def test_a_build_argument_is_named_and_its_value_nowhere() -> None:
    first = build(TEXT, COMMANDS)
    options = inputs(build_args=(("X", "othersecret"),))
    second = build(TEXT, COMMANDS, after=first, options=options)
    assert told(second)[0] == "  line 3, RUN one: miss, changed: ARG X"
    kept = b"".join(record.to_json() for record in first.cache.records.values())
    assert b"ARG X" in kept
    assert b"secret" not in kept


def test_what_is_compared_is_the_last_build() -> None:
    first = build(TEXT, COMMANDS)
    options = inputs(build_args=(("X", "2"),))
    second = build(TEXT, COMMANDS, after=first, options=options)
    first.cache.steps.clear()
    third = build(TEXT, COMMANDS, after=second, options=options)
    reason = "nothing changed: its entry has expired, or is gone"
    assert told(third)[0] == f"  line 3, RUN one: miss, {reason}"


def test_another_place_has_another_record() -> None:
    first = build(TEXT, COMMANDS)
    name = next(iter(first.cache.records))
    stages = build(f"FROM base AS x\nRUN one\n{TEXT}COPY --from=x /one /x\n", COMMANDS)
    assert len(stages.cache.records) == 2
    assert name not in stages.cache.records


@pytest.mark.parametrize(
    "options",
    [
        CacheOptions(enabled=True, push=False),
        CacheOptions(enabled=True, run_layers=False),
    ],
)
def test_no_record_is_left_where_nothing_is_kept(options: CacheOptions) -> None:
    made = build(TEXT, COMMANDS, cache=options)
    assert made.cache.records == {}
    assert len(told(made)) == 4


def test_a_build_that_found_all_leaves_the_record_alone() -> None:
    first = build(TEXT, COMMANDS)
    records = dict(first.cache.records)
    build(TEXT, COMMANDS, after=first)
    assert first.cache.records == records


def test_a_build_that_failed_leaves_no_record() -> None:
    made = MemoryBuild(
        TEXT,
        commands={**COMMANDS, "two": fails(1)},
        cache=CacheOptions(enabled=True),
        context=CONTEXT,
    )
    with pytest.raises(CommandFailed):
        made.run()
    assert made.cache.records == {}


def test_a_build_without_a_cache_explains_nothing() -> None:
    made = build(TEXT, COMMANDS, cache=None)
    assert not [text for _, text in made.reporter.messages if "Layer cache" in text]


def test_a_build_that_starts_again_tells_of_each_step_once() -> None:
    first = build(TEXT, COMMANDS)
    step = first.cache.steps[first.cache.asked[0]]
    assert step is not None
    del first.cache.blobs[step.descriptor.digest]
    text = f"{TEXT}RUN three\n"
    second = build(text, COMMANDS, after=first)
    assert len(told(second)) == 5


def test_layers_that_are_downloaded_are_not_counted() -> None:
    first = build(TEXT, COMMANDS)
    second = build(f"{TEXT}RUN three\n", COMMANDS, after=first)
    assert told(second)[-1].endswith(" 0 B of layers not downloaded")
    text = "FROM base\nCOPY --from=base /srv/data /data\n"
    third = build(text, after=first)
    rest = ALL - BASE_LAYERS[1].descriptor.size
    assert told_last(third).endswith(f" {rest} B of layers not downloaded")


def told_last(made: MemoryBuild) -> str:
    return made.reporter.messages[-1][1]


def test_a_stage_that_makes_one_layer_is_one_step() -> None:
    first = build_as_one(CONTEXT)
    second = build_as_one({**CONTEXT, "f": b"other"}, first)
    assert told(second)[0] == "  line 1, FROM base: miss, changed: line 4"
    third = build_as_one(CONTEXT, first)
    assert len(told(third)) == 2
    assert told(third)[0].startswith("  line 1, FROM base: hit, saved ")


def build_as_one(
    context: Mapping[str, bytes], after: MemoryBuild | None = None
) -> MemoryBuild:
    made = MemoryBuild(
        TEXT,
        commands=COMMANDS,
        context=context,
        cache=CacheOptions(enabled=True),
        single_snapshot=True,
    )
    made.destination.has_origins = after is not None
    if after is not None:
        made.after(after)
    made.run()
    return made
