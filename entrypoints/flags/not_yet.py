"""What the command line knows and this release cannot do: the one list.

Building a capability means deleting its line. A flag of this list ends the run unless
its value asks for nothing (its default, or an empty text).
"""

from domain.errors import UsageError
from domain.values import dataclass
from entrypoints.flags.flag import Flag
from entrypoints.flags.given import GivenFlags


@dataclass(frozen=True, slots=True)
class NotYet:
    """A flag that comes with a later release.

    Attributes:
        flag: The flag's name.
        reason: What is missing, completing "this release …".
    """

    flag: str
    reason: str


_NO_ATTESTATION = "attaches nothing to an image"

NOT_YET = (
    NotYet("sbom", _NO_ATTESTATION),
    NotYet("provenance", _NO_ATTESTATION),
)


def refuse_unsupported(given: GivenFlags) -> None:
    """End the run when a flag asks for what cannot be done yet.

    Raises:
        UsageError: "--xyz is not supported yet".
    """
    for missing in NOT_YET:
        flag = given.table.long(missing.flag)
        if flag and any(_asks(flag, v) for v in given.texts(flag.name)):
            raise not_supported_yet(f"--{missing.flag}", missing.reason)


def not_supported_yet(what: str, reason: str) -> UsageError:
    """Make the error for a capability that comes later."""
    return UsageError(f"{what} is not supported yet", hint=f"this release {reason}")


def _asks(flag: Flag, value: str) -> bool:
    if not value:
        return False
    return not flag.default or flag.read(value) != flag.read(flag.default)
