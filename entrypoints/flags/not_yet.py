"""What the command line knows and this release cannot do: the one list.

Building a capability means deleting its line. A flag of this list ends the run unless
its value asks for nothing (its default, or an empty text).
"""

from collections.abc import Callable

from domain.errors import UsageError
from domain.values import dataclass
from entrypoints.flags.flag import Flag
from entrypoints.flags.given import GivenFlags


def _address(value: str) -> bool:
    return value.startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class NotYet:
    """A flag, or some of its values, that come with a later release.

    Attributes:
        flag: The flag's name.
        reason: What is missing, completing "this release …".
        part: Which values, as shown to a person; "" for all but the default.
        when: Tells those values from the others.
    """

    flag: str
    reason: str
    part: str = ""
    when: Callable[[str], bool] | None = None

    @property
    def shown(self) -> str:
        """The flag, with the values that are meant."""
        return f"--{self.flag}{self.part}"

    def asked_by(self, flag: Flag, value: str) -> bool:
        """Whether a value of the flag asks for what is missing."""
        return self.when(value) if self.when else _asks(flag, value)


_NO_UPLOAD = "writes result files to paths only"
_NO_ATTESTATION = "attaches nothing to an image"

NOT_YET = (
    NotYet("digest-file", _NO_UPLOAD, "=URL", _address),
    NotYet("image-name-with-digest-file", _NO_UPLOAD, "=URL", _address),
    NotYet("image-name-tag-with-digest-file", _NO_UPLOAD, "=URL", _address),
    NotYet("image-fs-extract-retry", "does not repeat an extraction"),
    NotYet(
        "push-ignore-immutable-tag-errors", "does not know the refusals of such tags"
    ),
    NotYet("credential-helpers", "takes credentials from docker's config.json only"),
    NotYet("azure-container-registry-config", "has no Azure credential helper"),
    NotYet("sbom", _NO_ATTESTATION),
    NotYet("provenance", _NO_ATTESTATION),
)

NOT_YET_COMMANDS = ("login", "push")


def refuse_unsupported(given: GivenFlags) -> None:
    """End the run when a flag asks for what cannot be done yet.

    Raises:
        UsageError: "--xyz is not supported yet".
    """
    for missing in NOT_YET:
        flag = given.table.long(missing.flag)
        if flag and any(missing.asked_by(flag, v) for v in given.texts(flag.name)):
            raise not_supported_yet(missing.shown, missing.reason)


def not_supported_yet(what: str, reason: str) -> UsageError:
    """Make the error for a capability that comes later."""
    return UsageError(f"{what} is not supported yet", hint=f"this release {reason}")


def _asks(flag: Flag, value: str) -> bool:
    if not value:
        return False
    return not flag.default or flag.read(value) != flag.read(flag.default)
