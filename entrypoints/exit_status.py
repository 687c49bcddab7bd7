"""Tells a person what went wrong, and the operating system in a number.

The one place where errors become text and exit statuses. It decides nothing about
the build, and prints no secret that an error's message does not hold.
"""

import signal
import traceback
from typing import TextIO

from application.errors import CommandFailed, Interrupted
from domain.errors import KanipyError, UsageError

SUCCESS = 0
FAILURE = 1
_SIGNAL = 128
_HIGHEST = 255
_BUG = "this is a bug in kanipy, please report it, with what --verbosity=debug shows"


def exit_status(error: BaseException) -> int:
    """Return the exit status for an error.

    That of the process for a failed RUN, 128 + N after signal N, else 1.
    """
    match error:
        case CommandFailed():
            failed = error.exit_status
            return failed if 0 < failed <= _HIGHEST else FAILURE
        case Interrupted():
            return _SIGNAL + error.signal_number
        case KeyboardInterrupt():
            return _SIGNAL + signal.SIGINT
        case _:
            return FAILURE


def report(
    error: BaseException, stream: TextIO, *, program: str, traces: bool = False
) -> int:
    """Write an error to a stream and return the exit status for it.

    One line `Error: …`, another `Hint: …` where there is a remedy, and for a wrong
    command line a third that points to the help.

    Args:
        error: What ended the run.
        stream: Where to write, usually standard error.
        program: Name of the program, for the pointer to its help.
        traces: Show where in the code an unexpected error was raised.
    """
    if traces and not isinstance(error, KanipyError):
        stream.write("".join(traceback.format_exception(error)))
    stream.write("".join(f"{_line(text)}\n" for text in _lines(error, program)))
    stream.flush()
    return exit_status(error)


def _lines(error: BaseException, program: str) -> list[str]:
    match error:
        case KeyboardInterrupt():
            return ["Error: interrupted"]
        case KanipyError():
            lines = [f"Error: {error}"]
            if error.hint:
                lines.append(f"Hint: {error.hint}")
            if isinstance(error, UsageError):
                lines.append(f"Run '{program} --help' for usage.")
            return lines
        case _:
            return [
                f"Error: unexpected {type(error).__name__}: {error}",
                "Hint: " + _BUG,
            ]


def _line(text: str) -> str:
    """Return a text on one line, with nothing in it that steers a terminal."""
    joined = " ".join(text.split())
    return "".join(
        letter if letter.isprintable() else _escaped(letter) for letter in joined
    )


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
