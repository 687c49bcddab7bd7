"""The rules of a Dockerfile, and what shows each: `cases/rules.json`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from integration.oracle_cases import CASES

RULES = CASES / "rules.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule and what shows that it is kept.

    Attributes:
        section: The part of the language.
        text: The rule.
        cases: Folders in `integration/cases`.
        tests: Tests as `PATH::NAME` or `PATH::NAME[PARAMETER]`.
        no_oracle: Why no other builder is asked; "" where one is.
    """

    section: str
    text: str
    cases: tuple[str, ...]
    tests: tuple[str, ...]
    no_oracle: str


def rules() -> Iterator[Rule]:
    """Yield each rule that something shows."""
    for section in json.loads(RULES.read_bytes())["sections"]:
        for data in section["rules"]:
            yield Rule(
                section=section["title"],
                text=data["rule"],
                cases=tuple(data["cases"]),
                tests=tuple(data.get("tests", ())),
                no_oracle=data.get("no_oracle", ""),
            )


def uncovered() -> dict[str, str]:
    """Return the rules that nothing shows, each with the reason."""
    data = json.loads(RULES.read_bytes())["uncovered"]
    return {each["rule"]: each["why"] for each in data}
