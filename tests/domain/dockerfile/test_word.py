"""Words expand as BuildKit expands them."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.dockerfile.word import expand, expand_body, expand_to_words, expansion
from domain.errors import DockerfileError

VARIABLES = {
    "A": "val",
    "EMPTY": "",
    "P": "/usr/local/lib.tar.gz",
    "STARS": "a***yy*",
    "MANY": " 80  81\t82 ",
    "한": "국",
    "1": "one",
}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("", ""),
        ("plain", "plain"),
        ("$A", "val"),
        ("${A}", "val"),
        ("$A$A", "valval"),
        ("${A}_x", "val_x"),
        ("$A_x", ""),
        ("$NONE", ""),
        ("${NONE}", ""),
        ("$한", "국"),
        ("$1x", "onex"),
        ("$12", ""),
        ("$", "$"),
        ("a$", "a$"),
        ("$ A", "$ A"),
        ("$.", "$."),
        ("$$A", "A"),
        ("$@x", "x"),
        ("${@}x", "x"),
        # quotes and escapes
        ("'$A'", "$A"),
        ('"$A"', "val"),
        ('"a\'b"', "a'b"),
        ("'a\"b'", 'a"b'),
        ("a'b'\"c\"d", "abcd"),
        ("\\$A", "$A"),
        ("\\${A}", "${A}"),
        ("a\\b", "ab"),
        ("\\\\", "\\"),
        ("a\\", "a"),
        ("\\'", "'"),
        ('"\\$A \\" \\\\ \\n"', '$A " \\ \\n'),
        ("'\\'", "\\"),
        ("''", ""),
        ("한글", "한글"),
        # defaults
        ("${A:-x}", "val"),
        ("${NONE:-x}", "x"),
        ("${EMPTY:-x}", "x"),
        ("${A-x}", "val"),
        ("${NONE-x}", "x"),
        ("${EMPTY-x}", ""),
        ("${NONE:-}", ""),
        ("${NONE:-${A}in}", "valin"),
        ("${NONE:-${NONE:-${A}}}", "val"),
        ("${NONE:-'$A }'}", "$A }"),
        ('${NONE:-"$A }"}', "val }"),
        ("${NONE:-a\\}b}", "a}b"),
        ("${A:+y}", "y"),
        ("${NONE:+y}", ""),
        ("${EMPTY:+y}", ""),
        ("${A+y}", "y"),
        ("${NONE+y}", ""),
        ("${EMPTY+y}", "y"),
        ("${A:?m}", "val"),
        ("${A?m}", "val"),
        ("${EMPTY?m}", ""),
        # prefixes and suffixes
        ("${P#*/}", "usr/local/lib.tar.gz"),
        ("${P##*/}", "lib.tar.gz"),
        ("${P%.*}", "/usr/local/lib.tar"),
        ("${P%%.*}", "/usr/local/lib"),
        ("${P#x}", "/usr/local/lib.tar.gz"),
        ("${P%x}", "/usr/local/lib.tar.gz"),
        ("${P#}", "/usr/local/lib.tar.gz"),
        ("${P##}", "/usr/local/lib.tar.gz"),
        ("${P%}", "/usr/local/lib.tar.gz"),
        ("${P#?usr}", "/local/lib.tar.gz"),
        ("${A#$NONE}", "val"),
        ("${A#v$NONE}", "al"),
        ("${A#'v'}", "al"),
        ("${NONE#x}", ""),
        ("${NONE%x}", ""),
        ("${STARS%%\\**\\*}", "a"),
        ("${STARS#?\\*}", "**yy*"),
        ('${STARS#"a\\*"}', "**yy*"),
        # replacement
        ("${P/usr/opt}", "/opt/local/lib.tar.gz"),
        ("${P//l/L}", "/usr/LocaL/Lib.tar.gz"),
        ("${P/l*b/X}", "/usr/X.tar.gz"),
        ("${P//\\//-}", "-usr-local-lib.tar.gz"),
        ("${P/x/y}", "/usr/local/lib.tar.gz"),
        ("${A/a/}", "vl"),
        ("${A//a/$A}", "vvall"),
        ("${A//a/\\1}", "v\\1l"),
        ("${A/$NONE/ww}", "wwval"),
        ("${A///}", "val"),
        ("${NONE/a/b}", ""),
    ],
)
def test_expands(word: str, expected: str) -> None:
    assert expand(word, VARIABLES) == expected


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("'a", "' is not closed"),
        ('"a', '" is not closed'),
        ('"a\\', '" is not closed'),
        ("${", "${ is not closed"),
        ("${A", "${ is not closed"),
        ("${A:-x", "${ is not closed"),
        ("${A/x", "${ is not closed"),
        ("${A/x}", "${ is not closed"),
        ("${A/x/y", "${ is not closed"),
        ("${}", "bad substitution"),
        ("${:x}", "bad substitution"),
        ("${{A}}", "bad substitution"),
        ("${ A}", "bad substitution"),
        ("${A=x}", "unsupported modifier ="),
        ("${A:=x}", "unsupported modifier :="),
        ("${A:#x}", "unsupported modifier :#"),
        ("${A:%x}", "unsupported modifier :%"),
        ("${A^^}", "unsupported modifier ^"),
        ("${A:}", "unsupported modifier :}"),
        ("${A#\\x}", "invalid escape 'x'"),
        ("${A/\\x/y}", "invalid escape 'x'"),
        ("${NONE:?must be $A}", "NONE: must be val"),
        ("${NONE?m}", "NONE: m"),
        ("${NONE?}", "NONE: is not allowed to be unset"),
        ("${EMPTY:?}", "EMPTY: is not allowed to be empty"),
        ("${A:-" * 60 + "}" * 60, "nested too deeply"),
    ],
)
def test_refuses(word: str, message: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        expand(word, VARIABLES, line=7)
    assert message in caught.value.message
    assert caught.value.line == 7


def test_a_trailing_escape_in_a_pattern_is_refused() -> None:
    with pytest.raises(DockerfileError, match="invalid escape ''"):
        expand("${A#$ESCAPE}", {"A": "a", "ESCAPE": "x\\"})


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("`$A", "$A"),
        ("C:\\dir\\$A", "C:\\dir\\val"),
        ('"`" \\"', '" \\'),
        ("${STARS%%`**`*}", "a"),
        ("${STARS#a\\*}", "**yy*"),
    ],
)
def test_the_backtick_escapes_where_it_is_the_escape_character(
    word: str, expected: str
) -> None:
    assert expand(word, VARIABLES, escape="`") == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("$MANY", ("80", "81", "82")),
        ("x$MANY", ("x", "80", "81", "82")),
        ("$MANY/udp", ("80", "81", "82", "/udp")),
        ('"$MANY"', (" 80  81\t82 ",)),
        ("a b", ("a", "b")),
        ("a\\ b", ("a b",)),
        ("$NONE", ()),
        ("''", ()),
        ("${NONE:-80 81}", ("80", "81")),
    ],
)
def test_splits_unquoted_results_into_words(
    word: str, expected: tuple[str, ...]
) -> None:
    assert expand_to_words(word, VARIABLES) == expected


def test_a_heredoc_body_keeps_its_quotes() -> None:
    body = "it's \"$A\" '${A}' \\$A \\\\ ${NONE:-'d'}\n"
    assert expand_body(body, VARIABLES) == "it's \"val\" 'val' $A \\ 'd'\n"


def test_tells_which_names_it_read() -> None:
    read = expansion("$A ${NONE:-$EMPTY} '$P' ${1#$X}", VARIABLES)
    assert read.used == {"A", "EMPTY", "1"}
    assert read.unset == {"X"}  # NONE has a default


def test_reads_variables_through_a_function() -> None:
    assert expand("$a $b", lambda name: name * 2) == "aa bb"


@given(st.text().filter(lambda text: not set(text) & set("$'\"\\")))
def test_text_without_special_characters_is_left_alone(text: str) -> None:
    assert expand(text, {}) == text


@given(st.text(alphabet="${}:-+?#%/\\'\"`aA1 *"))
def test_any_word_expands_or_is_refused(word: str) -> None:
    for escape in "\\`":
        try:
            expanded = expansion(word, {"a": "x y", "A": ""}, escape=escape)
        except DockerfileError:
            continue
        assert "".join("".join(expanded.words).split()) == "".join(
            expanded.text.split()
        )


@given(st.text(alphabet=string.ascii_letters + "$'\"\\ {}"))
def test_an_escaped_word_expands_to_itself(text: str) -> None:
    escaped = "".join(f"\\{char}" for char in text)
    assert expand(escaped, {"a": "b"}) == text
