"""Mode changes of `--chmod`: octal, or symbolic as chmod(1) has them."""

from __future__ import annotations

import re
from domain.values import dataclass
from typing import Self

from domain.errors import BuildRuleError
from domain.snapshot.entry import FileEntry, FileType

MAXIMUM_MODE = 0o7777

_ACTION = r"[-+=](?:[ugo]|[rwxXst]*)"
_CLAUSE = re.compile(rf"(?P<who>[ugoa]*)(?P<actions>(?:{_ACTION})+)")
_SHIFTS = {"u": 6, "g": 3, "o": 0}
_BITS = {"r": 4, "w": 2, "x": 1}
_EXECUTABLE = 0o111


@dataclass(frozen=True, slots=True)
class ModeChange:
    """What `--chmod` does to a mode.

    Attributes:
        octal: The mode itself, where it was given as a number.
        clauses: Symbolic clauses in order, (who, operator, permissions).
    """

    octal: int | None = None
    clauses: tuple[tuple[str, str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse "0755", "u=rwX,go=rX" and the like.

        Raises:
            BuildRuleError: It is neither.
        """
        if re.fullmatch("[0-7]+", text) and int(text, 8) <= MAXIMUM_MODE:
            return cls(octal=int(text, 8))
        clauses: list[tuple[str, str, str]] = []
        for part in text.split(","):
            clause = _CLAUSE.fullmatch(part)
            if clause is None:
                message = f"invalid --chmod value {text!r}"
                hint = "use e.g. --chmod=755 or --chmod=u+x"
                raise BuildRuleError(message, hint=hint)
            actions = re.findall(_ACTION, clause["actions"])
            clauses += [(clause["who"], action[0], action[1:]) for action in actions]
        return cls(clauses=tuple(clauses))

    def apply(self, entry: FileEntry) -> FileEntry:
        """Return the row with its mode changed; symlinks stay as they are."""
        if entry.type is FileType.SYMLINK:
            return entry
        if self.octal is not None:
            return entry._replace(mode=self.octal)
        mode = entry.mode
        is_directory = entry.type is FileType.DIRECTORY
        for who, operator, what in self.clauses:
            mode = _apply_clause(mode, who, operator, what, is_directory=is_directory)
        return entry._replace(mode=mode)


def _apply_clause(
    mode: int, who: str, operator: str, what: str, *, is_directory: bool
) -> int:
    classes = "ugo" if not who or "a" in who else who
    bits = 0
    for name in classes:
        bits |= _class_bits(mode, name, what, is_directory=is_directory)
    if "t" in what and (not who or "a" in who):
        bits |= 0o1000
    if operator == "+":
        return mode | bits
    if operator == "-":
        return mode & ~bits
    return (mode & ~_class_mask(classes)) | bits


def _class_bits(mode: int, name: str, what: str, *, is_directory: bool) -> int:
    """Return the bits that permissions mean for one of user, group, others."""
    shift = _SHIFTS[name]
    if what in _SHIFTS:
        return ((mode >> _SHIFTS[what]) & 7) << shift
    bits = sum(_BITS[letter] for letter in set(what) if letter in _BITS)
    if "X" in what and (is_directory or mode & _EXECUTABLE):
        bits |= 1
    special = {"u": 0o4000, "g": 0o2000}.get(name, 0) if "s" in what else 0
    return (bits << shift) | special


def _class_mask(classes: str) -> int:
    mask = 0
    for name in set(classes):
        mask |= 7 << _SHIFTS[name]
        mask |= {"u": 0o4000, "g": 0o2000}.get(name, 0o1000)
    return mask
