"""A layer under construction."""

import pytest

from domain.build.draft import Draft
from domain.errors import BuildRuleError
from domain.snapshot.layer_plan import LiteralContent
from tests.support.trees import draw, row, tree

TREE = tree(
    """
    a/        0700 1:2
    a/b/      0711 3:4
    a/b/c     =old
    a/x/y/z   =old
    link -> a
    file      =old
    """
)
NEW = row("template/ 0755 9:9")


def draft() -> Draft:
    return Draft(TREE)


def test_look_ups_see_the_tree_and_what_was_put() -> None:
    new = draft()
    assert new.get("a/b") == TREE.get("a/b")
    new.put(row("a/b/c 0600"))
    new.put(row("a/b/new"))
    assert new.get("a/b/c") == row("a/b/c 0600")
    assert new.get("a/b/new") == row("a/b/new")
    assert new.get("none") is None


def test_an_empty_draft_is_an_empty_plan() -> None:
    assert draft().plan().is_empty


def test_a_plan_names_the_parents_as_they_are() -> None:
    new = draft()
    new.put(row("a/b/new"), LiteralContent(b"1"))
    assert draw(new.plan()) == [
        "d 0700 1:2 a",
        "d 0711 3:4 a/b",
        "f 0644 0:0 a/b/new ='1'",
    ]


def test_the_root_is_never_a_row() -> None:
    new = draft()
    new.put(row("/ 0700"))
    new.make_directories("", NEW)
    assert new.plan().is_empty


def test_parents_that_nobody_made_are_plain_directories() -> None:
    new = draft()
    new.put(row("n/m/f"), LiteralContent(b""))
    assert draw(new.plan()) == [
        "d 0755 0:0 n",
        "d 0755 0:0 n/m",
        "f 0644 0:0 n/m/f =''",
    ]


def test_touching_changes_nothing_but_the_time() -> None:
    new = draft()
    new.touch("a", 7)
    new.touch("none", 7)
    (touched,) = new.plan().rows
    assert touched == (row("a/ 0700 1:2")._replace(mtime_ns=7), None)


def test_missing_directories_are_made_and_existing_ones_kept() -> None:
    new = draft()
    new.make_directories("a/b/n/m", NEW)
    new.make_directories("a/b", NEW)
    assert draw(new.plan()) == [
        "d 0700 1:2 a",
        "d 0711 3:4 a/b",
        "d 0755 9:9 a/b/n",
        "d 0755 9:9 a/b/n/m",
    ]


@pytest.mark.parametrize("path", ["file", "file/below", "link", "link/below"])
def test_a_directory_is_not_made_over_a_file(path: str) -> None:
    with pytest.raises(BuildRuleError, match="is not a directory") as caught:
        draft().make_directories(path, NEW)
    assert caught.value.hint == "choose another destination, or remove the file first"


def test_a_file_replaces_a_directory_and_all_below_it() -> None:
    new = draft()
    new.put(row("a/b/new"))
    new.put(row("a"), LiteralContent(b""))
    assert new.get("a/b") is None
    assert new.get("a/b/c") is None
    assert new.get("a/b/new") is None
    assert draw(new.plan()) == ["f 0644 0:0 a =''"]


def test_a_directory_made_anew_hides_what_the_old_one_had() -> None:
    new = draft()
    new.put(row("a"), LiteralContent(b""))
    new.put(row("a/ 0755"))
    new.put(row("a/x/ 0755"))
    new.put(row("a/new"), LiteralContent(b""))
    assert draw(new.plan()) == [
        "d 0755 0:0 a",
        "- a/b",
        "f 0644 0:0 a/new =''",
        "d 0755 0:0 a/x",
        "- a/x/y",
    ]


def test_symlinks_are_resolved_with_the_draft_in_place() -> None:
    new = draft()
    assert new.resolve("link/b") == "a/b"
    assert new.resolve("link", follow_last=False) == "link"
    new.put(row("link -> file"))
    assert new.resolve("link") == "file"


def test_is_directory_follows_no_symlink() -> None:
    assert draft().is_directory("a/b")
    assert draft().is_directory("")
    assert not draft().is_directory("link")
    assert not draft().is_directory("none")
