"""Remarks on a Dockerfile that builds, but is better written otherwise.

Here are those that its text alone allows. What depends on the variables before an
instruction, or on the base image, is `domain.build.lint`'s; what depends on the ARGs
before the first FROM is `domain.dockerfile.lint_from`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from domain.dockerfile.arguments import cut_flags, split_blanks
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
from domain.dockerfile.source import LogicalLine

_RESERVED_NAMES = frozenset({"context", "scratch"})
_WITH_NAME = 3  # FROM image AS name


def remarks(
    lines: Sequence[LogicalLine], instructions: Sequence[Instruction]
) -> Iterator[LintWarning]:
    """Yield the remarks on a whole file.

    Args:
        lines: Its logical lines.
        instructions: The same, parsed.
    """
    yield from _casing(lines)
    yield from _stage_names(each for each in instructions if isinstance(each, From))
    for instruction in instructions:
        yield from _remark(instruction)


# ---------------------------------------------------------------------- upper and lower


def _casing(lines: Sequence[LogicalLine]) -> Iterator[LintWarning]:
    """Remark on words that are not written as most are; the first FROM begins."""
    start = next((i for i, line in enumerate(lines) if line.instruction == "FROM"), 0)
    in_stages = lines[start:]
    words = [line.keyword for line in in_stages]
    lower = sum(word.islower() for word in words) > sum(map(str.isupper, words))
    for line in in_stages:
        wanted = line.keyword.lower() if lower else line.keyword.upper()
        if line.keyword != wanted:
            yield LintWarning(
                rule="ConsistentInstructionCasing",
                message=f"write {wanted} instead of {line.keyword}, "
                f"as most instructions are in {'lower' if lower else 'upper'} case",
                line=line.location.first,
            )
        if line.instruction == "FROM":
            yield from _from_casing(line)


def _from_casing(line: LogicalLine) -> Iterator[LintWarning]:
    words = split_blanks(cut_flags(line.arguments)[1])
    if len(words) != _WITH_NAME:
        return
    _, keyword, name = words
    if name != name.lower():
        yield LintWarning(
            rule="StageNameCasing",
            message=f"write the stage name {name} in lower case",
            line=line.location.first,
        )
    is_plain = line.keyword.islower() or line.keyword.isupper()
    wanted = "as" if line.keyword.islower() else "AS"
    if is_plain and keyword != wanted:
        yield LintWarning(
            rule="FromAsCasing",
            message=f"write {wanted} instead of {keyword} behind {line.keyword}",
            line=line.location.first,
        )


# ------------------------------------------------------------------------------- names


def _stage_names(starts: Iterable[From]) -> Iterator[LintWarning]:
    names: set[str] = set()
    for start in starts:
        line = start.location.first
        if start.name in _RESERVED_NAMES:
            yield LintWarning(
                rule="ReservedStageName",
                message=f"a stage had better not be named {start.name}: "
                "the word has a meaning of its own",
                line=line,
            )
        if start.name in names:
            yield LintWarning(
                rule="DuplicateStageName",
                message=f"the stage name {start.name} is used again: "
                "the later one counts",
                line=line,
            )
        names.add(start.name or "")
        names.discard("")


# ------------------------------------------------------------------------ old spellings


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
