"""Which observations become rows of a layer."""

from __future__ import annotations

import pytest

from domain.snapshot.changes import Observation, changes, tree_changes
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.layer_plan import (
    LayerPlan,
    PlannedEntry,
    PlannedWhiteout,
    StoredContent,
)
from domain.snapshot.tree import FileTree


def file(path: str, sha256: str = "1", group: str = "") -> FileEntry:
    return FileEntry(path, FileType.FILE, 0o644, link_group=group, sha256=sha256)


def directory(path: str, mode: int = 0o755, mtime_ns: int = 0) -> FileEntry:
    return FileEntry(path, FileType.DIRECTORY, mode, mtime_ns=mtime_ns)


def plan(
    before: list[FileEntry], *touched: FileEntry, gone: tuple[str, ...] = ()
) -> list[str]:
    """Return the rows as `drawn` does."""
    seen = Observation(touched={e.path: e for e in touched}, gone=gone)
    return drawn(changes(FileTree.of(before), seen))


def drawn(made: LayerPlan) -> list[str]:
    """Return the rows as text: paths, "-path" gone, "path=first" links."""
    first: dict[str, str] = {}
    rows = []
    for row in made.rows:
        if isinstance(row, PlannedWhiteout):
            rows.append(f"-{row.path}")
            continue
        path, group = row.entry.path, row.entry.link_group
        known = first.setdefault(group or path, path)
        assert (row.content is None) == (
            row.entry.type is not FileType.FILE or known != path
        )
        rows.append(path if known == path else f"{path}={known}")
    return rows


def test_nothing_touched_is_no_layer() -> None:
    assert plan([file("a")]) == []


def test_what_was_touched_and_is_the_same_is_no_change() -> None:
    assert plan([file("d/a")], file("d/a"), directory("d")) == []


def test_the_root_is_never_a_row() -> None:
    assert plan([], directory("", 0o700)) == []


@pytest.mark.parametrize(
    "now",
    [
        file("a", "2"),
        file("a")._replace(mode=0o600),
        file("a")._replace(uid=1),
        file("a")._replace(gid=1),
        file("a")._replace(size=1),
        file("a")._replace(mtime_ns=1),
        file("a")._replace(xattrs=(("user.a", b""),)),
        FileEntry("a", FileType.SYMLINK),
        directory("a"),
    ],
)
def test_each_attribute_of_a_file_makes_a_change(now: FileEntry) -> None:
    assert plan([file("a")], now) == ["a"]


@pytest.mark.parametrize(
    "facts", [{"mode": 0o700}, {"uid": 1}, {"gid": 1}, {"xattrs": (("user.a", b""),)}]
)
def test_each_attribute_of_a_directory_but_its_time_makes_a_change(
    facts: dict[str, object],
) -> None:
    changed = directory("d")._replace(**facts)  # type: ignore[arg-type]
    assert plan([directory("d")], changed) == ["d"]
    assert plan([directory("d")], directory("d", mtime_ns=9)) == []


def test_content_is_read_from_the_root_itself() -> None:
    seen = Observation(touched={"a": file("a")})
    (row,) = changes(FileTree.empty(), seen).rows
    assert row == PlannedEntry(file("a"), StoredContent("root", "a"))


def test_parents_are_rows_once_with_their_present_metadata() -> None:
    before = [directory("d"), directory("d/e")]
    seen = Observation(
        touched={
            e.path: e
            for e in (file("d/e/a"), file("d/e/b"), directory("d/e", mtime_ns=7))
        }
    )
    rows = changes(FileTree.of(before), seen).rows
    entries = [row.entry for row in rows if isinstance(row, PlannedEntry)]
    assert [entry.path for entry in entries] == ["d", "d/e", "d/e/a", "d/e/b"]
    assert entries[:2] == [directory("d"), directory("d/e", mtime_ns=7)]


def test_only_the_topmost_of_what_is_gone_is_a_whiteout() -> None:
    before = [file("d/e/a"), file("d/b")]
    assert plan(before, gone=("d/e", "d/e/a", "d/b")) == ["d", "-d/b", "-d/e"]
    assert plan(before, gone=("d", "d/e", "d/e/a", "d/b")) == ["-d"]


