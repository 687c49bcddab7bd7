r"""Words as trees: how they are written, and what they mean, worked out slowly.

A test draws a tree, writes it down for the product to expand, and compares that with
what the tree means. There is no parser here, and patterns are matched by trying every
way, so that nothing is shared with `domain.dockerfile.word`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Variables: TypeAlias = Mapping[str, str]


@dataclass(frozen=True)
class Text:
    """Plain characters that mean nothing."""

    text: str

    def write(self, escape: str) -> str:
        return self.text

    def mean(self, variables: Variables) -> str:
        return self.text


@dataclass(frozen=True)
class Escaped:
    """A character behind the escape character, outside quotes."""

    char: str

    def write(self, escape: str) -> str:
        return escape + self.char

    def mean(self, variables: Variables) -> str:
        return self.char


@dataclass(frozen=True)
class Single:
    """Raw text in single quotes."""

    text: str

    def write(self, escape: str) -> str:
        return f"'{self.text}'"

    def mean(self, variables: Variables) -> str:
        return self.text


@dataclass(frozen=True)
class Double:
    """Text and substitutions in double quotes."""

    parts: Sequence[Part]

    def write(self, escape: str) -> str:
        special = {'"', "$", escape}
        written = [
            "".join(escape + c if c in special else c for c in part.text)
            if isinstance(part, Text)
            else part.write(escape)
            for part in self.parts
        ]
        return f'"{"".join(written)}"'

    def mean(self, variables: Variables) -> str:
        return mean(self.parts, variables)


@dataclass(frozen=True)
class Plain:
    """`${name}`."""

    name: str

    def write(self, escape: str) -> str:
        return f"${{{self.name}}}"

    def mean(self, variables: Variables) -> str:
        return variables.get(self.name, "")


@dataclass(frozen=True)
class Bare:
    """`$name`, and a character that cannot belong to the name."""

    name: str
    after: str

    def write(self, escape: str) -> str:
        return f"${self.name}{self.after}"

    def mean(self, variables: Variables) -> str:
        return variables.get(self.name, "") + self.after


@dataclass(frozen=True)
class Choice:
    """`${name:-word}` and its kin."""

    name: str
    operator: str
    word: Sequence[Part]

    def write(self, escape: str) -> str:
        return f"${{{self.name}{self.operator}{write(self.word, escape)}}}"

    def mean(self, variables: Variables) -> str:
        given = self.name in variables
        if self.operator[0] == ":":
            given = variables.get(self.name, "") != ""
        if self.operator[-1] == "-":
            return variables[self.name] if given else mean(self.word, variables)
        return mean(self.word, variables) if given else ""


@dataclass(frozen=True)
class Trim:
    """`${name#pattern}`, `##`, `%` and `%%`."""

    name: str
    operator: str
    pattern: Sequence[Atom]

    def write(self, escape: str) -> str:
        pattern = "".join(atom.write(escape) for atom in self.pattern)
        return f"${{{self.name}{self.operator}{pattern}}}"

    def mean(self, variables: Variables) -> str:
        value = variables.get(self.name, "")
        cuts = range(len(value) + 1)
        if self.operator[0] == "#":
            found = [cut for cut in cuts if matches(self.pattern, value[:cut])]
            keep = [value[cut:] for cut in found]
        else:
            found = [cut for cut in cuts if matches(self.pattern, value[cut:])]
            keep = [value[:cut] for cut in found]
        choose = min if len(self.operator) > 1 else max
        return choose(keep, key=len, default=value)


@dataclass(frozen=True)
class Replace:
    """`${name/pattern/text}` and `//`."""

    name: str
    everywhere: bool
    pattern: Sequence[Atom]
    text: str

    def write(self, escape: str) -> str:
        pattern = "".join(atom.write(escape) for atom in self.pattern)
        slashes = "//" if self.everywhere else "/"
        return f"${{{self.name}{slashes}{pattern}/{self.text}}}"

    def mean(self, variables: Variables) -> str:
        """Go from left to right; nothing between two matches is no match of its own."""
        value, made = variables.get(self.name, ""), ""
        position, last_end = 0, -1
        while position <= len(value):
            ends = range(len(value), position - 1, -1)
            fits = (e for e in ends if matches(self.pattern, value[position:e]))
            end = next(fits, None)
            if end is None or (end == position and end == last_end):
                made += value[position : position + 1]
                position += 1
                continue
            made += self.text
            if not self.everywhere:
                return made + value[end:]
            last_end = end
            if end == position:
                made += value[position : position + 1]
                end += 1
            position = end
        return made


@dataclass(frozen=True)
class Atom:
    """One character of a pattern: itself, escaped or not, or a wildcard."""

    char: str
    escaped: bool = False

    def write(self, escape: str) -> str:
        return escape + self.char if self.escaped else self.char

    @property
    def wildcard(self) -> str:
        return "" if self.escaped or self.char not in "*?" else self.char


Part: TypeAlias = (
    Text | Escaped | Single | Double | Plain | Bare | Choice | Trim | Replace
)


def write(parts: Sequence[Part], escape: str) -> str:
    """Return a word as a Dockerfile has it."""
    return "".join(part.write(escape) for part in parts)


def mean(parts: Sequence[Part], variables: Variables) -> str:
    """Return what a word stands for."""
    return "".join(part.mean(variables) for part in parts)


def matches(pattern: Sequence[Atom], text: str) -> bool:
    """Tell whether a pattern matches all of a text."""
    if not pattern:
        return not text
    first, rest = pattern[0], pattern[1:]
    if first.wildcard == "*":
        return any(matches(rest, text[cut:]) for cut in range(len(text) + 1))
    if not text or not (first.wildcard == "?" or first.char == text[0]):
        return False
    return matches(rest, text[1:])
