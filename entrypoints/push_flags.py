"""Reads the words of `kanipy push`: words and variables in, one request out.

As `executor_flags`, it prints nothing and touches no file.
"""

from collections.abc import Sequence

from application.options import PushOptions
from domain.errors import UsageError
from domain.values import dataclass
from entrypoints.flags.build_options import log_options, output_options, work_directory
from entrypoints.flags.checks import check_results
from entrypoints.flags.commands import Show, parse_words
from entrypoints.flags.environment import (
    Environment,
    credential_options,
    network_options,
    warnings,
)
from entrypoints.flags.not_yet import refuse_unsupported
from entrypoints.flags.push_table import PUSH_FLAGS, PUSH_VARIABLES
from entrypoints.flags.registry_options import credential_helpers, registry_options
from entrypoints.flags.scanner import Scanned
from entrypoints.flags.table import EXECUTOR_FLAGS


@dataclass(frozen=True, slots=True)
class Push:
    """An image is to be pushed.

    Attributes:
        options: Which, and where to.
        warnings: Lines to tell as warnings when logging has begun.
    """

    options: PushOptions
    warnings: tuple[str, ...]


def parse_push_line(arguments: Sequence[str], environment: Environment) -> Show | Push:
    """Read the words after `push`.

    Args:
        arguments: The words.
        environment: The process's variables.

    Raises:
        UsageError: The words do not make sense, or name no image.
        InvalidReference: A destination is no image reference.
    """
    return parse_words(
        arguments, PUSH_FLAGS, lambda scanned: _push(scanned, environment), operands=1
    )


def _push(scanned: Scanned, environment: Environment) -> Push:
    refuse_unsupported(scanned.given)
    if not scanned.operands:
        raise UsageError(
            "no image is named",
            hint="give the path of an archive, or of the directory of an OCI layout",
        )
    given = scanned.given.within(EXECUTOR_FLAGS)
    options = PushOptions(
        image=scanned.operands[0],
        output=output_options(given, environment),
        work_directory=work_directory(given, environment),
        registry=registry_options(given, environment),
        credentials=credential_options(environment, credential_helpers(given)),
        network=network_options(environment),
        log=log_options(given),
    )
    _check(options)
    told = warnings(environment, PUSH_VARIABLES)
    return Push(options, (*scanned.warnings, *told))


def _check(options: PushOptions) -> None:
    if not options.output.destinations:
        raise UsageError(
            "no destination is named",
            hint="--destination=REGISTRY/REPOSITORY:TAG names where to push to",
        )
    check_results(options.output)
