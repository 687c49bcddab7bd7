"""What the command line knows about one flag.

The tables made of these rows are the single source of the parser, the help, the shell
completion and docs/compatibility.md. A row does not say what a flag does to a build:
`entrypoints.flags.build_options` reads the values.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from enum import Enum, StrEnum

from domain.values import dataclass
from entrypoints.flags.values import (
    parse_boolean,
    parse_choice,
    parse_duration,
    parse_integer,
    parse_pair,
)


class Kind(Enum):
    """The form of a flag's value."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    DURATION = "duration"
    TEXT = "text"
    CHOICE = "choice"
    TEXTS = "texts"
    PAIRS = "pairs"

    @property
    def repeats(self) -> bool:
        """Whether every use counts, not the last one alone."""
        return self in {Kind.TEXTS, Kind.PAIRS}


class Group(StrEnum):
    """The heading a flag stands under in the help."""

    INPUT = "Input and build selection"
    IMAGE = "Image"
    OUTPUT = "Output"
    CACHE = "Cache"
    ROOT = "Snapshot and root file system"
    REGISTRY = "Registry"
    LOGGING = "Logging"
    DOCKER = "Docker's habits"
    OTHER = "Other"


class Origin(StrEnum):
    """Whose users know the flag."""

    KANIKO = "kaniko"
    FORK = "kaniko's fork"
    DOCKER = "docker"
    OURS = "kanipy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One flag.

    Attributes:
        name: Long name without dashes.
        kind: Form of its value.
        group: Heading in the help.
        help: One sentence, no full stop.
        metavar: What its value is called in the help; FILE and DIR make the shell
            complete paths.
        default: What counts when it is not given, as it would be typed.
        shorts: One-letter forms.
        aliases: Other long names, as good as the name.
        deprecated: Other long names that warn.
        choices: Words allowed, for `Kind.CHOICE`.
        any_case: The words may be typed in capitals.
        hidden: Not shown in the help.
        diverts_to: Flag that takes a value holding a slash, for a boolean that was a
            repository once.
        origin: Whose users know it.
        differs: How it differs from what they know, "" for not at all.
    """

    name: str
    kind: Kind
    group: Group
    help: str
    metavar: str = ""
    default: str = ""
    shorts: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    deprecated: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    any_case: bool = False
    hidden: bool = False
    diverts_to: str = ""
    origin: Origin = Origin.KANIKO
    differs: str = ""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every long name the flag answers to."""
        return (self.name, *self.aliases, *self.deprecated)

    def read(self, text: str) -> bool | int | timedelta | str | tuple[str, str]:
        """Read one value as typed.

        Raises:
            ValueError: It has not the form of this flag; the text says which.
        """
        match self.kind:
            case Kind.BOOLEAN:
                return parse_boolean(text)
            case Kind.INTEGER:
                return parse_integer(text)
            case Kind.DURATION:
                return parse_duration(text)
            case Kind.CHOICE:
                return self._choose(text)
            case Kind.PAIRS:
                return parse_pair(text)
            case _:
                return text

    def _choose(self, text: str) -> str:
        if not text and not self.default:
            return text
        return parse_choice(text.lower() if self.any_case else text, self.choices)


class FlagTable:
    """The flags of one program, found by any of their spellings.

    Args:
        flags: In the order of the help.
    """

    def __init__(self, flags: Iterable[Flag]) -> None:
        self._flags = tuple(flags)
        self._long = {name: flag for flag in self._flags for name in flag.spellings}
        self._short = {letter: flag for flag in self._flags for letter in flag.shorts}

    def __iter__(self) -> Iterator[Flag]:
        return iter(self._flags)

    def __getitem__(self, spelling: str) -> Flag:
        return self._long[spelling]

    def long(self, spelling: str) -> Flag | None:
        """Return the flag of a long name, None when there is none."""
        return self._long.get(spelling)

    def short(self, letter: str) -> Flag | None:
        """Return the flag of a letter, None when there is none."""
        return self._short.get(letter)

    @property
    def spellings(self) -> tuple[str, ...]:
        """All long names that may be suggested: neither hidden nor deprecated."""
        return tuple(
            name
            for flag in self._flags
            if not flag.hidden
            for name in (flag.name, *flag.aliases)
        )
