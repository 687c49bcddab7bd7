"""Paths of rows, and which extended attributes belong to them."""

from __future__ import annotations

import pytest

from domain.snapshot.entry import (
    ancestors_of,
    is_portable_xattr,
    join,
    name_of,
    parent_of,
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
