"""Builds that find the steps of earlier builds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from adapters.memory.context import MemoryBuildContext
from adapters.memory.filesystem import MemoryRoot
from application.errors import CommandFailed
from application.options import CacheOptions, InputOptions
from application.ports.layers import WrittenLayer
from domain.build.effect import Effect, Materialise, RunProcess
from domain.build.process import ProcessSpec
from domain.errors import BuildRuleError
from domain.image.config import ContainerConfig
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.index import LayerIndex
from domain.values import replace
from tests.support.archives import file, hard_link, layer
from tests.support.memory_build import (
    BASE_LAYERS,
    Command,
    MemoryBuild,
    drawn_entry,
    inputs,
    writes,
)

ON = CacheOptions(enabled=True)
COPIES = CacheOptions(enabled=True, copy_layers=True)
CONTEXT = {"f": b"1", "g": b"2", "d/x": b"x"}


class Count:
    """A command that writes how often it ran: it is not deterministic."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.times = 0

    def __call__(self, root: MemoryRoot, process: ProcessSpec) -> None:
        del process
        self.times += 1
        root.write_file(self._path, str(self.times).encode(), 0o644)


def build(  # noqa: PLR0913 - what a test may vary
    dockerfile: str,
    commands: Mapping[str, Command] | None = None,
    *,
    after: MemoryBuild | None = None,
    context: Mapping[str, bytes] | MemoryBuildContext | None = None,
    cache: CacheOptions | None = ON,
    options: InputOptions | None = None,
    salt: Sequence[str] = (),
) -> MemoryBuild:
    made = MemoryBuild(
        dockerfile,
        commands=commands,
        context=CONTEXT if context is None else context,
        cache=cache,
        options=options,
        salt=tuple(salt),
    )
    made.destination.has_origins = after is not None
    if after is not None:
        made.after(after)
    made.run()
    return made


def rows(made: MemoryBuild) -> list[list[str]]:
    """Draw what the image has above its base, times left out."""
    indexes = [
        made.cache.indexes.get(layer.digest) or made.index(number)
        for number, layer in enumerate(made.published.manifest.layers)
    ]
    return [
        [*map(drawn_entry, index.entries.values()), *index.whiteouts]
        for index in indexes
    ]


def digest(made: MemoryBuild) -> object:
    return made.published.manifest.digest


def executed(made: MemoryBuild) -> list[type[Effect]]:
    return [kind for kind in made.performed if kind in {Materialise, RunProcess}]


THREE = "FROM base\nRUN one\nCOPY f /f\nRUN two\nENV A=b\nRUN three\n"
COMMANDS = {name: writes(name) for name in ("one", "two", "three")}


def test_a_second_build_executes_and_unpacks_nothing() -> None:
    first = build(THREE, COMMANDS)
    second = build(THREE, COMMANDS, after=first)
    assert executed(first) == [Materialise, RunProcess, RunProcess, RunProcess]
    assert executed(second) == []
    assert digest(second) == digest(first)
    assert len(second.cache.found) == 3
    assert second.layers.fetched == []
    assert second.registry.opened == []
    assert second.cache.opened == []


def test_without_a_cache_nothing_is_asked() -> None:
    made = build(THREE, COMMANDS, cache=None)
    assert made.cache.asked == []
    assert digest(made) == digest(build(THREE, COMMANDS))


def test_steps_after_a_change_are_made_on_the_steps_before_it() -> None:
    first = build(THREE, COMMANDS)
    second = build(THREE, COMMANDS, after=first, context={**CONTEXT, "f": b"other"})
    assert executed(second) == [Materialise, RunProcess, RunProcess]
    fresh = build(THREE, COMMANDS, context={**CONTEXT, "f": b"other"})
    assert rows(second) == rows(fresh)


def test_the_last_copy_alone_needs_no_base() -> None:
    text = "FROM base\nRUN one\nCOPY f /f\n"
    first = build(text, COMMANDS)
    context = {**CONTEXT, "f": b"other"}
    second = build(text, COMMANDS, after=first, context=context)
    assert executed(second) == []
    assert second.registry.opened == []
    assert second.layers.fetched == []
    assert digest(second) == digest(build(text, COMMANDS, context=context))


