"""The two ways in: a whole Dockerfile, and one ONBUILD trigger of a base image.

    dockerfile = parse_dockerfile(b"FROM scratch", reader.split)
    dockerfile.target().base  # "scratch"

The line splitter is passed in; see `domain.dockerfile.source`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.dockerfile.grammar import parse_instruction
from domain.dockerfile.instruction import Arg, From, Instruction, Maintainer, OnBuild
from domain.dockerfile.lint import remarks
from domain.dockerfile.location import Location
from domain.dockerfile.source import (
    LogicalLine,
    MaskedSource,
    Splitter,
    logical_lines,
)
from domain.dockerfile.stage import Dockerfile, Stage
from domain.errors import DockerfileError
from domain.values import replace


def parse_dockerfile(source: bytes | str, split: Splitter) -> Dockerfile:
    """Parse a Dockerfile.

    Args:
        source: Its content; bytes are UTF-8.
        split: Cuts masked text into instructions (`DockerfileReader.split`).

    Raises:
        DockerfileError: It is not written by the rules; the error names the line.
    """
    masked, lines = logical_lines(source, split)
    instructions = _instructions(masked, lines)
    if not instructions:
        raise DockerfileError(
            "the file holds no instructions", hint="start it with FROM"
        )
    global_args, rest = _cut_global_args(instructions)
    warnings = (*masked.warnings, *remarks(lines, instructions))
    return Dockerfile(
        directives=masked.directives,
        global_args=global_args,
        stages=_stages(rest),
        warnings=tuple(sorted(warnings, key=lambda warning: warning.line)),
    )


def parse_trigger(text: str, split: Splitter, *, line: int) -> Instruction:
    """Parse one ONBUILD trigger of a base image.

    Args:
        text: The trigger, as the image config records it.
        split: As for `parse_dockerfile`.
        line: The line of the FROM that fires it; errors and the instruction name it.

    Raises:
        DockerfileError: It is not one instruction that may be a trigger.
    """
    try:
        instructions = _instructions(*logical_lines(text, split))
    except DockerfileError as error:
        raise _bad_trigger(text, line, error.message) from error
    match instructions:
        case [From() | OnBuild() | Maintainer()]:
            raise _bad_trigger(text, line, "it may not be one")
        case [instruction]:
            return replace(instruction, location=Location(first=line, last=line))
        case _:
            raise _bad_trigger(text, line, "it is not a single instruction")


def _bad_trigger(text: str, line: int, problem: str) -> DockerfileError:
    return DockerfileError(
        f"the base image's ONBUILD trigger {text!r}: {problem}",
        line=line,
        hint="use another base image, or have it built anew",
    )


def _instructions(
    masked: MaskedSource, lines: Sequence[LogicalLine]
) -> list[Instruction]:
    escape = masked.directives.escape
    return [parse_instruction(line, escape) for line in lines]


def _cut_global_args(
    instructions: Sequence[Instruction],
) -> tuple[tuple[Arg, ...], Sequence[Instruction]]:
    args: list[Arg] = []
    for index, instruction in enumerate(instructions):
        if isinstance(instruction, From):
            return tuple(args), instructions[index:]
        if not isinstance(instruction, Arg):
            raise DockerfileError(
                f"{instruction.text.split(maxsplit=1)[0]} stands before the first FROM",
                line=instruction.location.first,
                hint="only ARG may; put FROM above it",
            )
        args.append(instruction)
    raise DockerfileError(
        "the file has no FROM, so there is nothing to build",
        hint="name a base image by FROM, or FROM scratch",
    )


def _stages(instructions: Iterable[Instruction]) -> tuple[Stage, ...]:
    stages: list[tuple[From, list[Instruction]]] = []
    for instruction in instructions:
        if isinstance(instruction, From):
            stages.append((instruction, []))
        else:
            stages[-1][1].append(instruction)
    return tuple(
        Stage(index=index, start=start, instructions=tuple(steps))
        for index, (start, steps) in enumerate(stages)
    )
