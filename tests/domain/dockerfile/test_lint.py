"""Remarks on the text of a Dockerfile: the rule and the line of each."""

import pytest

from tests.domain.dockerfile.parsing import dockerfile


def remarked(source: str) -> list[tuple[str, int]]:
    return [(each.rule, each.line) for each in dockerfile(source).warnings]


CASING = "ConsistentInstructionCasing"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # upper and lower case of instructions
        ("FROM a\nRUN b\n", []),
        ("from a\nrun b\n", []),
        ("FROM a\nRUN b\nrun c\n", [(CASING, 3)]),
        ("from a\nrun b\nRUN c\n", [(CASING, 3)]),
        ("FROM a\nRun b\n", [(CASING, 2)]),
        ("from a\nRUN b\n", [(CASING, 1)]),
        ("arg a\nFROM b\n", []),
        ("FROM a\nONBUILD run b\n", []),
        # FROM … AS
        ("FROM a AS b\n", []),
        ("from a as b\n", []),
        ("FROM a as b\n", [("FromAsCasing", 1)]),
        ("FROM a As b\n", [("FromAsCasing", 1)]),
        ("from a AS b\n", [("FromAsCasing", 1)]),
        ("FROM --platform=$X a as b\n", [("FromAsCasing", 1)]),
        ("From a as b\n", [(CASING, 1)]),
        ("FROM a AS Bc\n", [("StageNameCasing", 1)]),
        # names of stages
        ("FROM a AS b\nFROM c\nFROM d AS b\n", [("DuplicateStageName", 3)]),
        ("FROM a\nFROM b\n", []),
        ("FROM a AS scratch\n", [("ReservedStageName", 1)]),
        ("FROM a AS context\n", [("ReservedStageName", 1)]),
        # spellings
        ("FROM a\nENV b c\n", [("LegacyKeyValueFormat", 2)]),
        ("FROM a\nLABEL b c\n", [("LegacyKeyValueFormat", 2)]),
        ("FROM a\nENV b=c\nLABEL d=e\n", []),
        ("FROM a\nMAINTAINER b\n", [("MaintainerDeprecated", 2)]),
        ("FROM a\nRUN b \\\n\n  c\n", [("NoEmptyContinuation", 2)]),
        ("FROM a\nRUN b \\\n# c\n  d\n", []),
        ("FROM a\nRUN ['b']\n", [("SingleQuotedExecForm", 2)]),
        ('FROM a\nRUN ["b"]\n', []),
    ],
)
def test_remarks_name_rule_and_line(source: str, expected: list[object]) -> None:
    assert remarked(source) == expected


def test_a_remark_tells_what_to_write() -> None:
    messages = [each.message for each in dockerfile("FROM a As B\nrun c").warnings]
    assert messages == [
        "write the stage name B in lower case",
        "write AS instead of As behind FROM",
        "write RUN instead of run, as most instructions are in upper case",
    ]
