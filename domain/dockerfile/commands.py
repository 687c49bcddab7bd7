"""The grammar of RUN, CMD, ENTRYPOINT, SHELL and HEALTHCHECK."""

from __future__ import annotations

import re

from domain.dockerfile.arguments import cut_word, exec_form
from domain.dockerfile.duration import parse_duration
from domain.dockerfile.flags import FlagTable, FlagValues
from domain.dockerfile.instruction import (
    Cmd,
    Command,
    Entrypoint,
    ExecForm,
    Healthcheck,
    Run,
    Shell,
    ShellForm,
)
from domain.dockerfile.mount import check_mount
from domain.dockerfile.statement import Statement
from domain.errors import DockerfileError

_RUN_FLAGS = FlagTable(strings=("network", "security"), lists=("mount", "device"))
_HEALTHCHECK_FLAGS = FlagTable(
    strings=("interval", "timeout", "start-period", "start-interval", "retries")
)
_NETWORKS = ("default", "none", "host")
_SECURITY = ("sandbox", "insecure")
_SHORTEST = 1_000_000  # ns; the engine checks no more often than each millisecond
_MOST_RETRIES = 2**31 - 1


def parse_run(statement: Statement) -> Run:
    """Parse RUN. Without arguments it is the empty shell command, as for BuildKit."""
    values = statement.flag_values(_RUN_FLAGS)
    command = _command(statement.rest)
    if command == ExecForm(arguments=()):
        raise statement.missing_argument()
    for mount in values.strings("mount"):
        check_mount(mount, statement.escape)
    _check_choice(values, "network", _NETWORKS)
    _check_choice(values, "security", _SECURITY)
    return Run(
        location=statement.location,
        text=statement.text,
        command=command,
        heredocs=statement.line.heredocs,
        mounts=values.strings("mount"),
        network=values.string("network"),
        security=values.string("security"),
        devices=values.strings("device"),
    )


def _check_choice(values: FlagValues, name: str, words: tuple[str, ...]) -> None:
    value = values.string(name)
    if value is not None and value not in words:
        raise DockerfileError(
            f"--{name} cannot be {value!r}", hint=f"it is {', '.join(words)}"
        )


def parse_cmd(statement: Statement) -> Cmd:
    """Parse CMD."""
    statement.flag_values()
    return Cmd(
        location=statement.location,
        text=statement.text,
        command=_command(statement.rest),
    )


def parse_entrypoint(statement: Statement) -> Entrypoint:
    """Parse ENTRYPOINT."""
    statement.flag_values()
    return Entrypoint(
        location=statement.location,
        text=statement.text,
        command=_command(statement.rest),
    )


def parse_shell(statement: Statement) -> Shell:
    """Parse SHELL, which knows the JSON form only."""
    statement.flag_values()
    shell = exec_form(statement.need_argument())
    if not shell:
        raise DockerfileError(
            "SHELL needs a JSON array with at least one string",
            hint='write SHELL ["/bin/sh", "-c"]',
        )
    return Shell(location=statement.location, text=statement.text, shell=shell)


def parse_healthcheck(statement: Statement) -> Healthcheck:
    """Parse HEALTHCHECK."""
    values = statement.flag_values(_HEALTHCHECK_FLAGS)
    kind, rest = cut_word(statement.need_argument())
    match kind.upper():
        case "NONE":
            return _no_healthcheck(statement, rest)
        case "CMD":
            return _healthcheck(statement, _health_command(rest), values)
        case _:
            raise DockerfileError(
                f"unknown kind {kind!r} of HEALTHCHECK",
                hint="write HEALTHCHECK CMD command or HEALTHCHECK NONE",
            )


def _command(rest: str) -> Command:
    arguments = exec_form(rest)
    return ShellForm(text=rest) if arguments is None else ExecForm(arguments=arguments)


def _no_healthcheck(statement: Statement, rest: str) -> Healthcheck:
    if rest:
        raise DockerfileError(
            "HEALTHCHECK NONE takes no arguments",
            hint="remove them, or write HEALTHCHECK CMD",
        )
    return Healthcheck(location=statement.location, text=statement.text, command=None)


def _health_command(rest: str) -> Command:
    command = _command(rest)
    if command in (ShellForm(text=""), ExecForm(arguments=())):
        raise DockerfileError(
            "HEALTHCHECK CMD has no command", hint="write the command behind CMD"
        )
    return command


def _healthcheck(
    statement: Statement, command: Command, values: FlagValues
) -> Healthcheck:
    return Healthcheck(
        location=statement.location,
        text=statement.text,
        command=command,
        interval=_duration(values, "interval"),
        timeout=_duration(values, "timeout"),
        start_period=_duration(values, "start-period"),
        start_interval=_duration(values, "start-interval"),
        retries=_retries(values),
    )


def _duration(values: FlagValues, name: str) -> int:
    duration = parse_duration(values.string(name) or "0")
    if 0 < duration < _SHORTEST:
        raise DockerfileError(
            f"--{name} cannot be less than 1ms", hint="0 stands for the default"
        )
    return duration


def _retries(values: FlagValues) -> int:
    text = values.string("retries") or "0"
    # int() would take "1_0" and other digits than ASCII's; eleven digits are enough
    if not re.fullmatch(r"\+?[0-9]{1,11}", text) or int(text) > _MOST_RETRIES:
        raise DockerfileError(
            f"--retries cannot be {text!r}", hint="write a whole number, 0 or more"
        )
    return int(text)
