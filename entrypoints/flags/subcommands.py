"""What the help, the completion and docs/compatibility.md say of the sub-commands.

How a command is run stands in `entrypoints.subcommands`.
"""

from domain.values import dataclass
from entrypoints.flags.flag import FlagTable, Origin
from entrypoints.flags.index_table import INDEX_FLAGS
from entrypoints.flags.login_table import LOGIN_FLAGS
from entrypoints.flags.push_table import PUSH_FLAGS


@dataclass(frozen=True, slots=True, kw_only=True)
class Subcommand:
    """A command of the executor that has flags of its own.

    Attributes:
        name: The word that calls it, the first of the command line.
        operands: What follows it besides flags, as written in a synopsis.
        summary: What it does, one phrase without a full stop.
        table: Its flags.
        origin: Whose users know it.
        differs: How it differs from what they know, "" for not at all.
    """

    name: str
    operands: str
    summary: str
    table: FlagTable
    origin: Origin = Origin.FORK
    differs: str = ""


SUBCOMMANDS: tuple[Subcommand, ...] = (
    Subcommand(
        name="login",
        operands="REGISTRY --username=USER --password-stdin",
        summary="keep the password of a registry for builds",
        table=LOGIN_FLAGS,
        differs="the registry is asked whether it accepts the password",
    ),
    Subcommand(
        name="push",
        operands="FILE|DIR --destination=IMAGE...",
        summary="push an image that lies in an archive or an OCI layout",
        table=PUSH_FLAGS,
        differs="takes archives of docker save too, compressed or not; result files "
        "are written as after a build",
    ),
    Subcommand(
        name="index",
        operands="create IMAGE... --from=IMAGE...",
        summary="make one image of those of several platforms, and push it",
        table=INDEX_FLAGS,
        origin=Origin.OURS,
    ),
)
