"""The flags an instruction knows, and checking those that were written."""

from __future__ import annotations

from collections.abc import Sequence

from domain.dockerfile.arguments import Flag
from domain.errors import DockerfileError
from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagTable:
    """The flags of one instruction.

    Args:
        strings: Flags with a value, at most once.
        lists: Flags with a value, any number of times.
        booleans: Flags that may stand alone.
    """

    strings: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    booleans: tuple[str, ...] = ()

    def parse(self, instruction: str, flags: Sequence[Flag]) -> FlagValues:
        """Check the flags of `instruction`.

        Raises:
            DockerfileError: A flag is unknown, repeated, or has a wrong value.
        """
        values: dict[str, list[str]] = {}
        for flag in flags:
            self._check(instruction, flag, repeated=flag.name in values)
            values.setdefault(flag.name, []).append(self._value(flag))
        return FlagValues(values)

    def _check(self, instruction: str, flag: Flag, *, repeated: bool) -> None:
        known = (*self.strings, *self.lists, *self.booleans)
        if flag.name not in known:
            raise DockerfileError(
                f"unknown flag --{flag.name} for {instruction}",
                hint=f"{instruction} knows {_listed(known)}",
            )
        if repeated and flag.name not in self.lists:
            raise DockerfileError(
                f"the flag --{flag.name} stands twice",
                hint="keep one of them; repeatable flags of "
                f"{instruction} are {_listed(self.lists)}",
            )

    def _value(self, flag: Flag) -> str:
        if flag.name not in self.booleans:
            if flag.value is None:
                raise DockerfileError(
                    f"the flag --{flag.name} has no value",
                    hint=f"write --{flag.name}=VALUE",
                )
            return flag.value
        value = "true" if flag.value is None else flag.value.lower()
        if value not in ("true", "false"):
            raise DockerfileError(
                f"the flag --{flag.name} cannot be {flag.value!r}",
                hint="it is true or false; without a value it is true",
            )
        return value


@dataclass(frozen=True, slots=True)
class FlagValues:
    """The flags as given; each was checked to be known and of its kind."""

    values: dict[str, list[str]]

    def string(self, name: str) -> str | None:
        """Return a flag's value, or None where it was not given or is empty."""
        return self.values.get(name, [""])[0] or None

    def strings(self, name: str) -> tuple[str, ...]:
        """Return all values of a repeatable flag."""
        return tuple(self.values.get(name, ()))

    def boolean(self, name: str) -> bool | None:
        """Return a boolean, or None where it was not given."""
        values = self.values.get(name)
        return values[0] == "true" if values else None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"--{name}" for name in names) or "no flags"
