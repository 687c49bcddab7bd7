"""What the executor does besides building: commands named by the first word.

A command is a program of its own, with flags of its own: what follows its name is
all its. It is imported when it is called; what is said of it in the help stands in
`entrypoints.flags.subcommands`.
"""

from collections.abc import Callable, Mapping, Sequence

from domain.values import dataclass
from entrypoints.flags.environment import Environment

RunSubcommand = Callable[[Sequence[str], Environment], int]
"""Takes the words after the command's name and the process's variables; returns the
exit status. Errors are told on standard error and never leave it."""


def _login(words: Sequence[str], environment: Environment) -> int:
    from entrypoints.login import run

    return run(words, environment)


def _push(words: Sequence[str], environment: Environment) -> int:
    from entrypoints.push import run

    return run(words, environment)


def _index(words: Sequence[str], environment: Environment) -> int:
    from entrypoints.index import run

    return run(words, environment)


SUBCOMMANDS: Mapping[str, RunSubcommand] = {
    "login": _login,
    "push": _push,
    "index": _index,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A command that is called.

    Attributes:
        run: The command.
        words: Its words.
    """

    run: RunSubcommand
    words: tuple[str, ...]


def called(
    arguments: Sequence[str], subcommands: Mapping[str, RunSubcommand]
) -> Called | None:
    """Return the command that a command line calls, None for a build.

    `help NAME` is the same as `NAME --help`.

    Args:
        arguments: Words after the program's name.
        subcommands: The commands by name.
    """
    first, *others = arguments or [""]
    if first == "help" and others and others[0] in subcommands:
        first, others = others[0], ["--help"]
    if first not in subcommands:
        return None
    return Called(run=subcommands[first], words=tuple(others))
