"""What a step depends on, by name."""

from __future__ import annotations

import pytest

from domain.build.cache_key import Chain, FingerprintedRow, RunInputs
from domain.build.mounts import BindMount, MountedTree, SecretMount
from domain.build.copying import SourceTree
from domain.build.process import FileMount
from domain.build.step_inputs import (
    BASE,
    BEFORE,
    FILES,
    INSTRUCTION,
    MAXIMUM_FILES,
    file_inputs,
    plan_step_inputs,
    run_step_inputs,
    stage_inputs,
)
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.index import LayerIndex
from domain.snapshot.tree import FileTree

TREE = FileTree.empty().apply(
    LayerIndex(entries={"f": FileEntry("f", FileType.FILE)})
)
CONTEXT = SourceTree(tree=TREE, origin="context", keeps_owners=False, description="")
MOUNTS = (
    BindMount(target="/b", tree=MountedTree(source=CONTEXT, path="f")),
    SecretMount(id="s", target="/s"),
    FileMount(target="/dev/pipes/EOF", content=b"text"),
)
INPUTS = RunInputs(
    command=("sh", "-c", "one"),
    variables={"PATH": "/bin", "X": "hidden", "HTTP_PROXY": "p"},
    user="5",
    working_directory="/w",
    network=True,
    privileged=False,
    mounts=MOUNTS,
)


def named(inputs: RunInputs = INPUTS) -> dict[str, str]:
    return dict(run_step_inputs(inputs, ["PATH"], lambda content: "1"))


def test_the_inputs_of_a_run_have_names() -> None:
    assert set(named()) == {
        INSTRUCTION,
        "ENV PATH",
        "ARG X",
        "USER",
        "WORKDIR",
        "the network",
        "--security",
        "--mount /b",
        "file f",
        "--mount /s",
        "heredoc /dev/pipes/EOF",
    }


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"command": ("x",)}, INSTRUCTION),
        ({"variables": {**INPUTS.variables, "X": "2"}}, "ARG X"),
        ({"variables": {**INPUTS.variables, "PATH": "2"}}, "ENV PATH"),
        ({"user": "6"}, "USER"),
        ({"working_directory": "/"}, "WORKDIR"),
        ({"network": False}, "the network"),
        ({"privileged": True}, "--security"),
    ],
)
def test_each_input_has_its_own_fingerprint(
    changed: dict[str, object], name: str
) -> None:
    now, then = named(INPUTS._replace(**changed)), named()  # type: ignore[arg-type]
    assert [each for each in then if now[each] != then[each]] == [name]


def test_a_mounted_file_is_named() -> None:
    now = run_step_inputs(INPUTS, ["PATH"], lambda content: "2")
    then = named()
    assert [each for each in then if now[each] != then[each]] == ["file f"]


def test_no_value_is_in_the_inputs() -> None:
    assert "hidden" not in str(named())


def test_a_stage_gives_its_base_and_the_files_before() -> None:
    inherited = stage_inputs(Chain("a"), Chain("b"), "o")
    assert (inherited[BASE], inherited[BEFORE]) == ("a", "b")


def test_a_plan_names_its_files() -> None:
    rows = [FingerprintedRow("d/f", "1"), FingerprintedRow("g", "2")]
    assert set(plan_step_inputs("COPY . /", rows)) == {INSTRUCTION, "file d/f", "file g"}


def test_a_file_that_is_copied_twice_has_one_name() -> None:
    two = file_inputs([FingerprintedRow("f", "1"), FingerprintedRow("f", "2")])
    one = file_inputs([FingerprintedRow("f", "1")])
    assert set(two) == set(one)
    assert two != one


def test_of_many_files_the_directories_are_named() -> None:
    rows = [FingerprintedRow(f"d/{each}", "1") for each in range(MAXIMUM_FILES)]
    assert len(file_inputs(rows)) == MAXIMUM_FILES
    more = [*rows, FingerprintedRow("top", "1")]
    assert set(file_inputs(more)) == {"directory d", "directory ."}


def test_of_many_directories_nothing_is_named() -> None:
    rows = [FingerprintedRow(f"{each}/f", "1") for each in range(MAXIMUM_FILES + 1)]
    inputs = file_inputs(rows)
    assert set(inputs) == {FILES}
    assert inputs != file_inputs([*rows[:-1], FingerprintedRow("0/f", "2")])
