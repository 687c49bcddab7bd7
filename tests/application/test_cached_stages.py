"""`--single-snapshot` with a cache: a stage is one step."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from adapters.memory.downloads import MemoryDocument
from adapters.memory.filesystem import MemoryRoot
from application.options import CacheOptions, InputOptions
from domain.build.effect import Effect, Materialise, RunProcess
from domain.build.process import ProcessSpec
from domain.image.config import ContainerConfig
from domain.image.media_type import Compression, compression_of
from tests.support.archives import directory, file, layer
from tests.support.memory_build import BASE_LAYERS, Command, MemoryBuild, inputs, writes

ON = CacheOptions(enabled=True)
CONTEXT = {"f": b"1", "g": b"2", "d/x": b"x", "e/x": b"x"}
COMMANDS = {name: writes(name) for name in ("one", "two", "three")}

STAGES = """
FROM base AS first
COPY f /f
RUN one
ENV A=b
RUN two
FROM first AS second
COPY g /g
RUN three
FROM base
COPY --from=second /three /one /g /srv/
RUN one
LABEL l=1
"""


def build(
    dockerfile: str,
    *,
    after: MemoryBuild | None = None,
    context: Mapping[str, bytes] = CONTEXT,
    cache: CacheOptions | None = ON,
    options: InputOptions | None = None,
    commands: Mapping[str, Command] = COMMANDS,
) -> MemoryBuild:
    made = MemoryBuild(
        dockerfile,
        commands=commands,
        context=context,
        cache=cache,
        options=options,
        single_snapshot=True,
    )
    made.add_base("onbuild", [layer(directory("etc"))], ONBUILD)
    made.destination.has_origins = after is not None
    if after is not None:
        made.after(after)
    made.run()
    return made


ONBUILD = ContainerConfig(on_build=("COPY f /triggered",))


def executed(made: MemoryBuild) -> list[type[Effect]]:
    return [kind for kind in made.performed if kind in {Materialise, RunProcess}]


def digest(made: MemoryBuild) -> object:
    return made.published.manifest.digest


def test_each_stage_is_one_step_and_nothing_of_it_is_done_again() -> None:
    first = build(STAGES)
    assert len(first.cache.asked) == len(first.cache.steps) == 3
    for kept in first.cache.steps.values():
        assert kept is not None
        assert compression_of(kept.descriptor.media_type) is Compression.GZIP
    second = build(STAGES, after=first)
    assert second.performed == []
    assert len(second.cache.found) == 3
    assert second.registry.opened == []
    assert second.layers.fetched == []
    assert digest(second) == digest(first) == digest(build(STAGES, cache=None))


@pytest.mark.parametrize("target", ["first", "second"])
def test_a_target_is_found_as_it_was_built(target: str) -> None:
    first = build(STAGES)
    options = inputs(target=target)
    second = build(STAGES, after=first, options=options)
    assert second.performed == []
    assert digest(second) == digest(build(STAGES, cache=None, options=options))


def test_a_stage_is_built_on_one_that_was_found() -> None:
    first = build(STAGES)
    context = {**CONTEXT, "g": b"other"}
    second = build(STAGES, after=first, context=context)
    assert len(second.cache.found) == 1
    fresh = build(STAGES, cache=None, context=context)
    assert digest(second) == digest(fresh)


def test_what_is_not_copied_from_a_stage_does_not_matter() -> None:
    text = "FROM base AS a\nRUN one\nCOPY g /g\n"
    text += "FROM base\nCOPY --from=a /one /\nRUN two\n"
    first = build(text)
    second = build(text, after=first, context={**CONTEXT, "g": b"other"})
    assert len(second.cache.found) == 1
    assert executed(second) == [Materialise, RunProcess]


def test_triggers_of_a_base_belong_to_the_stage() -> None:
    text = "FROM onbuild\nRUN one\n"
    first = build(text)
    second = build(text, after=first)
    assert second.performed == []
    assert digest(second) == digest(first)
    third = build(text, after=first, context={**CONTEXT, "f": b"other"})
    assert third.cache.found == []


def test_a_stage_that_changes_nothing_is_found_too() -> None:
    text = "FROM base\nRUN nothing\n"
    commands = {"nothing": lambda root, process: None}
    first = build(text, commands=commands)
    second = build(text, commands=commands, after=first)
    assert second.performed == []
    assert len(second.cache.found) == 1
    assert digest(second) == digest(first)


def test_a_stage_on_another_outcome_is_not_found() -> None:
    times = []

    def count(root: MemoryRoot, process: ProcessSpec) -> None:
        del process
        times.append(1)
        root.write_file("one", b"%d" % len(times))

    text = "FROM base AS a\nRUN one\nFROM a\nRUN two\n"
    commands = {**COMMANDS, "one": count}
    first = build(text, commands=commands)
    del first.cache.steps[first.cache.asked[0]]
    second = build(text, commands=commands, after=first)
    assert second.cache.found == []
    assert len(times) == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("RUN one\nRUN two", "RUN two\nRUN one"),
        ("ENV A=1\nRUN one", "ENV A=2\nRUN one"),
        ("USER 5\nWORKDIR /x\nRUN one", "WORKDIR /x\nUSER 5\nRUN one"),
        ("WORKDIR /a\nRUN one", "WORKDIR /b\nRUN one"),
        ("COPY f /x\nRUN one", "COPY g /x\nRUN one"),
        ("COPY f /x\nRUN one", "COPY f /y\nRUN one"),
        ("COPY f /x\nRUN one", "COPY f /x/\nRUN one"),
        ("COPY d/* /x\nRUN one", "COPY e/* /x\nRUN one"),
        ("COPY [f] /x\nRUN one", "COPY [g] /x\nRUN one"),
        ("COPY --link f /x\nRUN one", "COPY f /x\nRUN one"),
        ("COPY --chmod=600 f /x\nRUN one", "COPY --chmod=640 f /x\nRUN one"),
        ("COPY --chown=1 f /x\nRUN one", "COPY --chown=2 f /x\nRUN one"),
        ("COPY <<a /x\n1\na\nRUN one", "COPY <<a /x\n2\na\nRUN one"),
        ("COPY f g /srv/\nRUN one", "COPY f /srv/\nRUN one"),
        ("RUN --mount=target=/m,source=f one", "RUN --mount=target=/m,source=g one"),
    ],
)
def test_what_a_stage_depends_on(before: str, after: str) -> None:
    first = build(f"FROM base\n{before}\n")
    assert len(first.cache.steps) == 1
    assert build(f"FROM base\n{after}\n", after=first).cache.found == []
    assert len(build(f"FROM base\n{before}\n", after=first).cache.found) == 1


def test_the_name_of_a_file_counts_where_the_destination_is_a_directory() -> None:
    """/srv is a directory of the base: the pattern's match keeps its name there."""
    text = "FROM base\nCOPY *.txt /srv\nRUN one\n"
    first = build(text, context={"a.txt": b"1"})
    second = build(text, after=first, context={"b.txt": b"1"})
    assert second.cache.found == []
    assert "f 0644 0:0 srv/b.txt" in second.rows(-1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("LABEL a=1\nRUN one", "LABEL a=2\nCMD x\nRUN one"),
        ("RUN one\nENV A=1", "RUN one\nENV A=2"),
        ("ARG X=f\nCOPY $X /x\nUSER 0", "COPY f /x\nUSER 1"),
    ],
)
def test_what_changes_the_config_alone_does_not_matter(before: str, after: str) -> None:
    options = CacheOptions(enabled=True, copy_layers=True)
    first = build(f"FROM base\n{before}\n", cache=options)
    second = build(f"FROM base\n{after}\n", after=first, cache=options)
    assert len(second.cache.found) == 1
    assert digest(second) == digest(build(f"FROM base\n{after}\n", cache=None))


