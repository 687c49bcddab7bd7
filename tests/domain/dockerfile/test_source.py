"""Physical lines become logical lines."""

import pytest

from domain.dockerfile.directives import Directives
from domain.dockerfile.location import Location
from domain.dockerfile.source import mask
from domain.errors import DockerfileError
from tests.domain.dockerfile.parsing import dockerfile, lines


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("RUN a", ["RUN a"], id="no line feed at the end"),
        pytest.param("\ufeffRUN a\n", ["RUN a"], id="byte order mark"),
        pytest.param("#!/usr/bin/x\nRUN a\n", ["RUN a"], id="interpreter line"),
        pytest.param("RUN a\r\nRUN b\r\n", ["RUN a", "RUN b"], id="CRLF"),
        pytest.param("RUN a \\\r\n b\r\n", ["RUN a  b"], id="CRLF continued"),
        pytest.param("  \trun a  \n", ["RUN a"], id="outer blanks, lower case"),
        pytest.param("# c\n\n  # d\nRUN a # b\n", ["RUN a # b"], id="comments"),
        pytest.param("RUN a \\\n  b\n", ["RUN a   b"], id="continued"),
        pytest.param("RUN a\\\nb\n", ["RUN ab"], id="continued inside a word"),
        pytest.param("RUN a \\  \t\nb\n", ["RUN a b"], id="blanks behind the mark"),
        pytest.param("RUN a \\ x\nRUN b\n", ["RUN a \\ x", "RUN b"], id="no mark"),
        pytest.param("RUN a\\\\\nRUN b\n", ["RUN a\\\\", "RUN b"], id="escaped mark"),
        pytest.param(
            "RUN a \\\n# c\n  # d \\\n b\n", ["RUN a  b"], id="comments in between"
        ),
        pytest.param("RUN a \\\n\n \t\nb\n", ["RUN a b"], id="empty lines in between"),
        pytest.param("RUN a \\\n", ["RUN a"], id="continued at the end of the file"),
        pytest.param("RUN a \\\n# c", ["RUN a"], id="comment at the end of the file"),
        pytest.param("RU\\\nN a\n", ["RUN a"], id="instruction word continued"),
        pytest.param("RUN\\\n  a\n", ["RUN a"], id="argument on the next line"),
        pytest.param("RUN \\\n# c\n\\\na b \\\nc\n", ["RUN a b c"], id="late argument"),
        pytest.param("RUN\\\n", ["RUN"], id="no argument, continued"),
        pytest.param("\\\nRUN a\n", ["RUN a"], id="starts with the mark"),
        pytest.param("RUN\n", ["RUN"], id="no argument"),
        pytest.param("CMD", ["CMD"], id="no argument, no line feed"),
        pytest.param("RUN é % %41; \x07\\x\n", ["RUN é % %41; \x07\\x"], id="any text"),
        pytest.param("RUN a\u2028b\x0bc\n", ["RUN a\u2028b\x0bc"], id="odd separators"),
        pytest.param("", [], id="empty"),
        pytest.param("\n\n# c\n", [], id="nothing but comments"),
    ],
)
def test_cuts_instructions(source: str, expected: list[str]) -> None:
    assert [line.text for line in lines(source)] == expected
    assert [line.text for line in lines(source.encode())] == expected


def test_the_backtick_continues_where_the_directive_says_so() -> None:
    source = "# escape=`\nRUN a\\\nRUN b `\n c``\nRUN d\n"
    assert [line.text for line in lines(source)] == [
        "RUN a\\",
        "RUN b  c``",
        "RUN d",
    ]


def test_lines_are_numbered_from_one_in_the_original() -> None:
    source = "\n# c\nRUN a \\\n# c\n\n b\n\nCOPY <<A <<B /\n1\nA\n2\nB\nUSER u"
    assert [line.location for line in lines(source)] == [
        Location(first=3, last=6),
        Location(first=8, last=12),
        Location(first=13, last=13),
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("FROM a\n", Directives()),
        ("# escape=`\nFROM a\n", Directives(escape="`")),
        ("#escape = \\ \r\nFROM a\n", Directives(escape="\\")),
        ("#!x\n# ESCAPE=`\n", Directives(escape="`")),
        (
            "  # syntax=Docker/x:1\n# check=skip=all\n# escape=`\n",
            Directives(escape="`", syntax="Docker/x:1", check="skip=all"),
        ),
        ("# comment\n# escape=`\n", Directives()),
        ("\n# escape=`\n", Directives()),
        ("FROM a\n# escape=`\n", Directives()),
        ("# other=1\n# escape=`\n", Directives()),
        ("# escape=\n# escape=`\n", Directives()),
    ],
)
def test_directives_stand_at_the_very_top(source: str, expected: Directives) -> None:
    assert mask(source).directives == expected


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("# escape=`\n# escape=`\n", 2, "the directive escape stands twice"),
        ("# syntax=a\n# SYNTAX=b\n", 2, "the directive syntax stands twice"),
        ("#!x\n# escape=x\n", 2, "the escape character cannot be 'x'"),
        ("#syntax=x\n# check=error=x\n", 2, "error of the directive check cannot be"),
        ("FROM a\n\\\n", 2, "nothing but the continuation character"),
        ("FROM a\nRUN <<EOT\nx\n", 2, "<<EOT is not terminated"),
        ("FROM a\nRUN a \\\n<<-'E T'\n\tE T \n", 2, "<<E T is not terminated"),
        ("FROM a\nONBUILD RUN <<A\n", 2, "<<A is not terminated"),
        ("FROM a\nRUN <<A <<B\nB\nA\n", 2, "<<B is not terminated"),
    ],
)
def test_refuses_with_the_line(source: str, line: int, message: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        mask(source)
    assert caught.value.line == line
    assert message in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("source", [b"\xff\xfeF\x00", b"\xfe\xff\x00F"])
def test_utf_16_is_named_as_the_problem(source: bytes) -> None:
    with pytest.raises(DockerfileError, match="UTF-16"):
        mask(source)


def test_a_stray_byte_that_is_no_utf_8_does_not_stop_the_build() -> None:
    assert [line.text for line in lines(b"# \xe9\nRUN \xe9\n")] == ["RUN \ufffd"]


def test_an_empty_line_in_a_continuation_is_remarked() -> None:
    found = dockerfile("FROM a\nRUN b \\\n\n c\n").warnings
    assert [(w.rule, w.line) for w in found] == [("NoEmptyContinuation", 2)]
