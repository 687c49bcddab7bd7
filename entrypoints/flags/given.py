"""The flags one command line gave, read through their table.

Values were checked when they were scanned, so reading them never fails.
"""

from collections.abc import Mapping
from datetime import timedelta

from entrypoints.flags.flag import FlagTable
from entrypoints.flags.values import (
    parse_boolean,
    parse_duration,
    parse_integer,
    parse_pair,
)


class GivenFlags:
    """Flags with the values they were given, else their defaults.

    Args:
        table: All flags there are.
        values: Values as typed, by the flag's name; checked by `Flag.read`.
    """

    def __init__(
        self, table: FlagTable, values: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self.table = table
        self._values = dict(values or {})

    def with_values(self, name: str, *values: str) -> "GivenFlags":
        """Return these flags with the values of one replaced."""
        return GivenFlags(self.table, {**self._values, name: values})

    def within(self, table: FlagTable) -> "GivenFlags":
        """Return these values among the flags of a larger table."""
        return GivenFlags(table, self._values)

    def given(self, name: str) -> bool:
        """Whether the flag was on the command line."""
        return name in self._values

    def texts(self, name: str) -> tuple[str, ...]:
        """Return every value as typed, () when not given."""
        return self._values.get(name, ())

    def text(self, name: str) -> str:
        """Return the last value as typed, or the default."""
        return (self.texts(name) or (self.table[name].default,))[-1]

    def choice(self, name: str) -> str:
        """Return the word chosen, in lower case where any case is allowed."""
        return str(self.table[name].read(self.text(name)))

    def boolean(self, name: str) -> bool:
        """Return the last value of a boolean, or its default."""
        return parse_boolean(self.text(name))

    def integer(self, name: str) -> int:
        """Return the last value of an integer, or its default."""
        return parse_integer(self.text(name))

    def duration(self, name: str) -> timedelta:
        """Return the last value of a duration, or its default."""
        return parse_duration(self.text(name))

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return `key=value` pairs, each key once with its last value."""
        return tuple(dict(parse_pair(text) for text in self.texts(name)).items())
