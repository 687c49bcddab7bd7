"""Remarks, and the ONBUILD triggers of base images."""

import pytest

from adapters.memory.dockerfile_reader import MemoryDockerfileReader
from domain.dockerfile.instruction import Copy, Run
from domain.dockerfile.location import Location
from domain.dockerfile.parse import parse_trigger
from domain.errors import DockerfileError
from tests.domain.dockerfile.parsing import dockerfile

split = MemoryDockerfileReader().split


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("FROM a\nENV b=c\nLABEL d=e\nRUN [f]\nCMD ['g] \nENTRYPOINT h", []),
        (
            "FROM a\nENV b c\nLABEL d e",
            [("LegacyKeyValueFormat", 2), ("LegacyKeyValueFormat", 3)],
        ),
        ("FROM a AS b\nFROM c\nFROM d\nFROM e AS b", [("DuplicateStageName", 4)]),
        ("FROM a\nMAINTAINER b", [("MaintainerDeprecated", 2)]),
        (
            "FROM a\nCMD ['b']\nRUN ['c', 'd']\nENTRYPOINT [\"e\"]",
            [("SingleQuotedExecForm", 2), ("SingleQuotedExecForm", 3)],
        ),
        (
            "FROM a\nMAINTAINER b\nRUN c \\\n\n d\nENV e f",
            [
                ("MaintainerDeprecated", 2),
                ("NoEmptyContinuation", 3),
                ("LegacyKeyValueFormat", 6),
            ],
        ),
    ],
)
def test_remarks_come_in_the_order_of_their_lines(
    source: str, expected: list[tuple[str, int]]
) -> None:
    found = dockerfile(source).warnings
    assert [(warning.rule, warning.line) for warning in found] == expected
    assert all(warning.message for warning in found)


def test_a_trigger_stands_at_the_line_that_fires_it() -> None:
    run = parse_trigger("run a \\\n b", split, line=5)
    assert isinstance(run, Run)
    assert run.location == Location(first=5, last=5)
    assert run.shell_text == "a  b"


def test_a_trigger_may_have_a_heredoc() -> None:
    copy = parse_trigger("COPY <<E /a\n1\nE", split, line=5)
    assert isinstance(copy, Copy)
    assert copy.heredocs[0].content == "1\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is not a single instruction"),
        ("RUN a\nRUN b", "it is not a single instruction"),
        ("FROM a", "it may not be one"),
        ("ONBUILD RUN a", "it may not be one"),
        ("MAINTAINER a", "it may not be one"),
        ("COPY a", "COPY needs at least a source and a destination"),
        ("RUN <<E", "<<E is not terminated"),
    ],
)
def test_a_bad_trigger_is_refused_at_the_line_that_fires_it(
    text: str, problem: str
) -> None:
    with pytest.raises(DockerfileError) as caught:
        parse_trigger(text, split, line=5)
    assert problem in caught.value.message
    assert caught.value.line == 5
    assert caught.value.hint
