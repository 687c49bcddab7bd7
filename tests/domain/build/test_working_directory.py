"""WORKDIR: its path, and the directories it makes."""

import pytest

from domain.build.accounts import Accounts
from domain.build.plan import Facts
from domain.build.working_directory import absolute_working_directory
from domain.errors import BuildRuleError
from tests.support.planning import ACCOUNTS, NOW_NS, after, layer, planned
from tests.support.trees import draw, tree

ROOT = tree(
    """
    w/      0711 5:5
    srv/    0755
    link -> srv
    lost -> srv/later
    file
    """
)


@pytest.mark.parametrize(
    ("word", "current", "path"),
    [
        ("/a", "/x", "/a"),
        ("a/b/", "/x", "/x/a/b"),
        ("..", "/x/y", "/x"),
        ("../../..", "/x", "/"),
        ("//a", "/x", "/a"),
        ("", "/x", "/x"),
        ("a", "relative", "/relative/a"),
    ],
)
def test_path(word: str, current: str, path: str) -> None:
    assert absolute_working_directory(word, current) == path


def made(text: str, before: str = "ENV d=/e") -> list[str]:
    facts = Facts(tree=ROOT, accounts=ACCOUNTS)
    return draw(layer(planned(text, after(before), facts)))


@pytest.mark.parametrize(
    ("text", "before", "rows"),
    [
        ("WORKDIR /new/sub", "USER root", ["d 0755 0:0 new", "d 0755 0:0 new/sub"]),
        ("WORKDIR $d/f", "ENV d=/e", ["d 0755 0:0 e", "d 0755 0:0 e/f"]),
        ("WORKDIR /w", "USER app", []),
        ("WORKDIR /", "USER app", []),
        ("WORKDIR /link", "USER app", []),
        ("WORKDIR /w/in", "USER app", ["d 0711 5:5 w", "d 0755 1000:1001 w/in"]),
        ("WORKDIR /n/m", "USER app", ["d 0755 1000:1001 n", "d 0755 1000:1001 n/m"]),
        ("WORKDIR /n", "USER 7", ["d 0755 7:7 n"]),
        ("WORKDIR /n", "USER 7:8", ["d 0755 7:8 n"]),
        ("WORKDIR /link/in", "USER root", ["d 0755 0:0 srv", "d 0755 0:0 srv/in"]),
        ("WORKDIR /lost", "USER root", ["d 0755 0:0 srv", "d 0755 0:0 srv/later"]),
    ],
)
def test_directories_that_are_made(text: str, before: str, rows: list[str]) -> None:
    """Each belongs to the current USER; what exists keeps what it has."""
    assert made(text, before) == rows


def test_made_directories_have_the_time_of_the_build() -> None:
    (row,) = layer(planned("WORKDIR /n", facts=Facts(tree=ROOT))).rows
    assert row[0].mtime_ns == NOW_NS  # type: ignore[union-attr]


def test_the_config_has_the_path_as_written_not_as_resolved() -> None:
    plan = planned("WORKDIR /link/in/", facts=Facts(tree=ROOT))
    assert plan.state.config.working_dir == "/link/in"


def test_relative_ones_add_up() -> None:
    assert after("WORKDIR /a\nWORKDIR b\nWORKDIR ../c").working_directory == "/a/c"


def test_a_file_in_the_way_is_an_error() -> None:
    with pytest.raises(BuildRuleError, match="/file is not a directory") as caught:
        made("WORKDIR /file/x")
    assert caught.value.hint


def test_an_unknown_user_matters_only_where_a_directory_is_made() -> None:
    facts = Facts(tree=ROOT, accounts=Accounts())
    state = after("USER ghost")
    assert planned("WORKDIR /w", state, facts).state.working_directory == "/w"
    with pytest.raises(BuildRuleError, match="unable to find user ghost"):
        planned("WORKDIR /n", state, facts)
