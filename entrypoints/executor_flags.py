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
from entrypoints.flags.commands import Show, parse_words
from entrypoints.flags.docker_habits import translate
from entrypoints.flags.environment import Environment, warnings
from entrypoints.flags.given import GivenFlags
from entrypoints.flags.not_yet import refuse_unsupported
from entrypoints.flags.scanner import Scanned
from entrypoints.flags.table import EXECUTOR_FLAGS
from entrypoints.subcommands import SUBCOMMANDS


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


def parse_command_line(
    arguments: Sequence[str], environment: Environment
) -> Show | Build:
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
    return parse_words(
        arguments,
        EXECUTOR_FLAGS,
        lambda scanned: _build(scanned, environment),
        tuple(SUBCOMMANDS),
    )


def _build(scanned: Scanned, environment: Environment) -> Build:
    if scanned.command in SUBCOMMANDS:
        raise UsageError(
            f"{scanned.command} must be the first word",
            hint=f"write kanipy {scanned.command} … and its flags behind it",
        )
    translated = translate(scanned.given)
    refuse_unsupported(translated)
    options = build_options(translated, environment)
    check(options)
    told = (*_without_effect(scanned.given), *warnings(environment))
    return Build(options, (*scanned.warnings, *told))


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
    if given.text("azure-container-registry-config"):
        lines.append(
            "--azure-container-registry-config has no effect: Azure is asked with the "
            "variables AZURE_* or the machine's identity"
        )
    return tuple(lines)