@pytest.mark.parametrize(
    ("step", "options", "kept"),
    [
        ("COPY f /f", ON, 0),
        ("COPY f /f", CacheOptions(enabled=True, copy_layers=True), 1),
        ("COPY f /f\nRUN one", ON, 1),
        ("COPY f /f\nRUN one", CacheOptions(enabled=True, run_layers=False), 0),
        ("WORKDIR /w", ON, 1),
        ("ENV A=1", ON, 0),
        ("RUN one", CacheOptions(enabled=True, push=False), 0),
    ],
)
def test_which_stages_are_kept(step: str, options: CacheOptions, kept: int) -> None:
    assert len(build(f"FROM base\n{step}\n", cache=options).cache.steps) == kept


def test_what_add_downloads_is_downloaded_once() -> None:
    def with_download(after: MemoryBuild | None = None) -> MemoryBuild:
        made = MemoryBuild(
            "FROM base\nADD https://example.org/x /x\nRUN one\n",
            commands=COMMANDS,
            cache=ON,
            single_snapshot=True,
        )
        made.downloads.documents["https://example.org/x"] = MemoryDocument(data=b"1")
        if after is not None:
            made.after(after)
        made.run()
        return made

    first = with_download()
    assert len(first.downloads.fetched) == 1
    assert len(with_download(first).cache.found) == 1


def test_a_layer_that_is_gone_is_made_again() -> None:
    first = build(STAGES)
    kept = first.cache.steps[first.cache.asked[0]]
    assert kept is not None
    del first.cache.blobs[kept.descriptor.digest]
    del first.cache.steps[first.cache.asked[1]]
    second = build(STAGES, after=first)
    assert digest(second) == digest(first)
    assert any("building again" in text for text in second.warnings)


def test_a_step_that_cannot_be_is_told_when_its_turn_comes() -> None:
    made = MemoryBuild(
        "FROM base\nRUN one\nCOPY missing /x\n",
        commands=COMMANDS,
        cache=ON,
        single_snapshot=True,
    )
    with pytest.raises(Exception, match="missing"):
        made.run()
    assert RunProcess in made.performed
    assert made.cache.steps == {}


def test_the_base_of_a_stage_counts() -> None:
    first = build("FROM base\nRUN one\n")
    second = MemoryBuild(
        "FROM other\nRUN one\n", commands=COMMANDS, cache=ON, single_snapshot=True
    )
    second.add_base("other", BASE_LAYERS[:2])
    second.after(first).run()
    assert second.cache.found == []


def test_a_file_that_is_copied_as_the_base_has_it_is_in_no_layer() -> None:
    """Of the base no more than names is known, until the stage is compared with it."""
    twin = layer(directory("srv", 0o711), file("srv/data", b"data", uid=5, gid=6))
    text = "FROM base\nCOPY --from=twin /srv/data /srv/\nCOPY f /f\n"

    def stage(cache: CacheOptions | None, after: MemoryBuild | None) -> MemoryBuild:
        made = MemoryBuild(text, context=CONTEXT, cache=cache, single_snapshot=True)
        made.add_base("twin", [twin])
        if after is not None:
            made.after(after)
        made.run()
        return made

    second = stage(ON, stage(ON, None))
    assert second.rows(-1) == ["f 0644 0:0 f"]
    assert BASE_LAYERS[1].descriptor.digest in second.cache.completed
    assert digest(second) == digest(stage(None, None))
