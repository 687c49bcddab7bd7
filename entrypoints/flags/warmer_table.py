"""The warmer's flags, all of them, in the order of the help."""

from entrypoints.flags.environment import VARIABLES
from entrypoints.flags.flag import Flag, FlagTable, Group, Kind, Origin
from entrypoints.flags.registry_flags import LOG_FLAGS, REGISTRY_FLAGS
from entrypoints.flags.table import OTHER_FLAGS

_OF_REGISTRIES = frozenset(
    {
        "insecure-pull",
        "skip-tls-verify-pull",
        "insecure-registry",
        "skip-tls-verify-registry",
        "registry-certificate",
        "registry-client-cert",
        "registry-map",
        "registry-mirror",
        "skip-default-registry-fallback",
        "image-download-retry",
        "credential-helpers",
    }
)

_OF_WARMING = (
    Flag(
        name="image",
        shorts=("i",),
        kind=Kind.TEXTS,
        group=Group.INPUT,
        metavar="IMAGE",
        help="image to warm, by tag or digest",
    ),
    Flag(
        name="dockerfile",
        shorts=("d",),
        kind=Kind.TEXT,
        group=Group.INPUT,
        metavar="FILE",
        help="Dockerfile whose base images are to be warmed; an address of http or "
        "https, or - for standard input",
        differs="ARG defaults are expanded, and stages are taken for no images",
    ),
    Flag(
        name="build-arg",
        kind=Kind.TEXTS,
        group=Group.INPUT,
        metavar="KEY[=VALUE]",
        help="build argument of the Dockerfile; without a value that of the "
        "environment",
    ),
    Flag(
        name="custom-platform",
        aliases=("customPlatform",),
        kind=Kind.TEXT,
        group=Group.INPUT,
        metavar="OS/ARCH[/VARIANT]",
        help="platform of the images instead of the host's",
    ),
    Flag(
        name="cache-dir",
        shorts=("c",),
        kind=Kind.TEXT,
        group=Group.CACHE,
        metavar="DIR",
        default="/cache",
        help="directory to put the images in",
    ),
    Flag(
        name="cache-ttl",
        kind=Kind.DURATION,
        group=Group.CACHE,
        metavar="DURATION",
        default="336h",
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

WARMER_FLAGS = FlagTable(
    (
        *_OF_WARMING,
        *(flag for flag in REGISTRY_FLAGS if flag.name in _OF_REGISTRIES),
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
