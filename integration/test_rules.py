"""Each rule of `integration/cases/rules.json` has a case or a test that exists."""

import re
from pathlib import Path

import pytest

from integration.negative_cases import CASES as NEGATIVE_CASES
from integration.oracle_cases import CASES
from integration.rules import Rule, rules, uncovered

ROOT = CASES.parents[1]
RULES = list(rules())
MEASURED = {path.parent.name for path in CASES.glob("*/case.json")}
REFUSED = {case.name for case in NEGATIVE_CASES}
REFUSED_BY_DOCKER = {case.name for case in NEGATIVE_CASES if case.docker}
AGAINST_OTHERS = (
    "integration/test_negative_cases.py::test_docker_refuses_it_too",
    "integration/test_random_layers.py",
    "integration/test_run_changes.py",
    "integration/test_run_mounts_like_docker.py",
    "integration/test_sources_like_docker.py",
)
"""Tests that ask another program what is right."""


def exists(test: str) -> bool:
    """Tell whether a test is there, and the parameter that is named with it."""
    path, _, rest = test.partition("::")
    name, _, parameter = rest.removesuffix("]").partition("[")
    file = ROOT / path
    if not file.is_file():
        return False
    source = file.read_text()
    if not re.search(rf"^def {re.escape(name)}\(", source, re.MULTILINE):
        return False
    if name == "test_docker_refuses_it_too":
        return parameter in REFUSED_BY_DOCKER
    if Path(path).name == "test_negative_cases.py":
        return parameter in REFUSED
    return not parameter or f'"{parameter}": ' in source


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.text)
def test_what_shows_a_rule_is_there(rule: Rule) -> None:
    assert rule.cases or rule.tests
    assert set(rule.cases) <= MEASURED
    assert [test for test in rule.tests if not exists(test)] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.text)
def test_a_rule_has_an_oracle_or_a_reason(rule: Rule) -> None:
    asked = [test for test in rule.tests if test.startswith(AGAINST_OTHERS)]
    assert bool(rule.cases or asked) != bool(rule.no_oracle)


def test_each_case_shows_a_rule() -> None:
    assert MEASURED - {case for rule in RULES for case in rule.cases} == set()


def test_rules_stand_once_and_few_are_without_a_case() -> None:
    texts = [(rule.section, rule.text) for rule in RULES]
    assert len(set(texts)) == len(texts)
    assert not {rule.text for rule in RULES} & set(uncovered())
    assert all(uncovered().values())
    assert len(uncovered()) <= 5


@pytest.mark.parametrize(
    "test",
    [
        "integration/test_none.py::test_a",
        "integration/test_rules.py::test_none",
        "integration/test_sources_like_docker.py::test_downloads[none]",
        "integration/test_negative_cases.py::test_docker_refuses_it_too[none]",
    ],
)
def test_a_test_that_is_not_there_is_noticed(test: str) -> None:
    assert not exists(test)
