"""An instruction between its logical line and its value: flags cut off, rest raw."""

from __future__ import annotations

from domain.dockerfile.arguments import Flag
from domain.dockerfile.flags import FlagTable, FlagValues
from domain.dockerfile.location import Location
from domain.dockerfile.source import LogicalLine
from domain.errors import DockerfileError
from domain.values import dataclass

_NO_FLAGS = FlagTable()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the parser of one instruction is given.

    Args:
        line: The logical line.
        flags: Its flags, unchecked.
        rest: Its arguments behind the flags.
        escape: The Dockerfile's escape character.
    """

    line: LogicalLine
    flags: tuple[Flag, ...]
    rest: str
    escape: str

    @property
    def name(self) -> str:
        """The instruction word in upper case."""
        return self.line.instruction

    @property
    def text(self) -> str:
        """The instruction on one line."""
        return self.line.text

    @property
    def location(self) -> Location:
        """Its lines."""
        return self.line.location

    def flag_values(self, table: FlagTable = _NO_FLAGS) -> FlagValues:
        """Check the flags against those the instruction knows."""
        return table.parse(self.name, self.flags)

    def need_argument(self) -> str:
        """Return the arguments behind the flags, of which there must be one."""
        if not self.rest:
            raise self.missing_argument()
        return self.rest

    def missing_argument(self) -> DockerfileError:
        """Return the error for an instruction without arguments."""
        return DockerfileError(
            f"{self.name} needs an argument",
            hint=f"write {self.name} and what it takes",
        )
