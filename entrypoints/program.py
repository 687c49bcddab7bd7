"""What the programs have in common: from a request to an exit status.

Whatever is not needed to answer `--help` or a mistyped flag is imported by what is
passed in.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from types import FrameType
from typing import Generic, NoReturn, Protocol, TypeVar

from application.errors import Interrupted
from application.options import LogOptions, Verbosity
from application.ports.reporter import Log
from domain.values import dataclass
from entrypoints.exit_status import SUCCESS, report
from entrypoints.flags.commands import Show, ShowCompletion, ShowHelp, ShowVersion
from entrypoints.flags.environment import Environment


class Options(Protocol):
    """The options of a program."""

    @property
    def log(self) -> LogOptions:
        """What is told, and how."""


_Options = TypeVar("_Options", bound=Options)
_Options_co = TypeVar("_Options_co", bound=Options, covariant=True)


class Job(Protocol[_Options_co]):
    """A request that is no question about the program."""

    @property
    def options(self) -> _Options_co:
        """What is asked for."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Lines to tell as warnings when logging has begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program(Generic[_Options]):
    """A program that a person types.

    Attributes:
        name: What it is called.
        version: What `--version` prints.
        parse: Reads its command line.
        help: Makes the help.
        completion: Makes the completion script of a shell; None for a program whose
            words are completed by the script of another.
    """

    name: str
    version: str
    parse: Callable[[Sequence[str], Environment], Show | Job[_Options]]
    help: Callable[[], str]
    completion: Callable[[str], str] | None = None


def run_program(
    program: Program[_Options],
    arguments: Sequence[str],
    environment: Environment,
    perform: Callable[[_Options, Sequence[str]], int],
) -> int:
    """Carry out what a command line asks for and return the exit status.

    Errors are told on standard error and never leave this function.

    Args:
        program: The program.
        arguments: Words after the program's name.
        environment: The process's variables.
        perform: Does the work; gets the options, and the warnings to tell.
    """
    traces = False
    before = signal.getsignal(signal.SIGTERM)
    try:
        request = program.parse(arguments, environment)
        if isinstance(request, (ShowHelp, ShowVersion, ShowCompletion)):
            return _show(request, program)
        verbosity = request.options.log.verbosity
        traces = verbosity in {Verbosity.TRACE, Verbosity.DEBUG}
        signal.signal(signal.SIGTERM, _terminated)
        return perform(request.options, request.warnings)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the outermost
        return report(error, sys.stderr, program=program.name, traces=traces)
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def telling(log: Log, warnings: Sequence[str]) -> Iterator[None]:
    """Tell warnings before anything else; at the end, whatever it is, close the log.

    Args:
        log: Where to; on a terminal it must be closed, to give the terminal back.
        warnings: The lines.
    """
    with closing(log):
        for warning in warnings:
            log.warning(warning)
        yield


def _show(request: Show, program: Program[_Options]) -> int:
    match request:
        case ShowVersion():
            _print(program.version)
        case ShowCompletion(shell):
            if program.completion:
                _print(program.completion(shell))
        case ShowHelp():
            _print(program.help())
    return SUCCESS


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (head, a pager) has seen enough; let the interpreter's own
        # flush at exit go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminated(number: int, _frame: FrameType | None) -> NoReturn:
    """Turn SIGTERM into an error, once: cleaning up is not to be interrupted."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Interrupted(number)
