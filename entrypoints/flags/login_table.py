"""The flags of `kanipy login`: its own, and rows of the executor's table."""

from entrypoints.flags.flag import Flag, FlagTable, Group, Kind, Origin
from entrypoints.flags.push_table import PUSH_VARIABLES
from entrypoints.flags.registry_flags import LOG_FLAGS
from entrypoints.flags.table import EXECUTOR_FLAGS, OTHER_FLAGS

_OWN = (
    Flag(
        name="username",
        shorts=("u",),
        kind=Kind.TEXT,
        group=Group.INPUT,
        metavar="USER",
        origin=Origin.FORK,
        help="who logs in",
    ),
    Flag(
        name="password-stdin",
        kind=Kind.BOOLEAN,
        group=Group.INPUT,
        default="false",
        origin=Origin.FORK,
        help="read the password from standard input",
    ),
    Flag(
        name="password",
        shorts=("p",),
        kind=Kind.TEXT,
        group=Group.INPUT,
        metavar="PASSWORD",
        origin=Origin.FORK,
        help="the password; others on the machine can see it",
    ),
)

_OF_REGISTRIES = (
    "insecure",
    "insecure-registry",
    "skip-tls-verify",
    "skip-tls-verify-registry",
    "registry-certificate",
    "registry-client-cert",
)

LOGIN_FLAGS = FlagTable(
    (
        *_OWN,
        *(EXECUTOR_FLAGS[name] for name in _OF_REGISTRIES),
        *LOG_FLAGS,
        *OTHER_FLAGS,
    )
)

_OF_RESULTS = frozenset({"BUILDER_OUTPUT", "KANIKO_DIR"})

LOGIN_VARIABLES = tuple(
    variable for variable in PUSH_VARIABLES if not _OF_RESULTS & {*variable.names}
)
"""The rows of `VARIABLES` that mean something to `kanipy login`."""
