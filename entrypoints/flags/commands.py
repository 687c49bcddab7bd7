"""The commands every program of ours has: help, version, completion."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from domain.errors import UsageError
from domain.values import dataclass
from entrypoints.flags.flag import FlagTable
from entrypoints.flags.scanner import Scanned, scan, unknown_flag

SHELLS = ("bash", "zsh", "fish")
COMMANDS = ("help", "version", "completion")


@dataclass(frozen=True, slots=True)
class ShowHelp:
    """The help is wanted."""


@dataclass(frozen=True, slots=True)
class ShowVersion:
    """The version is wanted."""


@dataclass(frozen=True, slots=True)
class ShowCompletion:
    """A completion script is wanted.

    Attributes:
        shell: One of `SHELLS`.
    """

    shell: str


Show = ShowHelp | ShowVersion | ShowCompletion

_Request = TypeVar("_Request")


def parse_words(
    arguments: Sequence[str],
    table: FlagTable,
    request: Callable[[Scanned], _Request],
    commands: Sequence[str] = (),
    *,
    operands: int = 0,
) -> Show | _Request:
    """Read the words after a program's name.

    Args:
        arguments: The words.
        table: The program's flags.
        request: Makes what is asked for of a command line that asks for more than
            help, version or completion.
        commands: The program's commands besides those.
        operands: How many words there may be that are no flags; where there may be
            some, no word is taken for a command.

    Raises:
        UsageError: The words make no sense.
    """
    known = () if operands else (*COMMANDS, *commands)
    scanned = scan(arguments, table, known, operands=operands)
    return _shown(scanned, table) or request(scanned)


def _shown(scanned: Scanned, table: FlagTable) -> Show | None:
    if scanned.given.boolean("help"):
        return ShowHelp()
    if scanned.given.boolean("version"):
        return ShowVersion()
    if scanned.command in COMMANDS:
        return _command(scanned.command, scanned.rest, table)
    return None


def _command(name: str, rest: Sequence[str], table: FlagTable) -> Show:
    if name == "help" or "--help" in rest or "-h" in rest:
        return ShowHelp()
    words = [word for word in rest if not word.startswith("-")]
    if len(words) != len(rest):
        stray = next(word for word in rest if word.startswith("-"))
        raise unknown_flag(stray, table)
    if name == "version":
        if words:
            raise UsageError(f'unexpected argument "{words[0]}" of version')
        return ShowVersion()
    if len(words) != 1 or words[0] not in SHELLS:
        raise UsageError(
            "completion needs the name of a shell",
            hint=f"write completion {' or '.join(SHELLS)}",
        )
    return ShowCompletion(words[0])
