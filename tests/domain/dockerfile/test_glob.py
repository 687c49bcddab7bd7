"""File name patterns follow Go's filepath.Match."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.dockerfile.glob import has_wildcard, matches, split_pattern
from domain.errors import DockerfileError


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("abc", "abc", True),
        ("*", "abc", True),
        ("*c", "abc", True),
        ("a*", "ab/c", False),
        ("a*/b", "abc/b", True),
        ("a*/b", "a/c/b", False),
        ("a*b*c*d*e*/f", "axbxcxdxe/f", True),
        ("a*b?c*x", "abxbbxdbxebxczzx", True),
        ("a*b?c*x", "abxbbxdbxebxczzy", False),
        ("ab[c]", "abc", True),
        ("ab[b-d]", "abc", True),
        ("ab[e-g]", "abc", False),
        ("ab[^c]", "abc", False),
        ("ab[^e-g]", "abc", True),
        ("a\\*b", "a*b", True),
        ("a\\*b", "axb", False),
        ("a?b", "a☺b", True),
        ("a?b", "a/b", False),
        ("a[^a]b", "a☺b", True),
        ("a???b", "a☺b", False),
        ("[a-ö]*", "é", True),
        ("[\\]a]", "]", True),
        ("[\\-]", "-", True),
        ("[x\\-]", "x", True),
        ("[x\\-]", "z", False),
        ("[\\-x]", "a", False),
        ("[b-a]", "a", False),
        ("[&-~]", "|", True),
        ("[[]0", "[0", True),
        ("[!a]", "b", False),
        ("]", "]", True),
        ("a.c", "abc", False),
        ("*x", "xxx", True),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_matches(pattern: str, path: str, *, expected: bool) -> None:
    assert matches(pattern, path) is expected


@pytest.mark.parametrize(
    "pattern",
    ["[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[", "[^", "[^bc", "a[", "a\\"],
)
def test_a_malformed_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(DockerfileError, match="malformed pattern"):
        matches(pattern, "a")


@pytest.mark.parametrize(
    ("path", "expected", "parts"),
    [
        ("a/b", False, ("a/b", "")),
        ("a\\*/b", False, ("a\\*/b", "")),
        ("a/*.c", True, ("a", "*.c")),
        ("a/b?/c/*", True, ("a", "b?/c/*")),
        ("[a]/b", True, ("", "[a]/b")),
        ("/*", True, ("", "*")),
    ],
)
def test_splits_off_what_has_no_wildcard(
    path: str, *, expected: bool, parts: tuple[str, str]
) -> None:
    assert has_wildcard(path) is expected
    assert split_pattern(path) == parts


@given(st.text())
def test_an_escaped_name_matches_itself_alone(name: str) -> None:
    pattern = "".join(f"\\{char}" for char in name)
    assert matches(pattern, name)
    assert not matches(pattern, name + "x")
