"""The command `kanipy-tekton`: the executor as the only step of a Tekton task."""

import os
import sys
from collections.abc import Callable, Sequence

from application.options import BuildOptions
from entrypoints.executor import run_build
from entrypoints.flags.environment import Environment
from entrypoints.flags.tekton_table import TEKTON_FLAGS
from entrypoints.program import Program, run_program
from entrypoints.tekton_flags import parse_tekton_line
from entrypoints.version import VERSION


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Args:
        arguments: Words after the program's name, those of the process when absent.
    """
    words = sys.argv[1:] if arguments is None else arguments
    return run(words, os.environ)


def run(
    arguments: Sequence[str],
    environment: Environment,
    build: Callable[[BuildOptions, Sequence[str]], int] = run_build,
) -> int:
    """Carry out what a command line asks for and return the exit status.

    Errors are told on standard error and never leave this function.

    Args:
        arguments: Words after the program's name.
        environment: The process's variables.
        build: Carries out a build and writes the results.
    """
    return run_program(PROGRAM, arguments, environment, build)


def _help() -> str:
    from entrypoints.flags.help_text import help_text
    from entrypoints.flags.tekton_help import TEKTON_MANUAL

    return help_text(TEKTON_FLAGS, TEKTON_MANUAL)


def _completion(shell: str) -> str:
    from entrypoints.flags.completion import TEKTON, completion_script

    return completion_script(shell, TEKTON_FLAGS, TEKTON)


PROGRAM = Program(
    name="kanipy-tekton",
    version=f"kanipy-tekton {VERSION}\n",
    parse=parse_tekton_line,
    help=_help,
    completion=_completion,
)


if __name__ == "__main__":
    sys.exit(main())
