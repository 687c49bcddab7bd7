"""From logical lines to instructions: which word starts what, and the simple ones.

It checks form, never meaning: ports, signals and references are looked at once their
variables are expanded.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping

from domain.dockerfile.arguments import (
    BLANKS,
    cut_flags,
    cut_word,
    exec_form,
    split_blanks,
    split_words,
)
from domain.dockerfile.commands import (
    parse_cmd,
    parse_entrypoint,
    parse_healthcheck,
    parse_run,
    parse_shell,
)
from domain.dockerfile.flags import FlagTable
from domain.dockerfile.instruction import (
    Arg,
    Declaration,
    Env,
    Expose,
    From,
    Instruction,
    Label,
    Maintainer,
    OnBuild,
    Pair,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from domain.dockerfile.source import LogicalLine
from domain.dockerfile.statement import Statement
from domain.dockerfile.transfers import parse_add, parse_copy
from domain.errors import DockerfileError

_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*")
_NO_TRIGGERS = ("ONBUILD", "FROM", "MAINTAINER")
_FROM_FLAGS = FlagTable(strings=("platform",))


def parse_instruction(line: LogicalLine, escape: str) -> Instruction:
    """Parse one instruction.

    Args:
        line: The instruction, unmasked.
        escape: The Dockerfile's escape character.

    Raises:
        DockerfileError: It is unknown or malformed; the error names its first line.
    """
    try:
        return _parse(line, escape)
    except DockerfileError as error:
        raise DockerfileError(
            error.message, line=line.location.first, hint=error.hint
        ) from None


def _parse(line: LogicalLine, escape: str) -> Instruction:
    parser = _PARSERS.get(line.instruction)
    if parser is None:
        raise _unknown_instruction(line.instruction)
    flags, rest = cut_flags(line.arguments)
    return parser(Statement(line=line, flags=flags, rest=rest, escape=escape))


def _unknown_instruction(word: str) -> DockerfileError:
    close = difflib.get_close_matches(word, _PARSERS, n=1, cutoff=0.5)
    suggestion = f"did you mean {close[0]}? " if close else ""
    return DockerfileError(
        f"unknown instruction {word[:40]}",
        hint=f"{suggestion}a command starts with RUN, and a line that goes on ends "
        "with the escape character",
    )


def _parse_from(statement: Statement) -> From:
    values = statement.flag_values(_FROM_FLAGS)
    base, name = _base_and_name(split_blanks(statement.rest))
    return From(
        location=statement.location,
        text=statement.text,
        base=base,
        platform=values.string("platform"),
        name=name,
    )


def _base_and_name(words: tuple[str, ...]) -> tuple[str, str | None]:
    match words:
        case (base,):
            return base, None
        case (base, keyword, name) if keyword.upper() == "AS":
            _check_stage_name(name)
            return base, name.lower()
        case _:
            raise DockerfileError(
                "FROM takes either one or three arguments",
                hint="write FROM image or FROM image AS name",
            )


def _check_stage_name(name: str) -> None:
    if not _STAGE_NAME.fullmatch(name.lower()):
        raise DockerfileError(
            f"invalid stage name {name!r}",
            hint="it starts with a letter and goes on with letters, digits, _ . and -",
        )


def _parse_arg(statement: Statement) -> Arg:
    statement.flag_values()
    words = split_words(statement.need_argument(), statement.escape)
    return Arg(
        location=statement.location,
        text=statement.text,
        declarations=tuple(map(_declaration, words)),
    )


def _declaration(word: str) -> Declaration:
    name, equals, default = word.partition("=")
    _check_name("ARG", name)
    return Declaration(name, default if equals else None)


def _check_name(instruction: str, name: str) -> None:
    if not name:
        raise DockerfileError(
            f"{instruction} names cannot be empty", hint="write name=value"
        )


def _parse_env(statement: Statement) -> Env:
    pairs, legacy = _pairs(statement)
    return Env(
        location=statement.location, text=statement.text, pairs=pairs, legacy=legacy
    )


def _parse_label(statement: Statement) -> Label:
    pairs, legacy = _pairs(statement)
    return Label(
        location=statement.location, text=statement.text, pairs=pairs, legacy=legacy
    )


def _pairs(statement: Statement) -> tuple[tuple[Pair, ...], bool]:
    statement.flag_values()
    rest = statement.need_argument()
    words = split_words(rest, statement.escape)
    if "=" not in words[0]:
        return (_legacy_pair(statement.name, rest),), True
    return tuple(_pair(statement.name, word) for word in words), False


def _legacy_pair(instruction: str, rest: str) -> Pair:
    key, value = cut_word(rest)
    if not value:
        raise DockerfileError(
            f"{instruction} {key} has no value", hint=f"write {instruction} {key}=value"
        )
    return Pair(key, value)


def _pair(instruction: str, word: str) -> Pair:
    key, equals, value = word.partition("=")
    if not equals:
        raise DockerfileError(
            f"cannot find = in {word!r}",
            hint="write name=value, with quotes around a value that has blanks",
        )
    _check_name(instruction, key)
    return Pair(key, value)


def _parse_expose(statement: Statement) -> Expose:
    statement.flag_values()
    words = split_words(statement.need_argument(), statement.escape)
    return Expose(location=statement.location, text=statement.text, ports=words)


def _parse_user(statement: Statement) -> User:
    statement.flag_values()
    user = statement.need_argument()
    return User(location=statement.location, text=statement.text, user=user)


def _parse_workdir(statement: Statement) -> Workdir:
    statement.flag_values()
    path = statement.need_argument()
    return Workdir(location=statement.location, text=statement.text, path=path)


def _parse_stop_signal(statement: Statement) -> StopSignal:
    statement.flag_values()
    signal = statement.need_argument()
    return StopSignal(location=statement.location, text=statement.text, signal=signal)


def _parse_maintainer(statement: Statement) -> Maintainer:
    statement.flag_values()
    name = statement.need_argument()
    return Maintainer(location=statement.location, text=statement.text, name=name)


def _parse_volume(statement: Statement) -> Volume:
    statement.flag_values()
    rest = statement.need_argument()
    paths = exec_form(rest)
    if paths is None:
        paths = split_words(rest, statement.escape)
    if not paths:
        raise statement.missing_argument()
    paths = tuple(path.strip(BLANKS) for path in paths)
    if "" in paths:
        raise DockerfileError(
            "a VOLUME cannot be an empty string", hint="name a directory"
        )
    return Volume(location=statement.location, text=statement.text, paths=paths)


def _parse_on_build(statement: Statement) -> OnBuild:
    statement.flag_values()
    rest = statement.need_argument()
    instruction, arguments = cut_word(rest)
    if instruction.upper() in _NO_TRIGGERS:
        raise DockerfileError(
            f"{instruction.upper()} cannot be an ONBUILD trigger",
            hint="write another instruction behind ONBUILD",
        )
    line = LogicalLine(
        instruction=instruction.upper(),
        arguments=arguments,
        location=statement.location,
        heredocs=statement.line.heredocs,
    )
    bodies = (f"\n{heredoc.body}{heredoc.name}" for heredoc in line.heredocs)
    return OnBuild(
        location=statement.location,
        text=statement.text,
        trigger=rest + "".join(bodies),
        instruction=_parse(line, statement.escape),
    )


_PARSERS: Mapping[str, Callable[[Statement], Instruction]] = {
    "FROM": _parse_from,
    "RUN": parse_run,
    "COPY": parse_copy,
    "ADD": parse_add,
    "ARG": _parse_arg,
    "ENV": _parse_env,
    "LABEL": _parse_label,
    "CMD": parse_cmd,
    "ENTRYPOINT": parse_entrypoint,
    "EXPOSE": _parse_expose,
    "USER": _parse_user,
    "VOLUME": _parse_volume,
    "WORKDIR": _parse_workdir,
    "SHELL": parse_shell,
    "STOPSIGNAL": _parse_stop_signal,
    "HEALTHCHECK": parse_healthcheck,
    "ONBUILD": _parse_on_build,
    "MAINTAINER": _parse_maintainer,
}
