"""Here-documents: finding `<<WORD` in an instruction and holding what it names.

It does not know which lines form the body; `domain.dockerfile.source` does.
"""

from __future__ import annotations

import re

from domain.dockerfile.arguments import (
    cut_flags,
    cut_word,
    exec_form,
    quotes_are_closed,
    split_words,
)
from domain.errors import DockerfileError
from domain.values import dataclass

_MARKER = re.compile(r"[0-9]*<<(-?)[ \t]*([^<]+)")
_LEADING_TABS = re.compile(r"^\t+", re.MULTILINE)
_WITH_HEREDOCS = frozenset({"RUN", "COPY", "ADD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A `<<WORD` in an instruction.

    Args:
        name: The word without its quotes: the terminator, and for COPY and ADD the
            name of the file.
        expand: Whether variables in the body are meant to be expanded (no quote).
        strip_tabs: Whether leading tabs are dropped (`<<-`).
    """

    name: str
    expand: bool
    strip_tabs: bool

    def ends_at(self, line: str) -> bool:
        """Tell whether `line` is the terminator."""
        text = line.rstrip("\r\n")
        return self.name == (text.lstrip("\t") if self.strip_tabs else text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heredoc:
    """A here-document with its body.

    Args:
        name: Its terminator, and for COPY and ADD the name of the file.
        expand: Whether variables in the body are expanded (by COPY and ADD; the
            shell of a RUN does it itself).
        strip_tabs: Whether leading tabs are dropped.
        body: The lines between, as they stand in the file, each with its line end.
    """

    name: str
    expand: bool
    strip_tabs: bool
    body: str

    @property
    def content(self) -> str:
        """The body, without leading tabs where `<<-` asks for it."""
        return _LEADING_TABS.sub("", self.body) if self.strip_tabs else self.body


def marker_of(word: str) -> Marker | None:
    """Read one word as `[fd]<<[-]WORD`, or return None where it is something else."""
    match = _MARKER.fullmatch(word)
    if match is None:
        return None
    name, quoted = _unquote(match[2])
    if not name:
        return None
    return Marker(name=name, expand=not quoted, strip_tabs=match[1] == "-")


def find_markers(instruction: str, escape: str) -> tuple[Marker, ...]:
    """List the here-documents that a whole instruction (joined lines) announces.

    Only RUN, COPY and ADD have them, also behind ONBUILD, and not in exec form.
    """
    if "<<" not in instruction:
        return ()
    word, arguments = cut_word(instruction)
    if word.upper() == "ONBUILD":
        word, arguments = cut_word(arguments)
    rest = cut_flags(arguments)[1]
    if word.upper() not in _WITH_HEREDOCS or _is_exec_form(rest):
        return ()
    if not quotes_are_closed(rest, escape):
        return ()
    markers = map(marker_of, split_words(rest, escape, heredocs=True))
    return tuple(marker for marker in markers if marker is not None)


def _is_exec_form(text: str) -> bool:
    try:
        return exec_form(text) is not None
    except DockerfileError:
        return True  # the grammar will say what is wrong with it


def _unquote(text: str) -> tuple[str, bool]:
    quoted = False
    name: list[str] = []
    quote = ""
    position = 0
    while position < len(text):
        char = text[position]
        position += 1
        if char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote, quoted = char, True
        elif char == "\\" and quote != "'":
            name.append(text[position : position + 1])
            position += 1
        else:
            name.append(char)
    return "".join(name), quoted
