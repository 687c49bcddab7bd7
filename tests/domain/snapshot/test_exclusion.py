"""Paths that never become part of a layer."""

from __future__ import annotations

import pytest

from domain.snapshot.exclusion import Exclusions


@pytest.mark.parametrize("path", ["proc", "proc/1", "sys", "dev/null", "a/b", "a/b/c"])
def test_excluded_paths_cover_what_is_below_them(path: str) -> None:
    assert Exclusions.of(["/a/b/"]).covers(path)


@pytest.mark.parametrize("path", ["", "a", "a/bc", "process", "x/proc"])
def test_other_paths_are_not_covered(path: str) -> None:
    assert not Exclusions.of(["/a//./b"]).covers(path)


def test_the_root_cannot_be_excluded() -> None:
    assert Exclusions.of(["/", ""]) == Exclusions()
