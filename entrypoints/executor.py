"""The command `kanipy`: reads the command line, builds, reports.

Whatever is not needed to answer `--help` or a mistyped flag is imported inside
functions.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from application.options import BuildOptions
from entrypoints.executor_flags import parse_command_line
from entrypoints.exit_status import SUCCESS
from entrypoints.flags.environment import Environment
from entrypoints.flags.table import EXECUTOR_FLAGS
from entrypoints.program import Program, run_program, telling
from entrypoints.subcommands import SUBCOMMANDS, RunSubcommand, called
from entrypoints.version import VERSION_LINE

if TYPE_CHECKING:
    from application.publish_image import PublishedImage
    from entrypoints.container import Container

OBJECTS_PER_COLLECTION = 100_000
"""How many objects may appear before cycles are looked for.

A build keeps what it reads, rows of files above all; looking through them every 700
objects, as the interpreter does unasked, finds nothing and takes its time.
"""


def command() -> NoReturn:
    """Be the program: run the command of the process, and end the process.

    The interpreter is not taken down piece by piece, which takes longer than the
    start of a small build: files are closed and written by then, and the kernel
    frees the rest.
    """
    gc.set_threshold(OBJECTS_PER_COLLECTION)
    status = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        sys.exit(status)  # the interpreter knows how to complain
    os._exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    Args:
        arguments: Words after the program's name, those of the process when absent.
    """
    words = sys.argv[1:] if arguments is None else arguments
    return run(words, os.environ)


def run_build(options: BuildOptions, warnings: Sequence[str]) -> int:
    """Build or plan an image and return the exit status of success.

    The seam to the composition root, which is imported here and nowhere else.

    Args:
        options: What to build.
        warnings: Lines for the reporter, to be told before anything else.

    Raises:
        KanipyError: The build failed.
    """
    path = options.output.profile_file
    if not path:
        return _build(options, warnings)
    from entrypoints.profile import profiled

    return profiled(str(Path(path).absolute()), lambda: _build(options, warnings))


def _build(options: BuildOptions, warnings: Sequence[str]) -> int:
    from entrypoints.container import Container
    from entrypoints.paths import with_absolute_outputs

    container = Container(options=with_absolute_outputs(options))
    with telling(container.log(), warnings):
        try:
            published = _published(container, options)
        finally:
            container.work_near_root().remove()
            container.work_directory().remove()
    if published is not None:
        container.step_results().write(published.manifest.digest)
    return SUCCESS


def _published(container: Container, options: BuildOptions) -> PublishedImage | None:
    """Build an image and tell of it; None where that is only planned."""
    from application.summary import summary

    reporter = container.reporter()
    # Enters namespaces, which needs a process with a single thread: first.
    reporter.info(str(container.isolation()))
    if options.only_plans:
        container.plan_image().run()
        return None
    container.step_results().check()
    try:
        plan = container.plan_image() if options.tells_plan else None
        published = container.build_image().run(plan)
    finally:
        container.runner().close()
        container.roots().close()
    output = options.output
    if output.report_file or output.timings_file:
        container.write_report().write(published)
    for line in summary(reporter):
        reporter.info(line)
    reporter.info(f"Built image {published.manifest.digest}")
    return published


def run(
    arguments: Sequence[str],
    environment: Environment,
    build: Callable[[BuildOptions, Sequence[str]], int] = run_build,
    subcommands: Mapping[str, RunSubcommand] = SUBCOMMANDS,
) -> int:
    """Carry out what a command line asks for and return the exit status.

    Errors are told on standard error and never leave this function.

    Args:
        arguments: Words after the program's name.
        environment: The process's variables.
        build: Carries out a build.
        subcommands: What else the program does, by the word that comes first.
    """
    subcommand = called(arguments, subcommands)
    if subcommand is not None:
        return subcommand.run(subcommand.words, environment)
    return run_program(PROGRAM, arguments, environment, build)


def _help() -> str:
    from entrypoints.flags.help_text import help_text

    return help_text(EXECUTOR_FLAGS)


def _completion(shell: str) -> str:
    from entrypoints.flags.completion import EXECUTOR, completion_script
    from entrypoints.flags.subcommands import SUBCOMMANDS as COMMANDS

    return completion_script(shell, EXECUTOR_FLAGS, EXECUTOR, COMMANDS)


PROGRAM = Program(
    name="kanipy",
    version=VERSION_LINE,
    parse=parse_command_line,
    help=_help,
    completion=_completion,
)


if __name__ == "__main__":
    command()