def test_what_never_was_is_no_whiteout() -> None:
    assert plan([file("a")], gone=("b",)) == []


def test_no_whiteouts_below_what_is_no_directory_any_more() -> None:
    assert plan([file("d/a")], file("d"), gone=("d/a",)) == ["d"]


def test_whiteouts_below_a_directory_that_was_made_anew() -> None:
    before = [file("d/a"), file("d/b")]
    assert plan(before, directory("d"), file("d/b", "2"), gone=("d/a",)) == [
        "d",
        "-d/a",
        "d/b",
    ]


def test_what_is_touched_is_not_gone() -> None:
    assert plan([file("a")], file("a"), gone=("a",)) == []


LINKED = [file("a", group="g"), file("b", group="g"), file("c")]


def test_a_link_group_that_stayed_is_no_change() -> None:
    assert plan(LINKED, file("a", group="1:2"), file("b", group="1:2")) == []


def test_a_changed_link_group_stays_linked() -> None:
    assert plan(LINKED, file("a", "2", "i"), file("b", "2", "i")) == ["a", "b=a"]


def test_new_names_of_one_new_file_are_linked() -> None:
    assert plan([], file("x", group="i"), file("y", group="i")) == ["x", "y=x"]


def test_a_new_name_of_an_old_file_stands_alone() -> None:
    assert plan(LINKED, file("c", group="i"), file("x", group="i")) == ["x"]


def test_two_new_names_of_an_old_file_are_linked_to_each_other() -> None:
    touched = [file(name, group="i") for name in ("c", "x", "y")]
    assert plan(LINKED, *touched) == ["x", "y=x"]


def test_removing_a_name_leaves_the_others_out() -> None:
    assert plan(LINKED, file("a"), gone=("b",)) == ["-b"]


def test_removing_the_directory_of_a_name_leaves_the_others_out() -> None:
    before = [file("a", group="g"), file("d/b", group="g")]
    assert plan(before, file("a"), gone=("d",)) == ["-d"]


def test_replacing_a_name_leaves_the_others_out() -> None:
    assert plan(LINKED, file("a"), file("b", "2")) == ["b"]


def test_parting_names_of_equal_content_is_a_change() -> None:
    assert plan(LINKED, file("a"), file("b")) == ["a", "b"]


def test_joining_old_files_is_a_change_of_both() -> None:
    touched = [file(name, group="i") for name in "abc"]
    assert plan(LINKED, *touched) == ["a", "b=a", "c=a"]


def test_joining_a_changed_file_takes_the_unchanged_one_along() -> None:
    before = [file("a"), file("b", "other")]
    assert plan(before, file("a", group="i"), file("b", group="i")) == ["a", "b=a"]


def between(before: list[FileEntry], after: list[FileEntry]) -> list[str]:
    return drawn(tree_changes(FileTree.of(before), FileTree.of(after), "stage:0"))


def test_between_equal_trees_is_no_layer() -> None:
    rows = [file("d/a"), file("b", group="x"), file("c", group="x")]
    assert between(rows, rows) == []


def test_between_trees_is_what_is_other_new_or_gone() -> None:
    before = [file("d/same"), file("d/other"), file("gone/a"), file("gone/b")]
    after = [file("d/same"), file("d/other", "2"), file("new")]
    assert between(before, after) == ["-gone", "d", "d/other", "new"]


def test_between_trees_names_are_joined_and_parted() -> None:
    apart = [file("a"), file("b")]
    joined = [file("a", group="x"), file("b", group="x")]
    assert between(apart, joined) == ["a", "b=a"]
    assert between(joined, apart) == ["a", "b"]


def test_contents_between_trees_come_from_the_place_that_is_named() -> None:
    made = tree_changes(FileTree.empty(), FileTree.of([file("a")]), "stage:0")
    assert made.rows == (PlannedEntry(file("a"), StoredContent("stage:0", "a")),)
