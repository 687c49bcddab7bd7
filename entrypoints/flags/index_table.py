"""The flags of `kanipy index create`: its own, and rows of the executor's table."""

from domain.values import replace
from entrypoints.flags.flag import Flag, FlagTable, Group, Kind, Origin
from entrypoints.flags.push_table import OF_PUSHING, OF_RESULTS, PUSH_VARIABLES
from entrypoints.flags.registry_flags import LOG_FLAGS
from entrypoints.flags.table import EXECUTOR_FLAGS, OTHER_FLAGS

_FROM = Flag(
    name="from",
    kind=Kind.TEXTS,
    group=Group.INPUT,
    metavar="IMAGE",
    origin=Origin.OURS,
    help="image to put into the index; of an index all its images",
)

_OF_PULLING = ("insecure-pull", "skip-tls-verify-pull", "image-download-retry")

INDEX_FLAGS = FlagTable(
    (
        _FROM,
        replace(EXECUTOR_FLAGS["annotation"], help="annotation of the index"),
        *(EXECUTOR_FLAGS[name] for name in OF_RESULTS),
        *(EXECUTOR_FLAGS[name] for name in OF_PUSHING),
        *(EXECUTOR_FLAGS[name] for name in _OF_PULLING),
        *LOG_FLAGS,
        *OTHER_FLAGS,
    )
)

INDEX_VARIABLES = tuple(
    variable for variable in PUSH_VARIABLES if variable.names != ("KANIKO_DIR",)
)
"""The rows of `VARIABLES` that mean something to `kanipy index`."""
