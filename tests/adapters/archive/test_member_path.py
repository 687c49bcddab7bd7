"""Names in archives never lead out of the root."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.archive.member_path import confined_path, layer_path
from domain.errors import InvalidLayer

NAMES = st.lists(st.sampled_from(["a", "b", ".", "..", "", ".x"]), max_size=7)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a", "a"),
        ("a/b/", "a/b"),
        ("./a", "a"),
        ("./", ""),
        ("/", ""),
        ("/etc/passwd", "etc/passwd"),
        ("a//b/./c", "a/b/c"),
        ("a/../b", "b"),
        (".hidden", ".hidden"),
        ("..x", "..x"),
        ("a/...", "a/..."),
    ],
)
def test_names_of_a_layer_become_paths(name: str, path: str) -> None:
    assert layer_path(name) == path


@pytest.mark.parametrize("name", ["..", "../x", "/../x", "a/../../x", "./../x"])
def test_a_name_of_a_layer_that_leaves_the_root_is_refused(name: str) -> None:
    with pytest.raises(InvalidLayer, match="leaves the root"):
        layer_path(name)


@given(NAMES)
def test_names_that_stay_inside_are_what_normalising_makes_of_them(
    parts: list[str],
) -> None:
    name = "/".join(parts)
    try:
        path = layer_path(name)
    except InvalidLayer:
        assert posixpath.normpath("r/" + name).split("/")[0] != "r" or ".." in parts
        return
    assert posixpath.normpath("/r/" + name) == posixpath.normpath("/r/" + path)


@given(NAMES)
def test_names_of_other_archives_are_bounded_to_the_root(parts: list[str]) -> None:
    name = "/".join(parts)
    assert "/" + confined_path(name) == posixpath.normpath("/./" + name)
