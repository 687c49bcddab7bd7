"""The flags of `kanipy push`: rows of the executor's table."""

from domain.values import replace
from entrypoints.flags.environment import VARIABLES
from entrypoints.flags.flag import FlagTable
from entrypoints.flags.registry_flags import LOG_FLAGS
from entrypoints.flags.table import EXECUTOR_FLAGS, OTHER_FLAGS

OF_RESULTS = (
    "digest-file",
    "image-name-with-digest-file",
    "image-name-tag-with-digest-file",
)
"""Flags of the executor that tell of what was pushed."""

OF_PUSHING = (
    "insecure",
    "insecure-registry",
    "skip-tls-verify",
    "skip-tls-verify-registry",
    "registry-certificate",
    "registry-client-cert",
    "push-retry",
    "push-ignore-immutable-tag-errors",
    "skip-push-permission-check",
    "credential-helpers",
)
"""Flags of the executor that mean something to whatever pushes."""

PUSH_FLAGS = FlagTable(
    (
        EXECUTOR_FLAGS["destination"],
        *(EXECUTOR_FLAGS[name] for name in OF_RESULTS),
        *(EXECUTOR_FLAGS[name] for name in OF_PUSHING),
        replace(EXECUTOR_FLAGS["kaniko-dir"], help="directory for work files"),
        *LOG_FLAGS,
        *OTHER_FLAGS,
    )
)

_OF_BUILDS = frozenset(
    {
        "AZURE_STORAGE_ACCESS_KEY",
        "AZURE_STORAGE_BLOB_ENDPOINT",
        "BENCHMARK_FILE",
        "GIT_PULL_METHOD",
        "GIT_TOKEN",
        "KANIKO_CLEANUP",
        "KANIKO_NO_PUSH",
        "KANIKO_PRE_CLEANUP",
        "KANIKO_PRINT_PLAN",
        "S3_ENDPOINT",
        "SNAPSHOT_TIMEOUT_DURATION",
        "SOURCE_DATE_EPOCH",
        "SSH_AUTH_SOCK",
        "container",
    }
)
"""Variables, one of each row, that mean something to builds alone."""

REGISTRY_VARIABLES = tuple(
    variable for variable in VARIABLES if not _OF_BUILDS & {*variable.names}
)
"""The rows of `VARIABLES` that mean something to what speaks to registries alone."""

_OF_PULLING = frozenset({"KANIKO_REGISTRY_MIRROR"})

PUSH_VARIABLES = tuple(
    variable for variable in REGISTRY_VARIABLES if not _OF_PULLING & {*variable.names}
)
"""The rows of `VARIABLES` that mean something to `kanipy push`."""
