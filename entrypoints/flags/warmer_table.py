"""The warmer's flags, all of them, in the order of the help.

A flag that the executor has too is a row of its table, with what differs replaced.
"""

from domain.values import replace
from entrypoints.flags.environment import VARIABLES
from entrypoints.flags.flag import Flag, FlagTable, Group, Kind, Origin
from entrypoints.flags.registry_flags import LOG_FLAGS
from entrypoints.flags.table import EXECUTOR_FLAGS, OTHER_FLAGS

_OF_WARMING = (
    Flag(
        name="image",
        shorts=("i",),
        kind=Kind.TEXTS,
        group=Group.INPUT,
        metavar="IMAGE",
        help="image to warm, by tag or digest",
    ),
    replace(
        EXECUTOR_FLAGS["dockerfile"],
        shorts=("d",),
        aliases=(),
        default="",
        help="Dockerfile whose base images are to be warmed; an address of http or "
        "https, or - for standard input",
        differs="ARG defaults are expanded, and stages are taken for no images",
    ),
    replace(
        EXECUTOR_FLAGS["build-arg"],
        help="build argument of the Dockerfile; without a value that of the "
        "environment",
        differs="",
    ),
    replace(
        EXECUTOR_FLAGS["custom-platform"],
        aliases=("customPlatform",),
        deprecated=(),
        help="platform of the images instead of the host's",
        differs="",
    ),
    replace(
        EXECUTOR_FLAGS["cache-dir"],
        shorts=("c",),
        help="directory to put the images in",
        differs="",
    ),
    replace(
        EXECUTOR_FLAGS["cache-ttl"],
        help="how long an image is good for; an older one is renewed",
        differs="kaniko leaves expired images as they are",
    ),
    Flag(
        name="force",
        shorts=("f",),
        kind=Kind.BOOLEAN,
        group=Group.CACHE,
        default="false",
        help="fetch images again that are there",
    ),
    Flag(
        name="strict",
        kind=Kind.BOOLEAN,
        group=Group.CACHE,
        default="false",
        origin=Origin.OURS,
        help="fail if one image cannot be warmed, not only if none can",
    ),
)
"""What the warmer has alone, or means in its own way."""

_OF_REGISTRIES = (
    "insecure-pull",
    "insecure-registry",
    "skip-tls-verify-pull",
    "skip-tls-verify-registry",
    "registry-certificate",
    "registry-client-cert",
    "registry-mirror",
    "registry-map",
    "skip-default-registry-fallback",
    "image-download-retry",
    "credential-helpers",
)
"""Flags of the executor that the warmer has as they are."""

WARMER_FLAGS = FlagTable(
    (
        *_OF_WARMING,
        *(EXECUTOR_FLAGS[name] for name in _OF_REGISTRIES),
        *LOG_FLAGS,
        *OTHER_FLAGS,
    )
)

_OTHER_PURPOSES = frozenset(
    {
        "BENCHMARK_FILE",
        "BUILDER_OUTPUT",
        "GIT_TOKEN",
        "KANIKO_CLEANUP",
        "KANIKO_DIR",
        "KANIKO_NO_PUSH",
        "KANIKO_PRE_CLEANUP",
        "KANIKO_PRINT_PLAN",
        "SNAPSHOT_TIMEOUT_DURATION",
        "SOURCE_DATE_EPOCH",
    }
)
"""Variables, one of each row, that mean nothing to the warmer."""

WARMER_VARIABLES = tuple(
    variable for variable in VARIABLES if not _OTHER_PURPOSES & {*variable.names}
)
"""The rows of `VARIABLES` that mean something to the warmer."""
