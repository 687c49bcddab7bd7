"""The command `kanipy push`: pushes an image that was made before."""

from collections.abc import Callable, Sequence

from application.options import PushOptions
from entrypoints.exit_status import SUCCESS
from entrypoints.flags.environment import Environment
from entrypoints.flags.push_table import PUSH_FLAGS
from entrypoints.program import Program, run_program, telling
from entrypoints.push_flags import parse_push_line
from entrypoints.version import VERSION_LINE


def run_push(options: PushOptions, warnings: Sequence[str]) -> int:
    """Push an image and return the exit status of success.

    Args:
        options: Which, and where to.
        warnings: Lines for the reporter, to be told before anything else.

    Raises:
        KanipyError: It is not pushed everywhere.
    """
    from entrypoints.push_container import PushContainer

    container = PushContainer(options=options)
    reporter = container.reporter()
    with telling(reporter, warnings):
        try:
            manifest = container.push_image().run()
        finally:
            container.work_directory().remove()
        reporter.info(f"Pushed image {manifest.digest}")
    return SUCCESS


def run(
    arguments: Sequence[str],
    environment: Environment,
    push: Callable[[PushOptions, Sequence[str]], int] = run_push,
) -> int:
    """Carry out what a command line asks for and return the exit status.

    Args:
        arguments: Words after `push`.
        environment: The process's variables.
        push: Pushes an image.
    """
    return run_program(PROGRAM, arguments, environment, push)


def _help() -> str:
    from entrypoints.flags.help_text import help_text
    from entrypoints.flags.push_help import PUSH_MANUAL

    return help_text(PUSH_FLAGS, PUSH_MANUAL)


PROGRAM = Program(
    name="kanipy push", version=VERSION_LINE, parse=parse_push_line, help=_help
)
