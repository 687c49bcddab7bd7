"""What documents quote is there: flags, command lines, texts of errors."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from entrypoints.executor_flags import Build, parse_command_line
from entrypoints.flags.subcommands import SUBCOMMANDS
from entrypoints.flags.table import EXECUTOR_FLAGS
from entrypoints.flags.tekton_table import TEKTON_FLAGS
from entrypoints.flags.warmer_table import WARMER_FLAGS
from entrypoints.tekton_flags import parse_tekton_line

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("migration", "security", "tekton", "troubleshooting")
TABLES = (EXECUTOR_FLAGS, WARMER_FLAGS, TEKTON_FLAGS, *(s.table for s in SUBCOMMANDS))
OF_OTHERS = frozenset(
    {
        *("chown", "checksum", "mount", "security", "network"),  # of instructions
        *("exclude", "link", "parents"),  # as above
        *("rm", "volume", "platform"),  # of docker run and FROM
    }
)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def text_of(name: str) -> str:
    return (ROOT / f"docs/{name}.md").read_text()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_flags_are_known(name: str) -> None:
    named = set(re.findall(r"(?<![\w-])--([a-zA-Z][\w-]+)", text_of(name)))
    known = {flag for flag in named if any(table.long(flag) for table in TABLES)}
    assert named - known <= OF_OTHERS


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_to_files(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text_of(name)):
        assert (ROOT / "docs" / target).exists(), target


def command_lines(text: str) -> Iterator[list[str]]:
    """Yield the words behind the executor's name in blocks of a document."""
    for kind, block in _BLOCK.findall(text):
        joined = block.replace("\\\n", " ")
        if kind == "yaml":
            yield from _arguments(yaml.safe_load(block))
        for line in joined.splitlines():
            found = re.search(
                r"(/kaniko/executor|executor:latest|^kanipy)\s+(-.*)", line.rstrip("'")
            )
            if found and "command:" not in line:
                yield shlex.split(found[2])


def _arguments(value: Any) -> Iterator[list[str]]:  # noqa: ANN401 - YAML
    if isinstance(value, dict):
        if "args" in value:
            yield value["args"]
        for each in value.values():
            yield from _arguments(each)
    elif isinstance(value, list):
        for each in value:
            yield from _arguments(each)


_VARIABLE = re.compile(r"\$\w+|\{\{.*?\}\}")


def test_recipes_have_arguments_that_are_understood() -> None:
    lines = [
        [_VARIABLE.sub("value", word) for word in words]
        for words in command_lines(text_of("migration"))
    ]
    assert len(lines) == 5
    for words in lines:
        request = parse_command_line(words, {})
        assert isinstance(request, Build)
        assert request.options.output.destinations
        assert request.warnings == ()


def test_the_command_of_the_step_is_understood() -> None:
    [line] = [
        line
        for line in text_of("tekton").splitlines()
        if line.startswith("kanipy-tekton ")
    ]
    request = parse_tekton_line(shlex.split(line)[1:], {})
    assert isinstance(request, Build)
    assert request.options.input.target == "release"


# ---------------------------------------------------------------- texts of errors


def quoted_texts() -> list[str]:
    """Return the texts by which troubles are looked up."""
    return re.findall(r"^### `(.+)`$", text_of("troubleshooting"), re.MULTILINE)


@cache
def text_of_the_code() -> str:
    """Return the product's sources: texts on one line, with … for what is filled in."""
    sources = "".join(
        path.read_text()
        for package in ("domain", "application", "adapters", "entrypoints")
        for path in (ROOT / package).rglob("*.py")
        if "memory" not in path.parts
    )
    joined = re.sub(r'"\s*\n\s*[fr]?"', "", sources)
    return re.sub(r"\{[^{}]*\}", "…", joined)


def test_many_troubles_are_explained() -> None:
    assert len(quoted_texts()) > 20


@pytest.mark.parametrize("text", quoted_texts())
def test_an_error_that_is_explained_exists(text: str) -> None:
    assert text in text_of_the_code()
