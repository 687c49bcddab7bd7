"""COPY --parents and --exclude: what comes along, and with which metadata.

The expected rows are what docker (BuildKit) makes of the same instruction.
"""

import pytest

from domain.build.parents import ParentsSource
from domain.build.plan import Facts
from domain.errors import BuildRuleError, DockerfileError
from domain.snapshot.entry import ancestors_of
from domain.snapshot.layer_plan import PlannedEntry
from tests.support.planning import after, context, copied, planned, stage
from tests.support.trees import draw

SOURCE = """
    a/            0750 7:8
    a/b/          0711
    a/b/c/        0700
    a/b/c/d/e/bay
    a/b/c/d/foo   0600
    a/b2/c/d/e/bar
    a/b/c2/d/e/baz
    a/b/c2/d/e2/baz
    a/empty/
    link -> a
    top.txt
    top.md
"""


def lines(text: str, root: str = "") -> list[str]:
    return draw(copied(text, SOURCE, root))


def paths(text: str, root: str = "") -> list[str]:
    """Return the paths of files, and of directories that nothing lies in."""
    rows = copied(text, SOURCE, root).rows
    found = [row.entry.path for row in rows if isinstance(row, PlannedEntry)]
    needed = {parent for path in found for parent in ancestors_of(path)}
    return [path for path in found if path not in needed]


# ------------------------------------------------------------------------ parents


def test_parents_come_with_the_metadata_of_the_source() -> None:
    assert lines("COPY --parents a/b/c/d/foo /p/") == [
        "d 0755 0:0 p",
        "d 0750 0:0 p/a",
        "d 0711 0:0 p/a/b",
        "d 0700 0:0 p/a/b/c",
        "d 0755 0:0 p/a/b/c/d",
        "f 0600 0:0 p/a/b/c/d/foo <context:a/b/c/d/foo",
    ]


def test_parents_that_are_there_stay_as_they_are() -> None:
    made = lines("COPY --parents a/b/c/d/foo /", root="a/ 0700 5:5\na/b/ 0700 5:5")
    assert made[:3] == ["d 0700 5:5 a", "d 0700 5:5 a/b", "d 0700 0:0 a/b/c"]


def test_a_directory_that_is_named_takes_what_the_source_has() -> None:
    made = lines("COPY --parents a/b/c /", root="a/ 0700 5:5\na/b/c/ 0777 5:5")
    assert made[:3] == ["d 0700 5:5 a", "d 0755 0:0 a/b", "d 0700 0:0 a/b/c"]


def test_owners_of_a_stage_are_kept_for_parents() -> None:
    made = draw(copied("COPY --from=0 --parents a/empty /", stage(SOURCE)))
    assert made == ["d 0750 7:8 a", "d 0755 0:0 a/empty"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("COPY --parents a/b/./c/d /o/", ["o/c/d/e/bay", "o/c/d/foo"]),
        ("COPY --parents /a/b/c/d/. /o/", ["o/a/b/c/d/e/bay", "o/a/b/c/d/foo"]),
        ("COPY --parents ./a/b/c/d /o/", ["o/a/b/c/d/e/bay", "o/a/b/c/d/foo"]),
        ("COPY --parents /a/./b/./c /o/", ["o/b/c/d/e/bay", "o/b/c/d/foo"]),
        (
            "COPY --parents a/./b*/c /o/",
            ["o/b/c/d/e/bay", "o/b/c/d/foo", "o/b2/c/d/e/bar"],
        ),
        ("COPY --parents a/b*/./c/**/e /o/", ["o/c/d/e/bar", "o/c/d/e/bay"]),
        (
            "COPY --parents a/b/c*/./d/**/baz a/b*/./c/**/bar /o/",
            ["o/c/d/e/bar", "o/d/e/baz", "o/d/e2/baz"],
        ),
        ("COPY --parents **/bar /o/", ["o/a/b2/c/d/e/bar"]),
        ("COPY --parents a/b/c/d/foo top.txt /o/", ["o/a/b/c/d/foo", "o/top.txt"]),
        ("COPY --parents *.md /o/", ["o/top.md"]),
        ("COPY --parents ../../top.md /o/", ["o/top.md"]),
        ("COPY --parents nothing* /o/", ["o"]),
        ("COPY --parents a/./empty /o/", ["o/empty"]),
        ("COPY --parents link/./empty /o/", ["o/empty"]),
        ("COPY --parents link /o/", ["o/link"]),
    ],
)
def test_what_is_kept_of_the_path(text: str, expected: list[str]) -> None:
    assert paths(text) == expected


def test_everything_is_kept_of_the_root() -> None:
    assert paths("COPY --parents . /o/") == [
        *(f"o/{path}" for path in paths("COPY . /")),
    ]


