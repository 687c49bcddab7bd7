"""Splits a command line into flags and their values, by the grammar of Go's pflag.

It knows names and forms of values alone: what values mean together is judged in
`entrypoints.flags.checks`. Nothing is abbreviated, a boolean never takes the next
word, and the first word that is no flag must be the name of a command.
"""

from collections.abc import Iterator, Sequence

from domain.errors import UsageError
from domain.values import dataclass
from entrypoints.flags.flag import Flag, FlagTable, Kind
from entrypoints.flags.given import GivenFlags


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """A command line, split.

    Attributes:
        given: The flags before the command's name.
        command: Name of the command, "" for the build itself.
        rest: What follows the name of the command.
        operands: The words that are no flags, where there may be some.
        warnings: One line for each outdated spelling.
    """

    given: GivenFlags
    command: str
    rest: tuple[str, ...]
    operands: tuple[str, ...]
    warnings: tuple[str, ...]


def scan(
    arguments: Sequence[str],
    table: FlagTable,
    commands: Sequence[str] = (),
    *,
    operands: int = 0,
) -> Scanned:
    """Split a command line.

    Args:
        arguments: Words after the program's name.
        table: The flags it may hold.
        commands: Words that end the flags and name a command.
        operands: How many words there may be that are neither.

    Raises:
        UsageError: An unknown flag, a missing or malformed value, a stray word.
    """
    return _Scan(table, operands).run(iter(arguments), frozenset(commands))


class _Scan:
    def __init__(self, table: FlagTable, operands: int) -> None:
        self._table = table
        self._may_follow = operands
        self._operands: list[str] = []
        self._values: dict[str, list[str]] = {}
        self._warnings: list[str] = []
        self._bare: str = ""
        """The boolean just given without a value, for a better message."""

    def run(self, words: Iterator[str], commands: frozenset[str]) -> Scanned:
        for word in words:
            if word == "--":
                for operand in words:
                    self._operand(operand)
            elif word.startswith("--"):
                self._long(word, words)
            elif word.startswith("-") and word != "-":
                self._short(word, words)
            elif word in commands:
                return self._result(word, tuple(words))
            else:
                self._operand(word)
        return self._result("", ())

    def _result(self, command: str, rest: tuple[str, ...]) -> Scanned:
        given = {name: tuple(values) for name, values in self._values.items()}
        return Scanned(
            given=GivenFlags(self._table, given),
            command=command,
            rest=rest,
            operands=tuple(self._operands),
            warnings=tuple(dict.fromkeys(self._warnings)),
        )

    def _long(self, word: str, words: Iterator[str]) -> None:
        spelling, separator, value = word[2:].partition("=")
        flag = self._table.long(spelling)
        if flag is None:
            raise unknown_flag(f"--{spelling}", self._table)
        if spelling in flag.deprecated:
            self._warnings.append(f"--{spelling} is deprecated: write --{flag.name}")
        if separator:
            self._record(flag, f"--{spelling}", value)
        else:
            self._value_follows(flag, f"--{spelling}", words)

    def _short(self, word: str, words: Iterator[str]) -> None:
        self._refuse_single_dash(word)
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            flag = self._table.short(letter)
            if flag is None:
                raise unknown_flag(f"-{letter}", self._table)
            if letters.startswith("="):
                self._record(flag, f"-{letter}", letters[1:])
                return
            if flag.kind is Kind.BOOLEAN or not letters:
                self._value_follows(flag, f"-{letter}", words)
            else:
                self._record(flag, f"-{letter}", letters)
                return

    def _refuse_single_dash(self, word: str) -> None:
        """Stop `-destination=x`, which by the grammar means `-d estination=x`."""
        name = word[1:].partition("=")[0]
        if len(name) > 1 and self._table.long(name):
            raise UsageError(
                f"unknown flag -{name}", hint=f"write two dashes: --{name}"
            )

    def _value_follows(self, flag: Flag, spelled: str, words: Iterator[str]) -> None:
        if flag.kind is Kind.BOOLEAN:
            self._record(flag, spelled, "true")
            self._bare = spelled
            return
        value = next(words, None)
        if value is None:
            raise UsageError(
                f"{spelled} needs a value",
                hint=f"write {spelled}={flag.metavar or 'VALUE'}",
            )
        self._record(flag, spelled, value)

    def _record(self, flag: Flag, spelled: str, value: str) -> None:
        self._bare = ""
        if flag.diverts_to and "/" in value:
            self._warnings.append(
                f"{spelled} with a repository is deprecated: write --{flag.diverts_to}"
            )
            flag = self._table[flag.diverts_to]
        try:
            flag.read(value)
        except ValueError as error:
            raise UsageError(
                f'invalid argument "{value}" for {spelled}: {error}'
            ) from error
        values = self._values.setdefault(flag.name, [])
        if not flag.kind.repeats:
            values.clear()
        values.append(value)

    def _operand(self, word: str) -> None:
        if len(self._operands) == self._may_follow:
            raise self._stray(word)
        self._operands.append(word)

    def _stray(self, word: str) -> UsageError:
        hint = None
        if self._table.long("context"):
            hint = "the build context is given with --context=PATH"
        if self._bare:
            hint = f"a value of {self._bare} is written {self._bare}={word}"
        return UsageError(f'unexpected argument "{word}"', hint=hint)


def unknown_flag(spelled: str, table: FlagTable) -> UsageError:
    """Make the error for a flag that does not exist, with the nearest that does."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for this error

    close = get_close_matches(spelled.lstrip("-"), table.spellings, n=1, cutoff=0.7)
    hint = f"did you mean --{close[0]}?" if close else None
    return UsageError(f"unknown flag {spelled}", hint=hint)
