"""Where an instruction stands in the Dockerfile, and the remarks made about it."""

from __future__ import annotations

from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """The physical lines of an instruction, 1-based, heredoc bodies included.

    Args:
        first: The line of the instruction word.
        last: The last line that belongs to it.
    """

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LintWarning:
    """A remark that does not stop the build.

    Args:
        rule: The rule's name, as `docker build --check` calls it where it has one.
        message: What to change, one line.
        line: The 1-based line it is about.
    """

    rule: str
    message: str
    line: int