def test_a_lost_step_is_executed_on_those_that_were_found() -> None:
    def two(root: MemoryRoot, process: ProcessSpec) -> None:
        del process
        root.make(FileEntry("two", FileType.DIRECTORY))

    commands = {**COMMANDS, "two": two}
    first = build(THREE, commands)
    del first.cache.steps[first.cache.asked[1]]
    second = build(THREE, commands, after=first)
    # step two is deterministic: what it makes is what step three was made on
    assert executed(second) == [Materialise, RunProcess]
    assert len(second.cache.found) == 2
    assert digest(second) == digest(first)


def test_a_step_made_on_another_outcome_is_not_found() -> None:
    """Step 1 of 3 is gone and not deterministic: nothing of old layers is mixed in."""
    one, two = Count("one"), Count("two")
    commands: dict[str, Command] = {"one": one, "two": two, "three": writes("three")}
    text = "FROM base\nRUN one\nRUN two\nRUN three\n"
    first = build(text, commands)
    del first.cache.steps[first.cache.asked[0]]
    second = build(text, commands, after=first)
    assert (one.times, two.times) == (2, 2)
    assert second.cache.found == []
    one.times = two.times = 1
    assert rows(second) == rows(build(text, commands, cache=None))


def test_a_root_that_lacks_found_layers_gets_them_before_the_next_run() -> None:
    """Step 1 is executed again, 2 found on it, 3 has to run on both."""
    seen = []

    def three(root: MemoryRoot, process: ProcessSpec) -> None:
        seen.append(sorted({"one", "two", "f"} & {row.path for row in root.tree}))
        writes("three")(root, process)

    commands = {**COMMANDS, "three": three}
    first = build(THREE, commands)
    del first.cache.steps[first.cache.asked[0]]
    del first.cache.steps[first.cache.asked[2]]
    second = build(THREE, commands, after=first)
    assert seen == [["f", "one", "two"]] * 2
    assert rows(second) == rows(first)


def test_a_step_that_changes_nothing_is_found_too() -> None:
    text = "FROM base\nRUN nothing\nRUN one\n"
    commands = {**COMMANDS, "nothing": lambda root, process: None}
    first = build(text, commands)
    second = build(text, commands, after=first)
    assert executed(second) == []
    assert digest(second) == digest(first)


def test_steps_before_a_failure_are_kept() -> None:
    text = "FROM base\nRUN one\nRUN fails\n"
    first = MemoryBuild(
        text, commands={**COMMANDS, "fails": lambda root, process: 3}, cache=ON
    )
    with pytest.raises(CommandFailed):
        first.run()
    second = build(text, {**COMMANDS, "fails": writes("x")}, after=first)
    assert len(second.cache.found) == 1


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("ENV A=1\nRUN one", "ENV A=2\nRUN one", 0),
        ("LABEL a=1\nCMD x\nRUN one", "LABEL a=2\nRUN one", 1),
        ("USER 5\nRUN one", "USER 6\nRUN one", 0),
        ("WORKDIR /a\nRUN one", "WORKDIR /b\nRUN one", 0),
        ('SHELL ["a"]\nRUN one', 'SHELL ["b"]\nRUN one', 0),
        ("COPY f /x\nRUN one", "COPY f /y\nRUN one", 0),
        ("COPY f /x\nRUN one", "COPY g /x\nRUN one", 0),
        ("COPY --chmod=600 f /x\nRUN one", "COPY --chmod=640 f /x\nRUN one", 0),
        ("COPY --chown=1 f /x\nRUN one", "COPY --chown=2 f /x\nRUN one", 0),
        ("RUN one\nCOPY f /x", "RUN one\nCOPY g /x", 1),
        (
            "RUN --mount=target=/m,source=f one",
            "RUN --mount=target=/m,source=g one",
            0,
        ),
    ],
)
def test_what_a_run_depends_on(before: str, after: str, found: int) -> None:
    first = build(f"FROM base\n{before}\n", {"one": writes("one")})
    second = build(f"FROM base\n{after}\n", {"one": writes("one")}, after=first)
    assert len(second.cache.found) == found


def test_a_build_argument_matters_to_runs_that_see_it_alone() -> None:
    text = "FROM base\nRUN one\nARG X\nRUN two\nFROM base\nRUN three\n"
    text += "COPY --from=0 /two /two\n"
    first = build(text, COMMANDS, options=inputs(build_args=(("X", "1"),)))
    second = build(
        text, COMMANDS, after=first, options=inputs(build_args=(("X", "2"),))
    )
    assert len(second.cache.found) == 2


