"""The command `kanipy login`: keeps the password of a registry for builds."""

import sys
from collections.abc import Callable, Sequence

from application.options import LoginOptions
from domain.errors import UsageError
from entrypoints.exit_status import SUCCESS
from entrypoints.flags.environment import Environment
from entrypoints.flags.login_table import LOGIN_FLAGS
from entrypoints.login_flags import parse_login_line
from entrypoints.program import Program, run_program, telling
from entrypoints.version import VERSION_LINE

_MAXIMUM_PASSWORD = 1 << 20


def run_login(options: LoginOptions, warnings: Sequence[str]) -> int:
    """Log in and return the exit status of success.

    Args:
        options: Who, and where.
        warnings: Lines for the reporter, to be told before anything else.

    Raises:
        KanipyError: The registry refuses, or the password cannot be kept.
    """
    from entrypoints.login_container import LoginContainer

    container = LoginContainer(options=options)
    with telling(container.reporter(), warnings):
        container.log_in().run(options.host, options.username, options.password)
    return SUCCESS


def run(
    arguments: Sequence[str],
    environment: Environment,
    login: Callable[[LoginOptions, Sequence[str]], int] = run_login,
    read: Callable[[], str] | None = None,
) -> int:
    """Carry out what a command line asks for and return the exit status.

    Args:
        arguments: Words after `login`.
        environment: The process's variables.
        login: Logs in.
        read: Reads the standard input.
    """
    return run_program(_program(read or _standard_input), arguments, environment, login)


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read(_MAXIMUM_PASSWORD).decode()
    except (OSError, ValueError):
        # The decoder's own words quote what it read.
        raise UsageError("the password cannot be read from standard input") from None


def _help() -> str:
    from entrypoints.flags.help_text import help_text
    from entrypoints.flags.login_help import LOGIN_MANUAL

    return help_text(LOGIN_FLAGS, LOGIN_MANUAL)


def _program(read: Callable[[], str]) -> Program[LoginOptions]:
    return Program(
        name="kanipy login",
        version=VERSION_LINE,
        parse=lambda words, variables: parse_login_line(words, variables, read),
        help=_help,
    )
