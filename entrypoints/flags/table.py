"""The executor's flags, all of them, in the order of the help."""

from entrypoints.flags.cache_flags import CACHE_FLAGS, ROOT_FLAGS
from entrypoints.flags.docker_flags import DOCKER_FLAGS
from entrypoints.flags.flag import Flag, FlagTable, Group, Kind
from entrypoints.flags.input_flags import IMAGE_FLAGS, INPUT_FLAGS
from entrypoints.flags.output_flags import OUTPUT_FLAGS
from entrypoints.flags.registry_flags import LOG_FLAGS, REGISTRY_FLAGS

OTHER_FLAGS = (
    Flag(
        name="help",
        shorts=("h",),
        kind=Kind.BOOLEAN,
        group=Group.OTHER,
        default="false",
        help="show this text",
    ),
    Flag(
        name="version",
        kind=Kind.BOOLEAN,
        group=Group.OTHER,
        default="false",
        help="show the version",
    ),
)

EXECUTOR_FLAGS = FlagTable(
    (
        *INPUT_FLAGS,
        *IMAGE_FLAGS,
        *OUTPUT_FLAGS,
        *CACHE_FLAGS,
        *ROOT_FLAGS,
        *REGISTRY_FLAGS,
        *LOG_FLAGS,
        *DOCKER_FLAGS,
        *OTHER_FLAGS,
    )
)
