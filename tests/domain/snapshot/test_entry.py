"""Paths of rows, and which extended attributes belong to them."""

from __future__ import annotations

import pytest

from domain.snapshot.entry import (
    FileEntry,
    FileType,
    ancestors_of,
    is_portable_xattr,
    join,
    name_of,
    parent_of,
    without_lone_links,
)


def test_parents_and_names() -> None:
    assert [parent_of(p) for p in ("a/b/c", "a", "")] == ["a/b", "", ""]
    assert [name_of(p) for p in ("a/b/c", "a", "")] == ["c", "a", ""]


def test_joining_with_the_root_or_nothing() -> None:
    assert join("", "a") == "a"
    assert join("a", "") == "a"
    assert join("a", "b/c") == "a/b/c"


def test_ancestors_are_all_parents_but_the_root_the_top_one_first() -> None:
    assert ancestors_of("a/b/c") == ["a", "a/b"]
    assert ancestors_of("a") == []
    assert ancestors_of("") == []


def test_a_link_group_of_one_row_is_left_out() -> None:
    groups = {"a": "1", "b": "", "c": "2", "d": "2", "e": ""}
    rows = [FileEntry(p, FileType.FILE, link_group=g) for p, g in groups.items()]
    seen = [(row.path, row.link_group) for row in without_lone_links(rows)]
    assert seen == [("a", ""), ("b", ""), ("c", "2"), ("d", "2"), ("e", "")]


@pytest.mark.parametrize(
    ("name", "belongs"),
    [
        ("security.capability", True),
        ("user.mime_type", True),
        ("system.posix_acl_access", True),
        ("security.selinux", False),
        ("security.ima", False),
        ("security.evm", False),
        ("trusted.overlay.opaque", False),
        ("trusted.anything", False),
        ("user.overlay.redirect", False),
    ],
)
def test_attributes_of_the_host_do_not_belong_to_a_file(
    name: str,
    belongs: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert is_portable_xattr(name) is belongs
