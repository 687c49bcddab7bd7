"""The order of a plan's rows, and where the content of hard links stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.snapshot.entry import FileEntry, FileType, ancestors_of
from domain.snapshot.layer_plan import (
    LayerPlan,
    LiteralContent,
    PlannedEntry,
    PlannedRow,
    PlannedWhiteout,
    whiteout_name,
)


def entry(path: str, data: bytes | None = None, group: str = "") -> PlannedEntry:
    content = None if data is None else LiteralContent(data)
    return PlannedEntry(FileEntry(path, FileType.FILE, link_group=group), content)


def paths(plan: LayerPlan) -> list[str]:
    return [
        whiteout_name(row.path) if isinstance(row, PlannedWhiteout) else row.entry.path
        for row in plan.rows
    ]


def test_rows_are_sorted_by_component_parents_first() -> None:
    rows: list[PlannedRow] = [
        entry("a-b"),
        entry("a/b"),
        entry("a"),
        PlannedWhiteout("a/z"),
    ]
    assert paths(LayerPlan.ordered(rows)) == ["a", "a/.wh.z", "a/b", "a-b"]


@given(st.lists(st.lists(st.sampled_from("a-.b"), min_size=1, max_size=4), max_size=9))
def test_parents_always_come_before_children(names: list[list[str]]) -> None:
    order = paths(LayerPlan.ordered(entry("/".join(parts)) for parts in names))
    for path in order:
        for parent in ancestors_of(path):
            assert parent not in order or order.index(parent) < order.index(path)


def test_of_equal_paths_the_last_row_wins() -> None:
    plan = LayerPlan.ordered([entry("a", b"1"), entry("a", b"2")])
    assert plan.rows == (entry("a", b"2"),)


def test_the_first_name_of_a_link_group_carries_the_content() -> None:
    plan = LayerPlan.ordered(
        [entry("c", b"x", "g"), entry("a", None, "g"), entry("b", b"y", "h")]
    )
    assert plan.rows == (
        entry("a", b"x", "g"),
        entry("b", b"y"),
        entry("c", None, "g"),
    )


def test_a_group_of_one_name_is_no_group() -> None:
    assert LayerPlan.ordered([entry("a", b"x", "g")]).rows == (entry("a", b"x"),)


def test_a_link_group_has_its_content_once() -> None:
    rows: list[PlannedRow] = [entry("a", b"x", "g"), entry("b", b"x", "g")]
    assert LayerPlan.ordered(rows).rows[1] == entry("b", None, "g")


def test_a_plan_without_rows_is_empty() -> None:
    assert LayerPlan().is_empty
    assert not LayerPlan.ordered([entry("a")]).is_empty


def test_whiteouts_stand_beside_what_they_hide() -> None:
    assert whiteout_name("a/b") == "a/.wh.b"
    assert whiteout_name("a") == ".wh.a"