def test_options_that_change_layers_are_in_the_keys() -> None:
    first = build(THREE, COMMANDS)
    assert build(THREE, COMMANDS, after=first, salt=["/ignored"]).cache.found == []


def test_times_and_umask_of_a_checkout_do_not_matter() -> None:
    def checkout(mode: int, mtime_ns: int) -> MemoryBuildContext:
        entry = FileEntry("f", FileType.FILE, mode, uid=mode, size=1, mtime_ns=mtime_ns)
        return MemoryBuildContext({"f": b"1"}, [entry])

    text = "FROM base\nCOPY f /f\nRUN one\n"
    first = build(text, COMMANDS, context=checkout(0o644, 1))
    second = build(text, COMMANDS, after=first, context=checkout(0o664, 2))
    assert len(second.cache.found) == 1
    third = build(text, COMMANDS, after=first, context=checkout(0o755, 2))
    assert third.cache.found == []


STAGES = """
FROM base AS tools
RUN one
COPY g /unrelated
FROM base
COPY --from=tools /one /one
RUN two
"""


def test_a_stage_that_was_found_is_copied_from_without_a_root() -> None:
    first = build(STAGES, COMMANDS)
    second = build(STAGES, COMMANDS, after=first)
    assert executed(second) == []
    assert second.registry.opened == []
    assert digest(second) == digest(first)


def test_what_is_not_copied_from_a_stage_does_not_matter() -> None:
    first = build(STAGES, COMMANDS)
    other = {**CONTEXT, "g": b"other"}
    second = build(STAGES, COMMANDS, after=first, context=other)
    assert len(second.cache.found) == 2
    assert executed(second) == []


def test_a_stage_on_a_stage_goes_on_with_its_chain() -> None:
    text = "FROM base AS a\nRUN one\nFROM a\nRUN two\n"
    first = build(text, COMMANDS)
    second = build(text, COMMANDS, after=first)
    assert executed(second) == []
    assert digest(second) == digest(first)
    flat = build("FROM base\nRUN one\nRUN two\n", COMMANDS, after=first)
    assert len(flat.cache.found) == 2


def test_another_base_is_another_chain() -> None:
    first = build("FROM base\nRUN one\n", COMMANDS)
    second = MemoryBuild("FROM other\nRUN one\n", commands=COMMANDS, cache=ON)
    second.add_base("other", BASE_LAYERS[:2])
    second.after(first).run()
    assert second.cache.found == []


def test_a_base_with_another_config_shares_what_does_not_see_it() -> None:
    first = build("FROM base\nRUN one\n", COMMANDS)
    second = MemoryBuild("FROM other\nRUN one\n", commands=COMMANDS, cache=ON)
    config = ContainerConfig(env=(("PATH", "/bin"),), cmd=("other",))
    second.add_base("other", config=config)
    second.after(first).run()
    assert len(second.cache.found) == 1


def test_copies_are_kept_when_asked() -> None:
    text = "FROM base\nCOPY f /f\nADD g /g\nWORKDIR /w\n"
    assert len(build(text).cache.steps) == 1
    first = build(text, cache=COPIES)
    assert len(first.cache.steps) == 3
    second = build(text, cache=COPIES, after=first)
    assert len(second.cache.found) == 3
    assert digest(second) == digest(first)
    third = build(text, cache=COPIES, after=first, context={**CONTEXT, "f": b"new"})
    assert third.cache.found == []


def test_a_kept_copy_saves_fetching_what_is_copied() -> None:
    text = "FROM base AS a\nRUN one\nFROM base\nCOPY --from=a /one /two\n"
    first = build(text, COMMANDS, cache=COPIES)
    second = build(text, COMMANDS, cache=COPIES, after=first)
    assert len(second.cache.found) == 2
    assert second.cache.opened == []
    assert digest(second) == digest(first)


def test_a_root_gets_copies_that_were_found() -> None:
    seen = []

    def look(root: MemoryRoot, process: ProcessSpec) -> None:
        seen.append("f" in root.tree)
        writes(process.argv[-1])(root, process)

    commands = {"one": look, "two": look}
    text = "FROM base\nRUN one\nCOPY f /f\nRUN two\n"
    first = build(text, commands, cache=COPIES)
    first.cache.steps = {
        key: layer
        for key, layer in first.cache.steps.items()
        if layer and "f" in layer.index.entries
    }
    build(text, commands, cache=COPIES, after=first)
    assert seen == [False, True, False, True]


