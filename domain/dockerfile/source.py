"""From the bytes of a Dockerfile to its logical lines, with a foreign line splitter.

The splitter (behind the port `DockerfileReader`) sees a masked copy of the source: the
same number of lines, but without directives, comments and heredoc bodies, with a
backslash at its end wherever a line really goes on, and with every other
character that a splitter might trip over encoded. It does not know what instructions
mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from domain.dockerfile.arguments import BLANKS, WHITESPACE, cut_word
from domain.dockerfile.directives import Directives
from domain.dockerfile.heredoc import Heredoc, Marker, find_markers
from domain.dockerfile.location import LintWarning, Location
from domain.errors import DockerfileError
from domain.values import dataclass, field

_UNSAFE = re.compile(r"[^\t -\[\]-~]|%")
_ENCODED = re.compile(r"%([0-9A-Fa-f]+);")


class SplitLine(NamedTuple):
    """One instruction as a splitter cuts it from the masked source.

    Attributes:
        instruction: The first word, in any case.
        arguments: The rest, continuation lines joined without their marks.
        first: The 1-based line it starts on.
        last: The 1-based line it ends on.
    """

    instruction: str
    arguments: str
    first: int
    last: int


Splitter = Callable[[str], Sequence[SplitLine]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalLine:
    """An instruction before its grammar is looked at.

    Args:
        instruction: The instruction word in upper case.
        arguments: All that follows, continuation lines joined, without comments.
        location: Its lines, heredoc bodies included.
        heredocs: The here-documents it announces, in order.
        keyword: The instruction word as written.
    """

    instruction: str
    arguments: str
    location: Location
    heredocs: tuple[Heredoc, ...] = ()
    keyword: str = ""

    @property
    def text(self) -> str:
        """The instruction on one line."""
        return f"{self.instruction} {self.arguments}".strip(WHITESPACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedSource:
    """A Dockerfile made safe for a line splitter.

    Args:
        text: What the splitter reads: printable ASCII, tabs and line feeds.
        directives: The directives of the top.
        heredocs: The here-documents of the instruction that starts on a line, and the
            line of the last terminator.
        warnings: What was odd about the lines.
    """

    text: str
    directives: Directives
    heredocs: Mapping[int, tuple[tuple[Heredoc, ...], int]]
    warnings: tuple[LintWarning, ...]

    def unmask(self, lines: Sequence[SplitLine]) -> tuple[LogicalLine, ...]:
        """Turn the splitter's result into logical lines of the original source."""
        return tuple(map(self._unmask, lines))

    def _unmask(self, line: SplitLine) -> LogicalLine:
        heredocs, last = self.heredocs.get(line.first, ((), line.last))
        keyword = _decode(line.instruction)
        return LogicalLine(
            instruction=keyword.upper(),
            arguments=_decode(line.arguments).strip(WHITESPACE),
            location=Location(first=line.first, last=last),
            heredocs=heredocs,
            keyword=keyword,
        )


def logical_lines(
    source: bytes | str, split: Splitter
) -> tuple[MaskedSource, tuple[LogicalLine, ...]]:
    """Mask a Dockerfile, let `split` cut it, and unmask the result.

    Raises:
        DockerfileError: As `mask`.
    """
    masked = mask(source)
    return masked, masked.unmask(split(masked.text))


def mask(source: bytes | str) -> MaskedSource:
    """Make a Dockerfile safe for a line splitter.

    Raises:
        DockerfileError: A directive is wrong, a heredoc is not terminated, a line holds
            nothing but the continuation character, or the file is UTF-16.
    """
    text = source if isinstance(source, str) else _decode_bytes(source)
    lines = text.removeprefix("\ufeff").split("\n")
    if not lines[-1]:
        lines.pop()  # what follows the last line feed is no line
    return _Masker(lines, Directives.parse(lines)).run()


def _decode_bytes(source: bytes) -> str:
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DockerfileError("the file is UTF-16", hint="save it as UTF-8")
    # A stray Latin-1 letter in a comment must not stop a build.
    return source.decode("utf-8", "replace")


