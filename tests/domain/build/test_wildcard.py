"""Sources of COPY and ADD: plain paths and patterns."""

import pytest

from domain.build.wildcard import clean_source, expand_wildcards
from domain.errors import DockerfileError
from tests.support.trees import tree

TREE = tree(
    """
    a.txt
    b.txt
    .hidden
    arr[0].txt
    dir/x.txt
    dir/sub/x.txt
    dur/x.md
    link -> dir
    abs -> /dir
    """
)


@pytest.mark.parametrize(
    ("source", "cleaned"),
    [
        (".", ""),
        ("/", ""),
        ("./a/", "a"),
        ("//a//b", "a/b"),
        ("../../a", "a"),
        ("a/../../b", "b"),
    ],
)
def test_sources_are_clamped_to_the_root(source: str, cleaned: str) -> None:
    assert clean_source(source) == cleaned


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("a.txt", ["a.txt"]),
        ("missing", ["missing"]),
        (".", [""]),
        ("*.txt", ["a.txt", "arr[0].txt", "b.txt"]),
        ("?.txt", ["a.txt", "b.txt"]),
        ("[ab].txt", ["a.txt", "b.txt"]),
        ("arr[[]0].txt", ["arr[0].txt"]),
        ("/d?r/x.*", ["dir/x.txt", "dur/x.md"]),
        ("d*/*/x.txt", ["dir/sub/x.txt"]),
        ("dir/*", ["dir/sub", "dir/x.txt"]),
        ("*/x.txt", ["dir/x.txt"]),
        ("a.*/x", []),
        ("none*", []),
        ("none/*", []),
        ("a.txt/*", []),
    ],
)
def test_paths_a_source_names(source: str, paths: list[str]) -> None:
    assert expand_wildcards(source, TREE) == paths


def test_the_part_before_a_pattern_is_followed_through_symlinks() -> None:
    assert expand_wildcards("link/*.txt", TREE) == ["dir/x.txt"]
    assert expand_wildcards("abs/s*/x.txt", TREE) == ["dir/sub/x.txt"]


def test_a_pattern_enters_no_symlink() -> None:
    assert expand_wildcards("l*/x.txt", TREE) == []


@pytest.mark.parametrize("source", ["none/a[", "none/*/[]", "a[.txt"])
def test_a_malformed_pattern_is_an_error_even_where_nothing_is(source: str) -> None:
    with pytest.raises(DockerfileError, match="malformed pattern"):
        expand_wildcards(source, TREE)


def test_a_star_matches_names_that_begin_with_a_dot() -> None:
    assert ".hidden" in expand_wildcards("*", TREE)
