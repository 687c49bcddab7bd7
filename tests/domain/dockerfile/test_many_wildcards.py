"""Patterns of many wildcards are matched without searching for ever.

Each of these would take years if every way to share the text out were tried.
"""

import pytest

from domain.dockerfile.glob import matches
from domain.dockerfile.ignore import IgnoreRules
from domain.dockerfile.word import expand

MANY = 30


@pytest.mark.parametrize(("end", "expected"), [("a", True), ("b", False)])
def test_stars_of_a_file_name_pattern(end: str, *, expected: bool) -> None:
    assert matches("*a" * MANY + f"*{end}", "a" * 200) is expected


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("**/" * MANY + "x", "a/" * 50 + "x", True),
        ("**/" * MANY + "x", "a/" * 50 + "y", False),
        ("**/*/" * MANY + "x", "a/" * 50 + "x", True),
        ("**/*/" * MANY + "x", "a/" * (MANY - 1) + "x", False),
        ("*a" * MANY + "b", "a" * 200, False),
        ("*a" * MANY + "?", "a" * 200, True),
        ("a**b" * MANY, "ab" * 100, False),
        ("a/**/[^b]/*" * 2, "a/c/c/da/c/d", True),
        ("*/" * MANY + "**", "a/" * 100 + "a", True),
    ],
)
def test_stars_of_an_ignore_file(pattern: str, path: str, *, expected: bool) -> None:
    assert IgnoreRules.parse(pattern).ignores(path) is expected


@pytest.mark.parametrize(
    ("operator", "end", "expected"),
    [
        ("#", "b", "a" * 200),
        ("##", "b", "a" * 200),
        ("%", "b", "a" * 200),
        ("%%", "b", "a" * 200),
        ("#", "a", "a" * (200 - MANY - 1)),
        ("##", "a", ""),
        ("%%", "?", ""),
    ],
)
def test_stars_of_a_substitution(operator: str, end: str, expected: str) -> None:
    word = f"${{V{operator}{'*a' * MANY}{end}}}"
    assert expand(word, {"V": "a" * 200}) == expected


def test_stars_of_a_replacement() -> None:
    word = f"${{V//{'*a' * MANY}b/x}}"
    assert expand(word, {"V": "a" * 200}) == "a" * 200