def test_runs_are_not_kept_when_not_asked() -> None:
    options = CacheOptions(enabled=True, run_layers=False)
    first = build(THREE, COMMANDS, cache=options)
    assert first.cache.steps == {}
    assert first.cache.asked == []


def test_a_cache_that_is_only_read_is_not_written() -> None:
    first = build(THREE, COMMANDS)
    steps = dict(first.cache.steps)
    options = CacheOptions(enabled=True, push=False)
    text = THREE + "RUN four\n"
    second = build(text, {**COMMANDS, "four": writes("4")}, after=first, cache=options)
    assert len(second.cache.found) == 3
    assert first.cache.steps == steps


def test_indexes_of_the_base_are_kept() -> None:
    first = build(THREE, COMMANDS)
    for each in BASE_LAYERS:
        assert not first.cache.indexes[each.descriptor.digest].is_thin


def test_full_rows_are_read_where_a_tree_is_copied_from() -> None:
    text = "FROM base\nCOPY --from=base /srv /copied\n"
    first = build(text)
    second = build(text, after=first)
    assert digest(second) == digest(first)
    assert isinstance(next(iter(first.cache.steps.values()), None), WrittenLayer | None)


def test_a_layer_that_is_gone_is_made_again() -> None:
    first = build(THREE, COMMANDS)
    step = first.cache.steps[first.cache.asked[0]]
    assert step is not None
    del first.cache.blobs[step.descriptor.digest]
    second = build(THREE + "RUN four\n", {**COMMANDS, "four": writes("4")}, after=first)
    fresh = build(THREE + "RUN four\n", {**COMMANDS, "four": writes("4")})
    assert rows(second)[:-1] == rows(fresh)[:-1]
    [warning] = [text for text in second.warnings if "building again" in text]
    assert str(step.descriptor.digest) in warning


def test_a_layer_that_is_something_else_is_made_again() -> None:
    first = build(THREE, COMMANDS)
    steps = first.cache.steps
    one, two = (first.cache.asked[number] for number in (0, 1))
    made, other = steps[one], steps[two]
    assert made is not None
    assert other is not None
    steps[one] = replace(made, diff_id=other.diff_id)
    second = build(THREE, COMMANDS, after=first)
    assert rows(second) == rows(build(THREE, COMMANDS))


@pytest.mark.parametrize("number", range(4))
def test_an_index_that_is_wrong_is_found_out_when_the_layer_is_read(
    number: int,
) -> None:
    """Those of the three layers of the base, and of a step."""
    first = build(THREE, COMMANDS)
    layer = first.published.manifest.layers[number]
    wrong = LayerIndex(entries={"lie": FileEntry("lie", FileType.SYMLINK)})
    first.cache.indexes[layer.digest] = wrong
    text = THREE + "COPY g /lie\nRUN four\n"
    commands = {**COMMANDS, "four": writes("4")}
    second = build(text, commands, after=first)
    fresh = build(text, commands)
    assert rows(second)[number:] == rows(fresh)[number:]
    assert any("is wrong" in text for text in second.warnings)
    assert second.cache.indexes[layer.digest] != wrong


@pytest.mark.parametrize(
    "step",
    [
        "COPY --from=old /srv/data /copied",
        "RUN --mount=from=old,source=srv/data,target=/m one",
    ],
)
def test_a_build_that_cannot_be_is_not_so_because_an_index_is_wrong(step: str) -> None:
    text = f"FROM base AS old\nFROM base\n{step}\n"
    first = build(text, COMMANDS)
    layer = BASE_LAYERS[1].descriptor.digest
    right = first.cache.indexes[layer]
    first.cache.steps.clear()
    first.cache.indexes[layer] = LayerIndex(entries={"srv": right.entries["srv"]})
    second = build(text, COMMANDS, after=first)
    assert rows(second) == rows(first)
    assert any("is wrong" in text for text in second.warnings)


def test_nothing_is_read_for_a_file_that_the_context_has_not() -> None:
    first = build("FROM base\nCOPY f /f\n")
    second = MemoryBuild("FROM base\nCOPY none /f\n", context=CONTEXT, cache=ON)
    with pytest.raises(BuildRuleError):
        second.after(first).run()
    assert second.layers.fetched == []


