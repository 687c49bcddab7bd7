"""Expansion of `$name` and `${name…}` in one word, with its quotes and escapes.

It reads variables through a function or mapping and knows nothing of ARG and ENV.
Rules and forms are those of BuildKit's Dockerfile frontend.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from domain.dockerfile.arguments import WHITESPACE
from domain.dockerfile.pattern import find_suffix, shell_pattern
from domain.errors import DockerfileError
from domain.values import dataclass

Lookup = Callable[[str], str | None]
"""Returns a variable's value, or None where it is unset."""

_NAME = re.compile(r"\d+|[@*#?$!-]|\w+")
_SPACE = re.compile(f"([{re.escape(WHITESPACE)}]+)")
_DEEPEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """What a word became.

    Args:
        text: The word, expanded, without its quotes and escapes.
        words: The same split on unquoted blanks, also those that a variable brought.
        used: Names that were read and set.
        unset: Names that were read and not set, but for those that came with a word
            for that case.
    """

    text: str
    words: tuple[str, ...]
    used: frozenset[str]
    unset: frozenset[str]


def expand(
    word: str,
    variables: Mapping[str, str] | Lookup,
    *,
    escape: str = "\\",
    line: int | None = None,
) -> str:
    """Return `word` expanded. Arguments and errors as for `expansion`."""
    return expansion(word, variables, escape=escape, line=line).text


def expand_to_words(
    word: str,
    variables: Mapping[str, str] | Lookup,
    *,
    escape: str = "\\",
    line: int | None = None,
) -> tuple[str, ...]:
    """Return the words that `word` expands to: none, one or several (EXPOSE)."""
    return expansion(word, variables, escape=escape, line=line).words


def expand_body(
    body: str, variables: Mapping[str, str] | Lookup, *, line: int | None = None
) -> str:
    """Expand a heredoc body of COPY or ADD: quotes are text, a backslash escapes."""
    return expansion(body, variables, line=line, quotes=False).text


def expansion(
    word: str,
    variables: Mapping[str, str] | Lookup,
    *,
    escape: str = "\\",
    line: int | None = None,
    quotes: bool = True,
) -> Expansion:
    """Expand `word` and tell which names it read.

    Args:
        word: A word as the grammar keeps it.
        variables: The environment before the instruction.
        escape: The Dockerfile's escape character.
        line: The line that errors name.
        quotes: Whether quotes mean anything.

    Raises:
        DockerfileError: A quote or brace is not closed, a substitution is none,
            or `${name:?message}` found nothing.
    """
    lookup = variables.get if isinstance(variables, Mapping) else variables
    expander = _Expander(word, lookup, escape, quotes=quotes)
    try:
        pieces = expander.run()
    except DockerfileError as error:
        raise DockerfileError(
            f"{error.message} in {word!r}", line=line, hint=error.hint
        ) from None
    return Expansion(
        text="".join(piece for piece, _ in pieces),
        words=_words(pieces),
        used=frozenset(expander.used),
        unset=frozenset(expander.unset),
    )


_Pieces = list[tuple[str, bool]]  # text, and whether blanks in it separate words


def _words(pieces: _Pieces) -> tuple[str, ...]:
    words = [""]
    for text, splits in pieces:
        parts = _SPACE.split(text)[::2] if splits else [text]
        words[-1] += parts[0]
        words += parts[1:]
    return tuple(filter(None, words))