def test_owner_and_mode_hold_for_parents_too() -> None:
    made = lines("COPY --parents --chown=3:4 --chmod=700 a/b/./c/d/foo /o/")
    assert [line.rpartition(" <")[0] or line for line in made] == [
        "d 0700 3:4 o",
        "d 0700 3:4 o/c",
        "d 0700 3:4 o/c/d",
        "f 0700 3:4 o/c/d/foo",
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nothing", "'/nothing' not found in the build context"),
        ("a/./nothing", "'/a/nothing' not found in the build context"),
        ("nowhere/./b", "'/nowhere/b' not found in the build context"),
        ("link/b", "'/link/b' lies behind a symlink in the build context"),
    ],
)
def test_a_source_without_wildcards_must_be_there(source: str, message: str) -> None:
    with pytest.raises(BuildRuleError, match=message) as caught:
        lines(f"COPY --parents {source} /o/")
    assert caught.value.hint


def test_a_malformed_pattern_is_refused() -> None:
    with pytest.raises(DockerfileError, match="malformed pattern"):
        lines("COPY --parents a/[ /o/")


def test_a_directory_cannot_replace_a_file_on_the_way() -> None:
    with pytest.raises(BuildRuleError, match="cannot copy to non-directory: /a"):
        lines("COPY --parents a/b/c/d/foo /", root="a =file")


@pytest.mark.parametrize(
    ("source", "directory", "pattern"),
    [
        ("a/b", "", "a/b"),
        ("./a/./b", "a", "b"),
        ("/./a", "", "a"),
        ("a/./", "a", ""),
        ("a/../../b", "", "b"),
    ],
)
def test_the_first_pivot_counts(source: str, directory: str, pattern: str) -> None:
    parsed = ParentsSource.parse(source)
    assert (parsed.directory, parsed.pattern) == (directory, pattern)


# ------------------------------------------------------------------------ exclude


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("COPY --exclude=*.md --exclude=a . /o/", ["o/link", "o/top.txt"]),
        (
            "COPY --exclude=**/ba? a/b /o/",
            ["o/c/d/e", "o/c/d/foo", "o/c2/d/e", "o/c2/d/e2"],
        ),
        ("COPY --exclude=c --exclude=c2 a/b /o/", ["o"]),
        (
            "COPY --exclude=* --exclude=!c2/d/e2/* a/b /o/",
            ["o/c2/d/e2/baz"],
        ),
        (
            "COPY --exclude=**/d/e --exclude=!**/bay a/b/c a/b2/c /o/",
            ["o/d/e/bay", "o/d/foo"],
        ),
        ("COPY --exclude=* a/b* /o/", ["o"]),
        (
            "COPY --exclude=/top.md . /o/",
            [*(p for p in paths("COPY . /o/") if "md" not in p)],
        ),
        ("COPY --exclude=top.md/ a/empty top.txt /o/", ["o/top.txt"]),
        ("COPY --parents --exclude=**/e2 a/b/./c2 /o/", ["o/c2/d/e/baz"]),
        ("ADD --exclude=**/foo a/b/c /o/", ["o/d/e/bay"]),
    ],
)
def test_what_is_left_out(text: str, expected: list[str]) -> None:
    assert paths(text) == expected


@pytest.mark.parametrize("source", ["top.md", "*.md"])
def test_a_file_that_is_named_itself_is_copied(source: str) -> None:
    """Patterns are relative to each source: there is nothing below a file."""
    assert paths(f"COPY --exclude=*.md {source} /o/") == ["o/top.md"]


def test_what_is_left_out_is_not_expanded() -> None:
    state = after("ENV OUT=top.md")
    made = copied("COPY --exclude=$OUT . /o/", SOURCE, state=state)
    assert "top.md" in "".join(draw(made))


def test_a_directory_that_is_left_out_but_for_a_file_keeps_its_metadata() -> None:
    made = lines("COPY --exclude=* --exclude=!b/c/d/foo a /o/")
    assert made[1:4] == ["d 0711 0:0 o/b", "d 0700 0:0 o/b/c", "d 0755 0:0 o/b/c/d"]


def test_patterns_are_expanded() -> None:
    with pytest.raises(DockerfileError, match="malformed pattern"):
        lines("COPY --exclude=${x:-[} . /o/")


def test_the_history_names_parents_as_docker_does() -> None:
    text = "COPY --parents --exclude=x --chown=1 --chmod=644 a /o/"
    history = planned(text, facts=Facts(source=context(SOURCE))).history
    assert history == "COPY --parents --chown=1 --chmod=644 a /o/ # buildkit"