@pytest.mark.parametrize(
    "lie",
    [
        {"mode": 0o4755},
        {"uid": 7},
        {"size": 3},
        {"mtime_ns": 5},
        {"xattrs": (("user.x", b"1"),)},
        {"sha256": "0" * 64},
    ],
)
def test_rows_that_are_wrong_are_found_out_when_files_are_copied(
    lie: dict[str, Any],
) -> None:
    """Those of the base: its names and directories are right, a file is not."""
    text = "FROM base AS old\nFROM scratch\nCOPY --from=old /srv/data /copied\n"
    first = build(text)
    layer = BASE_LAYERS[1].descriptor.digest
    right = first.cache.indexes[layer]
    row = right.entries["srv/data"]._replace(**lie)
    wrong = replace(right, entries={**right.entries, "srv/data": row})
    first.cache.indexes[layer] = wrong
    second = build(text, after=first)
    assert digest(second) == digest(first)
    [warning] = second.warnings
    assert "is wrong" in warning
    assert second.cache.indexes[layer] == right


def test_directories_of_working_directories_are_kept_as_runs_are() -> None:
    text = "FROM base\nWORKDIR /w\n"
    first = build(text)
    assert len(build(text, after=first).cache.found) == 1
    options = CacheOptions(enabled=True, run_layers=False)
    assert build(text, cache=options).cache.steps == {}


@pytest.mark.parametrize("copied", ["/d /d", "/d/ /other/"])
def test_modes_of_directories_of_a_stage_matter(copied: str) -> None:
    """Of directories alone, which have no content to tell whose they are."""

    def mkdir(mode: int) -> Command:
        def command(root: MemoryRoot, process: ProcessSpec) -> None:
            root.make(FileEntry("d", FileType.DIRECTORY, 0o755))
            root.make(FileEntry("d/e", FileType.DIRECTORY, mode))

        return command

    text = f"FROM base AS a\nRUN one {{}}\nFROM base\nCOPY --from=a {copied}\nRUN two\n"
    commands = {f"one {mode:o}": mkdir(mode) for mode in (0o700, 0o777)}
    commands["two"] = writes("two")
    first = build(text.format("700"), commands, cache=COPIES)
    second = build(text.format("777"), commands, after=first, cache=COPIES)
    assert second.cache.found == []
    assert rows(second) == rows(build(text.format("777"), commands))


HEREDOC = "FROM base\nRUN <<E\necho {}\nE\nRUN one\n"
HEREDOC_COPY = "FROM base\nCOPY <<E /x\n{}\nE\nRUN one\n"


@pytest.mark.parametrize("text", [HEREDOC, HEREDOC_COPY])
def test_what_a_heredoc_says_matters(text: str) -> None:
    scripts = [f"echo {number}" for number in (1, 2)]
    commands: dict[str, Command] = {"one": writes("one")}
    for script in scripts:
        for spelled in (script, f"{script}\n"):
            commands[spelled] = writes("x", script.encode())
    first = build(text.format(1), commands)
    second = build(text.format(2), commands, after=first)
    assert second.cache.found == []
    assert rows(second) == rows(build(text.format(2), commands))


@pytest.mark.parametrize(
    "line", ["COPY f /$X/", "COPY --chown=$X f /f", "WORKDIR /$X", "USER $X"]
)
def test_an_argument_matters_where_it_is_put_in(line: str) -> None:
    text = f"FROM base\nARG X\n{line}\nRUN one\n"
    first = build(text, COMMANDS, options=inputs(build_args=(("X", "1"),)))
    options = inputs(build_args=(("X", "2"),))
    second = build(text, COMMANDS, after=first, options=options)
    assert second.cache.found == []
    assert digest(second) == digest(build(text, COMMANDS, options=options))


def test_arguments_of_a_stage_are_nothing_to_its_siblings() -> None:
    text = "FROM base\nARG X\nRUN one\nFROM base\nCOPY --from=0 /one /\nRUN two\n"
    first = build(text, COMMANDS, options=inputs(build_args=(("X", "1"),)))
    options = inputs(build_args=(("X", "2"),))
    second = build(text, COMMANDS, after=first, options=options)
    assert len(second.cache.found) == 1
    assert rows(second) == rows(first)