class _Expander:
    """One pass over one word; a recursive descent, as substitutions nest."""

    def __init__(
        self, word: str, lookup: Lookup, escape: str, *, quotes: bool = True
    ) -> None:
        self._word = word
        self._lookup = lookup
        self._escape = escape
        self._quotes = "'\"" if quotes else ""
        self._position = 0
        self._depth = 0
        self.used: set[str] = set()
        self.unset: set[str] = set()

    def run(self) -> _Pieces:
        return self._until("", raw=False)

    def _peek(self) -> str:
        return self._word[self._position : self._position + 1]

    def _next(self) -> str:
        char = self._peek()
        self._position += 1
        return char

    def _until(self, stop: str, *, raw: bool) -> _Pieces:
        """Read up to and with `stop` (or the end); `raw` keeps escape characters."""
        pieces: _Pieces = []
        while char := self._next():
            if char == stop:
                return pieces
            pieces.append(self._piece(char, raw=raw))
        if stop:
            raise _unclosed("${")
        return pieces

    def _piece(self, char: str, *, raw: bool) -> tuple[str, bool]:
        if char == "$":
            return self._dollar(), True
        if char in self._quotes:
            quoted = self._double(raw=raw) if char == '"' else self._single()
            return quoted, False
        if char == self._escape:
            return (char if raw else "") + self._next(), False
        return char, True

    def _single(self) -> str:
        end = self._word.find("'", self._position)
        if end < 0:
            raise _unclosed("'")
        text = self._word[self._position : end]
        self._position = end + 1
        return text

    def _double(self, *, raw: bool) -> str:
        text: list[str] = []
        while char := self._next():
            if char == '"':
                return "".join(text)
            if char == "$":
                text.append(self._dollar())
            elif char == self._escape:
                text.append(self._escaped_in_quotes(raw=raw))
            else:
                text.append(char)
        raise _unclosed('"')

    def _escaped_in_quotes(self, *, raw: bool) -> str:
        special = self._peek() in ('"', "$", self._escape)
        if not special:
            return self._escape
        return (self._escape if raw else "") + self._next()

    def _dollar(self) -> str:
        if self._peek() != "{":
            name = self._name()
            return (self._value(name) or "") if name else "$"
        self._next()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise DockerfileError("substitutions are nested too deeply")
        text = self._braces()
        self._depth -= 1
        return text

    def _name(self) -> str:
        match = _NAME.match(self._word, self._position)
        if match is None:
            return ""
        self._position = match.end()
        return match[0]

    def _value(self, name: str, *, may_be_unset: bool = False) -> str | None:
        value = self._lookup(name)
        if value is not None:
            self.used.add(name)
        elif not may_be_unset:
            self.unset.add(name)
        return value

    def _braces(self) -> str:
        name = self._name()
        if not name:
            raise _bad_substitution() if self._peek() else _unclosed("${")
        operator = self._next()
        if not operator:
            raise _unclosed("${")
        if operator == "}":
            return self._value(name) or ""
        if operator == "/":
            return self._replace(name)
        if operator == ":":
            operator += self._next()
        return self._modify(name, operator)

    def _modify(self, name: str, operator: str) -> str:
        if operator in ("#", "%"):
            return self._trim(name, operator)
        if operator.removeprefix(":") not in ("-", "+", "?"):
            raise DockerfileError(
                f"unsupported modifier {operator} of ${{{name}}}",
                hint="known are :- - :+ + :? ? # ## % %% / and //",
            )
        word = self._text_until("}")
        value = self._value(name, may_be_unset=operator[-1] != "?")
        given = bool(value) if operator.startswith(":") else value is not None
        match operator[-1]:
            case "-":
                return (value or "") if given else word
            case "+":
                return word if given else ""
            case _:
                if not given:
                    raise _required(name, word, empty=value is not None)
                return value or ""

    def _trim(self, name: str, operator: str) -> str:
        longest = self._peek() == operator
        if longest:
            self._next()
        pattern = self._text_until("}", raw=True)
        value = self._value(name) or ""
        if operator == "%":
            return value[: find_suffix(pattern, value, self._escape, longest=longest)]
        match = shell_pattern(pattern, self._escape, longest=longest).match(value)
        return value[match.end() :] if match else value

    def _replace(self, name: str) -> str:
        everywhere = self._peek() == "/"
        if everywhere:
            self._next()
        pattern = self._text_until("/", raw=True)
        replacement = self._text_until("}", raw=True)
        found = shell_pattern(pattern, self._escape, longest=True)
        value = self._value(name) or ""
        return _replaced(found, value, replacement, count=None if everywhere else 1)

    def _text_until(self, stop: str, *, raw: bool = False) -> str:
        return "".join(piece for piece, _ in self._until(stop, raw=raw))


def _replaced(
    found: re.Pattern[str], value: str, replacement: str, count: int | None
) -> str:
    pieces: list[str] = []
    start = 0
    for match in islice(_matches_apart(found, value), count):
        pieces += [value[start : match.start()], replacement]
        start = match.end()
    return "".join(pieces) + value[start:]


def _matches_apart(found: re.Pattern[str], value: str) -> Iterator[re.Match[str]]:
    """Yield the matches; an empty one right behind another is none (Go's rule)."""
    end = -1
    for match in found.finditer(value):
        if match.end() > end:
            yield match
        end = match.end()


def _unclosed(opening: str) -> DockerfileError:
    return DockerfileError(
        f"{opening} is not closed",
        hint="close it, or put the escape character before it to mean it literally",
    )


def _bad_substitution() -> DockerfileError:
    return DockerfileError(
        "bad substitution", hint="a variable is written $name or ${name}"
    )


def _required(name: str, message: str, *, empty: bool) -> DockerfileError:
    state = "empty" if empty else "unset"
    return DockerfileError(
        f"{name}: {message or f'is not allowed to be {state}'}",
        hint=f"give {name} a value by ARG, ENV or --build-arg",
    )
