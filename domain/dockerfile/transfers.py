"""The grammar of COPY and ADD."""

from __future__ import annotations

from typing import NamedTuple

from domain.dockerfile.arguments import (
    exec_form,
    quotes_are_closed,
    split_words,
)
from domain.dockerfile.flags import FlagTable
from domain.dockerfile.heredoc import Heredoc, marker_of
from domain.dockerfile.instruction import Add, Copy
from domain.dockerfile.statement import Statement
from domain.errors import DockerfileError

_COPY_FLAGS = FlagTable(
    strings=("from", "chown", "chmod"),
    lists=("exclude",),
    booleans=("link", "parents"),
)
_ADD_FLAGS = FlagTable(
    strings=("chown", "chmod", "checksum"),
    lists=("exclude",),
    booleans=("link", "unpack", "keep-git-dir"),
)


class _Operands(NamedTuple):
    sources: tuple[str, ...]
    heredocs: tuple[Heredoc, ...]
    destination: str


def parse_copy(statement: Statement) -> Copy:
    """Parse COPY."""
    values = statement.flag_values(_COPY_FLAGS)
    operands = _operands(statement)
    return Copy(
        location=statement.location,
        text=statement.text,
        sources=operands.sources,
        heredocs=operands.heredocs,
        destination=operands.destination,
        chown=values.string("chown"),
        chmod=values.string("chmod"),
        link=bool(values.boolean("link")),
        exclude=values.strings("exclude"),
        from_=values.string("from"),
        parents=bool(values.boolean("parents")),
    )


def parse_add(statement: Statement) -> Add:
    """Parse ADD."""
    values = statement.flag_values(_ADD_FLAGS)
    operands = _operands(statement)
    return Add(
        location=statement.location,
        text=statement.text,
        sources=operands.sources,
        heredocs=operands.heredocs,
        destination=operands.destination,
        chown=values.string("chown"),
        chmod=values.string("chmod"),
        link=bool(values.boolean("link")),
        exclude=values.strings("exclude"),
        checksum=values.string("checksum"),
        unpack=values.boolean("unpack"),
        keep_git_dir=bool(values.boolean("keep-git-dir")),
    )


def _operands(statement: Statement) -> _Operands:
    words = exec_form(statement.rest)
    markers: tuple[bool, ...]
    if words is None:
        words = split_words(statement.rest, statement.escape, heredocs=True)
        closed = quotes_are_closed(statement.rest, statement.escape)
        markers = tuple(closed and marker_of(word) is not None for word in words)
    else:
        markers = (False,) * len(words)
    _check(statement.name, words, markers)
    sources = zip(words[:-1], markers[:-1], strict=True)
    return _Operands(
        sources=tuple(word for word, is_marker in sources if not is_marker),
        heredocs=statement.line.heredocs,
        destination=words[-1],
    )


def _check(name: str, words: tuple[str, ...], markers: tuple[bool, ...]) -> None:
    if len(words) < 2:  # noqa: PLR2004 - a source and a destination
        raise DockerfileError(
            f"{name} needs at least a source and a destination",
            hint=f"write {name} source destination",
        )
    if markers[-1]:
        raise DockerfileError(
            f"the destination of {name} cannot be a heredoc",
            hint="write the path of the file behind it",
        )
