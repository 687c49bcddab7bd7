"""Reads the executor's command line: words and variables in, one request out.

It prints nothing, touches no file and imports no package but the standard library's:
`kanipy --help` and a mistyped flag must answer at once.
"""

from collections.abc import Sequence

from application.options import BuildOptions
from domain.errors import UsageError
from domain.values import dataclass
from entrypoints.flags.build_options import build_options
from entrypoints.flags.checks import check
from entrypoints.flags.docker_habits import translate
from entrypoints.flags.environment import Environment, warnings
from entrypoints.flags.given import GivenFlags
from entrypoints.flags.not_yet import (
    NOT_YET_COMMANDS,
    not_supported_yet,
    refuse_unsupported,
)
from entrypoints.flags.scanner import scan, unknown_flag
from entrypoints.flags.table import EXECUTOR_FLAGS

SHELLS = ("bash", "zsh", "fish")


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


@dataclass(frozen=True, slots=True)
class Build:
    """A build is wanted.

    Attributes:
        options: What is to be built.
        warnings: Lines to tell as warnings when logging has begun: outdated
            spellings, variables and flags without effect.
    """

    options: BuildOptions
    warnings: tuple[str, ...]


Request = ShowHelp | ShowVersion | ShowCompletion | Build

_COMMANDS = ("help", "version", "completion", *NOT_YET_COMMANDS)


def parse_command_line(arguments: Sequence[str], environment: Environment) -> Request:
    """Read the words after the program's name.

    Args:
        arguments: The words.
        environment: The process's variables.

    Raises:
        UsageError: The words do not make sense, alone or together, or ask for
            what is not supported yet.
        InvalidReference: A destination is no image reference.
        InvalidPlatform: The platform is none.
    """
    scanned = scan(arguments, EXECUTOR_FLAGS, _COMMANDS)
    if scanned.given.boolean("help"):
        return ShowHelp()
    if scanned.given.boolean("version"):
        return ShowVersion()
    if scanned.command:
        return _command(scanned.command, scanned.rest)
    return _build(scanned.given, environment, scanned.warnings)


def _command(name: str, rest: Sequence[str]) -> Request:
    if name in NOT_YET_COMMANDS:
        raise not_supported_yet(f"the command {name}", "only builds images")
    if name == "help" or "--help" in rest or "-h" in rest:
        return ShowHelp()
    words = [word for word in rest if not word.startswith("-")]
    if len(words) != len(rest):
        stray = next(word for word in rest if word.startswith("-"))
        raise unknown_flag(stray, EXECUTOR_FLAGS)
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


def _build(
    given: GivenFlags, environment: Environment, outdated: tuple[str, ...]
) -> Build:
    translated = translate(given)
    refuse_unsupported(translated)
    options = build_options(translated, environment)
    check(options)
    return Build(options, (*outdated, *_without_effect(given), *warnings(environment)))


def _without_effect(given: GivenFlags) -> tuple[str, ...]:
    """Return a line for each flag whose wish is not granted and does no harm."""
    lines = []
    if given.boolean("force-build-metadata"):
        lines.append(
            "--force-build-metadata has no effect: "
            "metadata instructions never make layers"
        )
    if not given.boolean("skip-unused-stages"):
        lines.append(
            "--skip-unused-stages=false has no effect: "
            "stages that the target does not need are never built"
        )
    return tuple(lines)
