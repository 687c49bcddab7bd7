"""Remarks on a Dockerfile that builds, but is better written otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain.dockerfile.instruction import (
    Cmd,
    Entrypoint,
    Env,
    From,
    Instruction,
    Label,
    Maintainer,
    Run,
    ShellForm,
)
from domain.dockerfile.location import LintWarning


def remarks(instructions: Iterable[Instruction]) -> Iterator[LintWarning]:
    """Yield the remarks on instructions, given in file order."""
    names: set[str] = set()
    for instruction in instructions:
        if isinstance(instruction, From):
            yield from _stage_name(instruction, names)
        else:
            yield from _remark(instruction)


def _stage_name(start: From, names: set[str]) -> Iterator[LintWarning]:
    if start.name in names:
        yield LintWarning(
            rule="DuplicateStageName",
            message=f"the stage name {start.name} is used again: the later one counts",
            line=start.location.first,
        )
    if start.name:
        names.add(start.name)


def _remark(instruction: Instruction) -> Iterator[LintWarning]:
    line = instruction.location.first
    match instruction:
        case Env(legacy=True) | Label(legacy=True):
            word = instruction.text.split(maxsplit=1)[0]
            yield LintWarning(
                rule="LegacyKeyValueFormat",
                message=f"write {word} key=value instead of {word} key value",
                line=line,
            )
        case Maintainer():
            yield LintWarning(
                rule="MaintainerDeprecated",
                message="MAINTAINER is deprecated: write "
                "LABEL org.opencontainers.image.authors=…",
                line=line,
            )
        case Run() | Cmd() | Entrypoint() if _looks_like_json(instruction.command):
            yield LintWarning(
                rule="SingleQuotedExecForm",
                message="an array with single quotes is no JSON: the shell gets it",
                line=line,
            )
        case _:
            pass


def _looks_like_json(command: object) -> bool:
    if not isinstance(command, ShellForm):
        return False
    return command.text.startswith("['") and command.text.endswith("']")