def test_a_file_by_another_name_matters() -> None:
    text = "FROM base\nCOPY d /d\nRUN one\n"
    first = build(text, COMMANDS, context={"d/a": b"1", "d/b": b"2"})
    for files in ({"d/a": b"2", "d/b": b"1"}, {"d/a": b"1", "d/bb": b"2"}):
        assert build(text, COMMANDS, after=first, context=files).cache.found == []


def test_a_changed_file_of_a_stage_is_copied_anew() -> None:
    text = "FROM base AS a\nCOPY f /f\nFROM base\nCOPY --from=a /f /g\nRUN one\n"
    first = build(text, COMMANDS, cache=COPIES)
    context = {**CONTEXT, "f": b"other"}
    second = build(text, COMMANDS, after=first, cache=COPIES, context=context)
    assert second.cache.found == []
    assert rows(second) == rows(build(text, COMMANDS, context=context))


def test_a_stage_without_instructions_is_its_base() -> None:
    text = "FROM base\nRUN one\nFROM {}\n"
    first = build(text.format("base"), COMMANDS)
    second = MemoryBuild(text.format("other"), commands=COMMANDS, cache=ON)
    second.add_base("other", BASE_LAYERS[:2])
    second.after(first).run()
    assert len(second.published.manifest.layers) == 2


def test_what_a_found_step_removed_stays_removed() -> None:
    """And what a later one made again is there."""
    text = "FROM base\nRUN remove\nRUN again\nCOPY f /f\n"

    def remove(root: MemoryRoot, process: ProcessSpec) -> None:
        root.remove("srv")

    commands: dict[str, Command] = {"remove": remove, "again": writes("srv/data")}
    first = build(text, commands)
    assert first.index(3).whiteouts == ("srv",)
    context = {**CONTEXT, "f": b"other"}
    second = build(text, commands, after=first, context=context)
    assert executed(second) == []
    assert rows(second) == rows(build(text, commands, context=context))
    third = build(text + "RUN one\n", {**commands, **COMMANDS}, after=first)
    assert rows(third) == rows(build(text + "RUN one\n", {**commands, **COMMANDS}))


@pytest.mark.parametrize(
    ("step", "layers"),
    [
        ("COPY --from=old /srv /copied", [1]),
        ("COPY --from=old /www/data /copied", [1]),
        ("COPY --from=old /www/d* /bin/sh /copied/", [0, 1]),
        ("COPY --from=old --parents /srv/./d* /copied/", [1]),
        ("COPY --from=old --exclude=bin/sh --exclude=etc/* / /copied/", [1]),
        ("COPY --from=old /tmp /copied", []),
        ("COPY --from=base /srv/data /copied", [1]),
        ("RUN --mount=from=old,source=www,target=/m one", [1]),
        ("RUN --mount=type=cache,from=base,source=bin,target=/m one", [0]),
        ("RUN --mount=target=/m one", []),
    ],
)
def test_rows_are_read_of_the_layers_that_files_are_taken_from(
    step: str, layers: list[int]
) -> None:
    text = f"FROM base AS old\nFROM scratch\n{step}\n"
    commands = {"one": writes("one")}
    first = build(text, commands)
    second = build(text, commands, after=first)
    wanted = [BASE_LAYERS[number].descriptor.digest for number in layers]
    assert second.cache.completed == wanted
    assert digest(second) == digest(first)


def test_the_rows_of_the_base_are_not_read_for_what_a_step_made() -> None:
    first = build(STAGES, COMMANDS)
    second = build(STAGES, COMMANDS, after=first)
    made = first.cache.steps[first.cache.asked[0]]
    assert made is not None
    assert second.cache.completed == [made.descriptor.digest]


def test_a_hard_link_to_a_lower_layer_has_the_row_of_its_file() -> None:
    """Only the link is taken; what it is stands in the layer below."""
    text = "FROM linked AS old\nFROM scratch\nCOPY --from=old /link /copied\n"
    lower = layer(file("file", b"data", 0o640, uid=5, gid=6))
    upper = layer(hard_link("link", "file"), file("other", b"x"))
    made: list[MemoryBuild] = []
    for _ in range(2):
        each = MemoryBuild(text, cache=ON)
        each.add_base("linked", [lower, upper])
        if made:
            each.after(made[0])
        each.run()
        made.append(each)
    first, second = made
    assert second.cache.completed == [lower.descriptor.digest]
    assert second.rows(-1) == first.rows(-1) == ["f 0640 5:6 copied"]
