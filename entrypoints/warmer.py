"""The command `kanipy-warmer`: fills a directory with base images for builds."""

import os
import sys
from collections.abc import Callable, Sequence

from application.options import WarmOptions
from domain.errors import KanipyError
from entrypoints.exit_status import FAILURE, SUCCESS, report
from entrypoints.flags.environment import Environment
from entrypoints.flags.warmer_table import WARMER_FLAGS
from entrypoints.program import Program, run_program, telling
from entrypoints.version import VERSION
from entrypoints.warmer_flags import parse_warmer_line

READABLE = 0o022
"""Mode bits that new files do not have: builds of every user read the directory."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Args:
        arguments: Words after the program's name, those of the process when absent.
    """
    words = sys.argv[1:] if arguments is None else arguments
    return run(words, os.environ)


def run_warm(options: WarmOptions, warnings: Sequence[str]) -> int:
    """Warm images and return the exit status.

    Args:
        options: Which, and how.
        warnings: Lines for the reporter, to be told before anything else.

    Raises:
        KanipyError: Nothing could be begun.
    """
    from entrypoints.warmer_container import WarmerContainer

    os.umask(READABLE)
    container = WarmerContainer(options=options)
    reporter = container.reporter()
    with telling(reporter, warnings):
        warmed = container.warm_cache().run(_tell)
        if warmed.failed and warmed.done:
            count = warmed.failed + warmed.done
            reporter.warning(f"{warmed.failed} of {count} images could not be warmed")
    is_failure = warmed.failed and (options.strict or not warmed.done)
    return FAILURE if is_failure else SUCCESS


def _tell(error: KanipyError) -> None:
    report(error, sys.stderr, program=PROGRAM.name)


def run(
    arguments: Sequence[str],
    environment: Environment,
    warm: Callable[[WarmOptions, Sequence[str]], int] = run_warm,
) -> int:
    """Carry out what a command line asks for and return the exit status.

    Args:
        arguments: Words after the program's name.
        environment: The process's variables.
        warm: Warms images.
    """
    return run_program(PROGRAM, arguments, environment, warm)


def _help() -> str:
    from entrypoints.flags.help_text import help_text
    from entrypoints.flags.warmer_help import WARMER_MANUAL

    return help_text(WARMER_FLAGS, WARMER_MANUAL)


def _completion(shell: str) -> str:
    from entrypoints.flags.completion import WARMER, completion_script

    return completion_script(shell, WARMER_FLAGS, WARMER)


PROGRAM = Program(
    name="kanipy-warmer",
    version=f"kanipy-warmer {VERSION}\n",
    parse=parse_warmer_line,
    help=_help,
    completion=_completion,
)


if __name__ == "__main__":
    sys.exit(main())
