"""Reads the warmer's command line: words and variables in, one request out.

As `executor_flags`, it prints nothing and touches no file.
"""

from collections.abc import Sequence

from application.options import WarmOptions
from domain.errors import UsageError
from domain.values import dataclass
from entrypoints.flags.build_options import (
    build_arguments,
    log_options,
    platform_option,
)
from entrypoints.flags.commands import Show, parse_words
from entrypoints.flags.environment import (
    Environment,
    credential_options,
    network_options,
    warnings,
)
from entrypoints.flags.given import GivenFlags
from entrypoints.flags.not_yet import refuse_unsupported
from entrypoints.flags.registry_options import credential_helpers, pull_options
from entrypoints.flags.scanner import Scanned
from entrypoints.flags.warmer_table import WARMER_FLAGS, WARMER_VARIABLES


@dataclass(frozen=True, slots=True)
class Warm:
    """Images are to be warmed.

    Attributes:
        options: Which, and how.
        warnings: Lines to tell as warnings when logging has begun.
    """

    options: WarmOptions
    warnings: tuple[str, ...]


def parse_warmer_line(
    arguments: Sequence[str], environment: Environment
) -> Show | Warm:
    """Read the words after the program's name.

    Args:
        arguments: The words.
        environment: The process's variables.

    Raises:
        UsageError: The words do not make sense, or name no image.
        InvalidPlatform: The platform is none.
    """
    return parse_words(
        arguments, WARMER_FLAGS, lambda scanned: _warm(scanned, environment)
    )


def _warm(scanned: Scanned, environment: Environment) -> Warm:
    refuse_unsupported(scanned.given)
    options = _options(scanned.given, environment)
    if not (options.images or options.dockerfile):
        raise UsageError(
            "no image is named",
            hint="name images with --image, or a Dockerfile with --dockerfile",
        )
    told = warnings(environment, WARMER_VARIABLES)
    return Warm(options, (*scanned.warnings, *told))


def _options(given: GivenFlags, environment: Environment) -> WarmOptions:
    return WarmOptions(
        images=tuple(name for name in given.texts("image") if name),
        dockerfile=given.text("dockerfile"),
        build_args=build_arguments(given, environment),
        platform=platform_option(given),
        directory=given.text("cache-dir") or "/cache",
        ttl=given.duration("cache-ttl"),
        force=given.boolean("force"),
        strict=given.boolean("strict"),
        registry=pull_options(given, environment),
        credentials=credential_options(environment, credential_helpers(given)),
        network=network_options(environment),
        log=log_options(given),
    )
