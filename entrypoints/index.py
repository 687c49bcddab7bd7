"""The command `kanipy index`: makes one image of those of several platforms."""

from collections.abc import Callable, Sequence

from application.options import IndexOptions
from entrypoints.exit_status import SUCCESS
from entrypoints.flags.environment import Environment
from entrypoints.flags.index_table import INDEX_FLAGS
from entrypoints.index_flags import parse_index_line
from entrypoints.program import Program, run_program, telling
from entrypoints.version import VERSION_LINE


def run_create(options: IndexOptions, warnings: Sequence[str]) -> int:
    """Make an index and return the exit status of success.

    Args:
        options: Of which images, and for which names.
        warnings: Lines for the reporter, to be told before anything else.

    Raises:
        KanipyError: It is not pushed under every name.
    """
    from entrypoints.index_container import IndexContainer

    container = IndexContainer(options=options)
    reporter = container.reporter()
    with telling(reporter, warnings):
        index = container.create_index().run()
        platforms = ", ".join(str(platform) for platform in index.platforms)
        reporter.info(f"Created index {index.digest} of {platforms}")
    return SUCCESS


def run(
    arguments: Sequence[str],
    environment: Environment,
    create: Callable[[IndexOptions, Sequence[str]], int] = run_create,
) -> int:
    """Carry out what a command line asks for and return the exit status.

    Args:
        arguments: Words after `index`.
        environment: The process's variables.
        create: Makes an index.
    """
    return run_program(PROGRAM, arguments, environment, create)


def _help() -> str:
    from entrypoints.flags.help_text import help_text
    from entrypoints.flags.index_help import INDEX_MANUAL

    return help_text(INDEX_FLAGS, INDEX_MANUAL)


PROGRAM = Program(
    name="kanipy index", version=VERSION_LINE, parse=parse_index_line, help=_help
)
