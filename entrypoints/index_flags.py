"""Reads the words of `kanipy index`: words and variables in, one request out.

As `executor_flags`, it prints nothing and touches no file.
"""

from collections.abc import Sequence

from application.options import IndexOptions
from domain.errors import UsageError
from domain.image.reference import Reference
from domain.values import dataclass
from entrypoints.flags.build_options import log_options, output_options
from entrypoints.flags.checks import check_results
from entrypoints.flags.commands import Show, parse_words
from entrypoints.flags.environment import (
    Environment,
    credential_options,
    network_options,
    warnings,
)
from entrypoints.flags.index_table import INDEX_FLAGS, INDEX_VARIABLES
from entrypoints.flags.not_yet import refuse_unsupported
from entrypoints.flags.registry_options import credential_helpers, registry_options
from entrypoints.flags.scanner import Scanned
from entrypoints.flags.table import EXECUTOR_FLAGS

_CREATE = "create"
_MOST_NAMES = 100


@dataclass(frozen=True, slots=True)
class Create:
    """An index is to be made.

    Attributes:
        options: Of which images, and for which names.
        warnings: Lines to tell as warnings when logging has begun.
    """

    options: IndexOptions
    warnings: tuple[str, ...]


def parse_index_line(
    arguments: Sequence[str], environment: Environment
) -> Show | Create:
    """Read the words after `index`.

    Args:
        arguments: The words.
        environment: The process's variables.

    Raises:
        UsageError: The words do not make sense, or name nothing.
        InvalidReference: What is named is no image reference.
    """
    return parse_words(
        arguments,
        INDEX_FLAGS,
        lambda scanned: _create(scanned, environment),
        operands=1 + _MOST_NAMES,
    )


def _create(scanned: Scanned, environment: Environment) -> Create:
    refuse_unsupported(scanned.given)
    action, *names = scanned.operands or ("",)
    if action != _CREATE:
        raise UsageError(
            f'unknown action "{action}" of index'
            if action
            else "index needs an action",
            hint="write kanipy index create IMAGE --from=IMAGE --from=IMAGE",
        )
    sources = scanned.given.texts("from")
    if not (names and sources):
        missing = "the index has no name" if sources else "no image is named"
        raise UsageError(
            missing, hint="write kanipy index create IMAGE --from=IMAGE --from=IMAGE"
        )
    for name in names:
        _check_name(name)
    given = scanned.given.within(EXECUTOR_FLAGS).with_values("destination", *names)
    options = IndexOptions(
        images=tuple(Reference.parse(name) for name in sources),
        annotations=given.pairs("annotation"),
        output=output_options(given, environment),
        registry=registry_options(given, environment),
        credentials=credential_options(environment, credential_helpers(given)),
        network=network_options(environment),
        log=log_options(given),
    )
    check_results(options.output)
    told = warnings(environment, INDEX_VARIABLES)
    return Create(options, (*scanned.warnings, *told))


def _check_name(text: str) -> None:
    if Reference.parse(text).digest:
        raise UsageError(
            f'the name "{text}" of the index is a digest', hint="write it with a tag"
        )
