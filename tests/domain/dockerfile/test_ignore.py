"""Ignore rules match as in BuildKit's walk over the context."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.dockerfile.ignore import IgnoreRules
from domain.errors import DockerfileError


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("", "a", False),
        ("a", "a", True),
        ("a", "b/a", False),
        ("a", "a/b/c", True),
        ("a/", "a", True),
        ("/a", "a", True),
        ("./a/../b//c", "b/c", True),
        ("  a \t\r\n", "a", True),
        ("#a\na#", "#a", False),
        ("\ufeff#a", "#a", False),
        (" #a", "#a", True),
        ("\\#a", "#a", True),
        ("/", "a", False),
        (".", "a", False),
        ("*", "a/b", True),
        ("*.go", "a.go", True),
        ("*.go", "d/a.go", False),
        ("d/*.go", "d/a.go", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[ab]c", "bc", True),
        ("[^ab]c", "bc", False),
        ("a.c", "abc", False),
        ("a\\*", "a*", True),
        ("a\\*", "ab", False),
        ("(a)|b$^{}+", "(a)|b$^{}+", True),
        # **
        ("**", "a/b", True),
        ("**/", "a", True),
        ("**/a", "a", True),
        ("**/a", "b/c/a", True),
        ("**/a", "ba", False),
        ("**a", "ba", True),
        ("**/*.go", "x/y/a.go", True),
        ("**a*", "b/ac", True),
        ("**a*", "bac", False),
        ("a/**", "a", False),
        ("a/**", "a/b/c", True),
        ("a**", "abc/d", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "a/xb", False),
        ("a*/**", "ab/c", True),
        # the last rule that matches wins
        ("a\n!a", "a", False),
        ("!a\na", "a", True),
        ("*\n!a", "b", True),
        ("*\n!a", "a/b", False),
        ("d\n!d/a", "d/a", False),
        ("d\n!d/a", "d/b", True),
        ("d\n! /d/a", "d/a", False),
        ("d\n!d/a\nd/a/x", "d/a/x", True),
        ("**/*.log\n!d/keep.log", "d/keep.log", False),
        ("./!a", "a", False),
        # a rule that was not asked at the directory does not hold below it
        ("d/*\n!d", "d/a", True),
        ("d\n!d", "d/a", False),
    ],
)
def test_ignores(text: str, path: str, *, expected: bool) -> None:
    assert IgnoreRules.parse(text).ignores(path) is expected
    assert IgnoreRules.parse(text.encode()).ignores(path) is expected


def test_names_that_are_no_utf_8_match_as_paths_spell_them() -> None:
    assert IgnoreRules.parse(b"\xe9\n").ignores("\udce9")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a\n!\n", 2, "a lone '!'"),
        ("a\n\n! \n", 3, "a lone '!'"),
        ("[", 1, "malformed pattern '['"),
        ("a\\", 1, "malformed pattern"),
        ("**/[b", 1, "malformed pattern"),
    ],
)
def test_a_bad_rule_is_refused_with_its_line(
    text: str, line: int, message: str
) -> None:
    with pytest.raises(DockerfileError, match=message.replace("[", r"\[")) as caught:
        IgnoreRules.parse(text)
    assert caught.value.line == line
    assert caught.value.place == f".dockerignore:{line}"
    assert caught.value.hint


def test_patterns_may_stand_alone() -> None:
    rules = IgnoreRules.of(["*.txt", "!a.txt", "", "#b"])
    assert [rules.ignores(path) for path in ("a.txt", "b.txt", "#b")] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("text", "directory", "expected"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a\n!b", "a", True),
        ("a\n!a/b", "a", False),
        ("*\n!a/b/c", "a", False),
        ("*\n!a/b/c", "a/b", False),
        ("*\n!a/b/c", "a/x", True),
        ("*\n!a/b", "a/b/c", False),  # not ignored at all
        ("*\n!*/c", "a", False),
        ("*\n!x?/c", "ab", True),
        ("*\n!**/c", "a", False),
        ("*\n![b]/c", "a", False),
        ("d/*\n!d", "d/a", True),
        ("a\n!a\na", "a", False),
    ],
)
def test_prunes_where_nothing_can_be_taken_back(
    text: str, directory: str, *, expected: bool
) -> None:
    rules = IgnoreRules.parse(text)
    assert rules.prunes(directory) is expected


NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join)
PATTERNS = st.lists(
    st.sampled_from(["a", "b", "c", "*", "**", "?", "[ab]", "a*"]),
    min_size=1,
    max_size=4,
).map("/".join)
RULES = st.lists(
    st.tuples(st.booleans(), PATTERNS).map(lambda rule: "!" * rule[0] + rule[1]),
    max_size=5,
)


@given(RULES, NAMES, NAMES)
def test_what_is_pruned_holds_nothing_that_is_kept(
    patterns: list[str], directory: str, below: str
) -> None:
    rules = IgnoreRules.of(patterns)
    if rules.prunes(directory):
        assert rules.ignores(f"{directory}/{below}")


@given(RULES, NAMES)
def test_a_walk_with_verdicts_agrees_with_ignores(
    patterns: list[str], path: str
) -> None:
    rules = IgnoreRules.of(patterns)
    verdict = None
    names = path.split("/")
    for depth in range(len(names)):
        prefix = "/".join(names[: depth + 1])
        verdict = rules.verdict(prefix, verdict)
        assert verdict.ignored is rules.ignores(prefix)
        assert rules.prunes(prefix, verdict) is rules.prunes(prefix)


@given(RULES, NAMES)
def test_a_last_rule_of_the_very_path_decides(patterns: list[str], path: str) -> None:
    assert IgnoreRules.of([*patterns, path]).ignores(path)
    assert not IgnoreRules.of([*patterns, f"!{path}"]).ignores(path)


@given(st.text())
def test_any_text_parses_or_is_refused_with_its_line(text: str) -> None:
    refused = None
    try:
        IgnoreRules.parse(text).ignores("a/b")
    except DockerfileError as error:
        refused = error
    assert refused is None or refused.line is not None
