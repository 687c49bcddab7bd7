"""Cutting the arguments of an instruction: flags, words, exec form.

Words are only cut here, never expanded: quotes and escapes stay in them for
`domain.dockerfile.word`.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from domain.errors import DockerfileError

WHITESPACE = " \t\v\f\r\n\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""Unicode's White_Space, which is not what `str.isspace` goes by."""

BLANKS = " \t\v\f\r"
"""What separates words."""

_BLANK_RUN = re.compile(r"[ \t\v\f\r]+")

# `$((1 << 2))` shifts bits; BuildKit takes it for a heredoc that never ends.
_ARITHMETIC = r"\$\(\((?:[^()]|\([^()]*\))*\)\)"


class Flag(NamedTuple):
    """A flag as written: `--name` (value None) or `--name=value`."""

    name: str
    value: str | None


def cut_word(text: str) -> tuple[str, str]:
    """Return the first word of `text` and what follows it, both without blanks."""
    word, *rest = _BLANK_RUN.split(text.strip(WHITESPACE), maxsplit=1)
    return word, rest[0] if rest else ""


def cut_flags(arguments: str) -> tuple[tuple[Flag, ...], str]:
    """Split leading `--name[=value]` words from the rest of the arguments.

    Quotes and backslashes are taken off flags, as BuildKit does; a lone `--` ends
    them.
    """
    flags: list[Flag] = []
    rest = arguments.strip(WHITESPACE)
    while rest.startswith("--"):
        word, rest = _cut_flag(rest)
        if word == "--":
            break
        name, equals, value = word[2:].partition("=")
        flags.append(Flag(name, value if equals else None))
    return tuple(flags), rest


def _cut_flag(text: str) -> tuple[str, str]:
    word: list[str] = []
    quote = ""
    position = 0
    while position < len(text):
        char = text[position]
        position += 1
        if char == "\\":
            word.append(text[position : position + 1])
            position += 1
        elif quote:
            word.append(char if char != quote else "")
            quote = quote if char != quote else ""
        elif char in "'\"":
            quote = char
        elif char in BLANKS:
            break
        else:
            word.append(char)
    return "".join(word), text[position:].lstrip(WHITESPACE)


def split_blanks(text: str) -> tuple[str, ...]:
    """Split on blanks alone; quotes mean nothing."""
    return tuple(filter(None, _BLANK_RUN.split(text)))


def split_words(text: str, escape: str, *, heredocs: bool = False) -> tuple[str, ...]:
    """Split on blanks outside quotes; the words keep quotes and escapes.

    A quote that is never closed is no quote: the text is then split on blanks alone,
    and expanding the word that holds it says what is wrong.

    Args:
        text: The arguments without flags.
        escape: The Dockerfile's escape character.
        heredocs: Whether blanks after `<<` or `<<-` belong to the word (`<< EOF`).
    """
    cutter = _WordCutter(text, escape, heredocs=heredocs)
    return cutter.words() if cutter.balanced else split_blanks(text)


def quotes_are_closed(text: str, escape: str) -> bool:
    """Tell whether each quote of `text` is closed."""
    return _WordCutter(text, escape, heredocs=False).balanced


class _WordCutter:
    def __init__(self, text: str, escape: str, *, heredocs: bool) -> None:
        mark = re.escape(escape)
        self._tokens = re.compile(
            # a single-quoted string, a double-quoted one, an escaped character
            rf"'[^']*'|\"(?:{mark}.|[^\"{mark}])*\"|{mark}."
            + (rf"|{_ARITHMETIC}|<<-?[ \t]*" if heredocs else "")
            + r"|(?P<blanks>[ \t\v\f\r\n]+)|(?P<quote>['\"])"
            + rf"|[^ \t\v\f\r\n'\"<${mark}]+|.",
            re.DOTALL,
        )
        self._words: list[str] = []
        self.balanced = True
        self._cut(text)

    def words(self) -> tuple[str, ...]:
        return tuple(filter(None, self._words))

    def _cut(self, text: str) -> None:
        self._words.append("")
        for token in self._tokens.finditer(text):
            if token["quote"]:
                self.balanced = False
            if token["blanks"]:
                self._words.append("")
            else:
                self._words[-1] += token[0]


def exec_form(text: str) -> tuple[str, ...] | None:
    """Read a JSON array of strings, or return None where the text is no JSON array.

    Raises:
        DockerfileError: It is a JSON array, but not of strings alone.
    """
    if not text.startswith("["):
        return None
    try:
        values = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(value, str) for value in values):
        raise DockerfileError(
            "an array in exec form may hold only strings",
            hint='put double quotes around each element: ["name", "1"]',
        )
    return tuple(map(_scalar_values, values))


def _no_constant(name: str) -> None:
    # Python reads NaN and Infinity, which JSON does not know.
    raise ValueError(name)


def _scalar_values(text: str) -> str:
    # "\ud800" is valid JSON, but half a character cannot be written anywhere.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
