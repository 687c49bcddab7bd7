"""Stages are found by name and number, and only those needed are built."""

import pytest

from domain.dockerfile.location import Location
from domain.dockerfile.stage import Dockerfile, Stage, source_references
from domain.errors import DockerfileError
from tests.domain.dockerfile.parsing import dockerfile, instruction

DUPLICATES = dockerfile(
    "ARG g=1\nFROM x AS Abc\nRUN 1\nFROM y\n"
    "FROM z AS aBC\n\nRUN 2\nFROM abc\nCMD 3 \\\n4"
)


def needed(parsed: Dockerfile, target: str | None = None) -> list[int]:
    stages = parsed.needed(parsed.target(target), lambda stage: stage.base)
    return [stage.index for stage in stages]


def test_a_file_is_global_arguments_and_stages() -> None:
    assert [arg.text for arg in DUPLICATES.global_args] == ["ARG g=1"]
    assert [str(stage) for stage in DUPLICATES.stages] == [
        "abc",
        "stage 1",
        "abc",
        "stage 3",
    ]
    assert [stage.location for stage in DUPLICATES.stages] == [
        Location(first=2, last=3),
        Location(first=4, last=4),
        Location(first=5, last=7),
        Location(first=8, last=10),
    ]


@pytest.mark.parametrize(
    ("name", "index"), [(None, 3), ("", 3), ("abc", 2), ("ABC", 2), ("0", 0), ("03", 3)]
)
def test_the_target_is_the_last_stage_of_that_name(
    name: str | None, index: int
) -> None:
    assert DUPLICATES.target(name).index == index


@pytest.mark.parametrize(
    ("source", "target", "hint"),
    [
        ("FROM x AS a\nFROM y\nFROM z AS b", "c", "named stages are: a, b"),
        ("FROM x AS a", "1", "the only stage has the number 0"),
        ("FROM x AS a\nFROM y", "2", "the stages have the numbers 0 to 1"),
        ("FROM x AS a", "-1", "named stages are: a"),
        ("FROM x AS a", "9" * 5000, "named stages are: a"),
        ("FROM x", "x", "no stage has a name"),
    ],
)
def test_an_unknown_target_lists_the_stages(
    source: str, target: str, hint: str
) -> None:
    with pytest.raises(DockerfileError, match=f"{target}'? does not exist") as caught:
        dockerfile(source).target(target)
    assert caught.value.hint == hint


def test_a_context_takes_the_names_of_stages_but_not_their_numbers() -> None:
    text = "FROM x AS a\nFROM y AS b\nFROM a\nCOPY --from=b / /\nCOPY --from=1 / /"
    replaced = dockerfile(text).replaced_by({"a", "b"})
    last = replaced.stages[2]
    assert replaced.base_stage(last, "a") is None
    assert replaced.source_stage(last, "b", line=4) is None
    assert replaced.source_stage(last, "1", line=5) == replaced.stages[1]
    assert needed(replaced) == [1, 2]


@pytest.mark.parametrize(
    ("index", "base", "found"),
    [(3, "abc", 2), (3, "ABC", 2), (2, "abc", 0), (0, "abc", None), (3, "0", None)],
)
def test_a_base_is_an_earlier_stage_or_an_image(
    index: int, base: str, found: int | None
) -> None:
    stage = DUPLICATES.base_stage(DUPLICATES.stages[index], base)
    assert (stage and stage.index) == found


@pytest.mark.parametrize(
    ("index", "reference", "found"),
    [
        (3, "abc", 2),
        (3, "Abc", 2),
        (2, "abc", 0),
        (3, "1", 1),
        (1, "+0", 0),
        (3, "busybox", None),
        (3, "abc:1", None),
    ],
)
def test_a_source_is_an_earlier_stage_by_name_or_number_or_an_image(
    index: int, reference: str, found: int | None
) -> None:
    stage = DUPLICATES.source_stage(DUPLICATES.stages[index], reference, line=1)
    assert (stage and stage.index) == found


@pytest.mark.parametrize(
    ("index", "reference", "message", "hint"),
    [
        (1, "1", "it is the stage it stands in", "0 to 0"),
        (1, "2", "it is a later stage", "0 to 0"),
        (3, "4", "it is none", "0 to 2"),
        (3, "-1", "it is none", "0 to 2"),
        (0, "abc", "it is the stage|it is a later stage", "first stage"),
        (3, "$x", "cannot be a variable", "FROM [$]x AS name"),
    ],
)
def test_a_source_that_cannot_be_is_refused_with_its_line(
    index: int, reference: str, message: str, hint: str
) -> None:
    stage = DUPLICATES.stages[index]
    with pytest.raises(DockerfileError, match=message) as caught:
        DUPLICATES.source_stage(stage, reference, line=7)
    assert caught.value.line == 7
    assert caught.value.hint is not None
    assert hint.replace("[$]", "$") in caught.value.hint


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("COPY a b", ()),
        ("COPY --from=x a b", ("x",)),
        ("ADD a b", ()),
        ("RUN a", ()),
        ("RUN --mount=target=/a --mount=type=bind,From=x,target=/b c", ("x",)),
        ("RUN --mount=from=x,dst=/x --mount=type=cache,from=y,target=/c d", ("x", "y")),
        ("RUN --mount=from=,dst=/x a", ()),
        ("ENV from=x", ()),
    ],
)
def test_references_are_those_of_copy_and_mounts(
    text: str, references: tuple[str, ...]
) -> None:
    assert source_references(instruction(text)) == references


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("FROM x\nFROM y\nFROM z", None, [2]),
        ("FROM x AS a\nFROM y\nFROM a", None, [0, 2]),
        ("FROM x AS a\nFROM y AS b\nFROM z AS c", "b", [1]),
        ("FROM x AS a\nFROM y AS b\nFROM z\nCOPY --from=b c d", None, [1, 2]),
        (
            "FROM x AS a\nFROM y\nFROM z\nCOPY --from=0 c d\nCOPY --from=i e f",
            None,
            [0, 2],
        ),
        ("FROM x AS a\nFROM y\nFROM z\nRUN --mount=from=a,target=/b c", None, [0, 2]),
        (
            "FROM x AS a\nFROM a AS b\nFROM b AS c\nFROM c\nCOPY --from=a d e",
            None,
            [0, 1, 2, 3],
        ),
        # the triggers of a stage are carried out in those built from it
        (
            "FROM x AS a\nFROM y AS b\nONBUILD COPY --from=a c d\nFROM b",
            None,
            [0, 1, 2],
        ),
        ("FROM x AS a\nFROM y AS b\nONBUILD COPY --from=a c d", None, [1]),
        # a stage that is not needed may refer to what is not there
        ("FROM x AS a\nCOPY --from=1 b c\nFROM y", None, [1]),
    ],
)
def test_only_what_the_target_takes_is_needed(
    source: str, target: str | None, expected: list[int]
) -> None:
    assert needed(dockerfile(source), target) == expected


def test_a_needed_stage_may_not_copy_from_a_later_one() -> None:
    parsed = dockerfile("FROM x AS a\nCOPY --from=b c d\nFROM y AS b\nFROM a")
    with pytest.raises(DockerfileError, match="it is a later stage") as caught:
        needed(parsed)
    assert caught.value.line == 2


def test_bases_are_looked_up_as_expanded() -> None:
    parsed = dockerfile("FROM x AS a\nFROM $BASE")
    asked: list[Stage] = []

    def expand(stage: Stage) -> str:
        asked.append(stage)
        return stage.base.replace("$BASE", "a")

    assert parsed.needed(parsed.target(), expand) == parsed.stages
    assert len(asked) == 2