@dataclass(slots=True)
class _Statement:
    """The lines of one instruction without its heredocs."""

    first: int  # index of its first line
    pieces: list[str] = field(default_factory=list)  # one per line
    holes: bool = False  # whether a blank line stands between

    @property
    def text(self) -> str:
        return "".join(self.pieces).strip(WHITESPACE)

    def masked(self) -> list[str]:
        """Render one line per piece, each but the last marked as going on."""
        head = self.pieces[0].lstrip(WHITESPACE)
        taken = 1
        # The instruction word may itself be continued, and a splitter wants it with
        # a blank behind it on the first line.
        while taken < len(self.pieces) and not cut_word(head)[1]:
            head += self.pieces[taken]
            taken += 1
        head = head.lstrip(WHITESPACE)
        word = cut_word(head)[0]
        arguments = head[len(word) :].lstrip(BLANKS)
        lines = [f"{_encode(word)} {_encode(arguments)}", *[""] * (taken - 1)]
        lines += map(_encode, self.pieces[taken:])
        return [*(f"{line}\\" for line in lines[:-1]), lines[-1]]


class _Masker:
    def __init__(self, lines: list[str], directives: Directives) -> None:
        self._lines = lines
        self._directives = directives
        escape = re.escape(directives.escape)
        # An escape character before it takes the mark's meaning away.
        self._continued = re.compile(rf"(?<!{escape}){escape}[ \t]*\Z")
        self._position = 0
        self._masked: list[str] = []
        self._heredocs: dict[int, tuple[tuple[Heredoc, ...], int]] = {}
        self._warnings: list[LintWarning] = []

    def run(self) -> MaskedSource:
        while self._position < len(self._lines):
            if _is_nothing(self._lines[self._position]):
                self._position += 1
                self._masked.append("")
            else:
                self._take_instruction()
        return MaskedSource(
            text="\n".join(self._masked) + "\n",
            directives=self._directives,
            heredocs=self._heredocs,
            warnings=tuple(self._warnings),
        )

    def _take_instruction(self) -> None:
        statement = self._take_statement()
        line = statement.first + 1
        if not statement.text:
            raise DockerfileError(
                "the line holds nothing but the continuation character",
                line=line,
                hint="remove it, or continue the instruction above",
            )
        if statement.holes:
            self._warnings.append(
                LintWarning(
                    rule="NoEmptyContinuation",
                    message="an empty line stands inside a continued instruction",
                    line=line,
                )
            )
        self._masked += statement.masked()
        self._take_heredocs(statement)

    def _take_statement(self) -> _Statement:
        statement = _Statement(first=self._position)
        more = True
        while more and self._position < len(self._lines):
            line = self._lines[self._position].rstrip("\r")
            self._position += 1
            if statement.pieces and _is_nothing(line):
                statement.pieces.append("")
                statement.holes |= not line.strip(WHITESPACE)
                continue
            piece = self._continued.sub("", line)
            more = piece != line
            statement.pieces.append(piece)
        return statement

    def _take_heredocs(self, statement: _Statement) -> None:
        markers = find_markers(statement.text, self._directives.escape)
        if not markers:
            return
        first = statement.first + 1
        heredocs = tuple(self._take_body(marker, first) for marker in markers)
        self._heredocs[first] = (heredocs, self._position)

    def _take_body(self, marker: Marker, first: int) -> Heredoc:
        start = self._position
        for index in range(start, len(self._lines)):
            if marker.ends_at(self._lines[index]):
                self._position = index + 1
                self._masked += [""] * (index + 1 - start)
                return Heredoc(
                    name=marker.name,
                    expand=marker.expand,
                    strip_tabs=marker.strip_tabs,
                    body="".join(f"{line}\n" for line in self._lines[start:index]),
                )
        raise DockerfileError(
            f"the heredoc <<{marker.name} is not terminated",
            line=first,
            hint=f"end it with a line that holds only {marker.name}",
        )


def _is_nothing(line: str) -> bool:
    text = line.strip(WHITESPACE)
    return not text or text.startswith("#")


def _encode(text: str) -> str:
    return _UNSAFE.sub(lambda match: f"%{ord(match[0]):x};", text)


def _decode(text: str) -> str:
    return _ENCODED.sub(lambda match: chr(int(match[1], 16)), text)
