"""A layer to be made: ordered rows, each with where its content comes from.

A plan is data. One writer (`LayerStore.write`) turns it into a layer, one
(`RootFilesystem.apply`) applies it to a root file system.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, TypeGuard

from domain.snapshot.entry import FileEntry
from domain.snapshot.index import WHITEOUT_PREFIX
from domain.values import dataclass


class StoredContent(NamedTuple):
    """Content of a file that can be opened in one of the build's file systems.

    Attributes:
        origin: Name of the file system: "context", "root", "stage:0",
            "image:REFERENCE", "archive:1", …; resolved by the service that
            carries out the plan.
        path: Path of the file there, as in `FileEntry.path`.
    """

    origin: str
    path: str


class LiteralContent(NamedTuple):
    """Content that stands in the plan itself (a heredoc)."""

    data: bytes


Content = StoredContent | LiteralContent


class PlannedEntry(NamedTuple):
    """A path that the layer creates or replaces.

    `content` is None for everything but files, and for the second and later
    names of a `link_group`.
    """

    entry: FileEntry
    content: Content | None = None


class PlannedWhiteout(NamedTuple):
    """A path of lower layers that the layer hides."""

    path: str


PlannedRow = PlannedEntry | PlannedWhiteout


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """Rows of a layer in the order they are written.

    Parents come before children, each path at most once, the root directory
    ("") is never a row. `ordered` makes such a plan of any rows.
    """

    rows: tuple[PlannedRow, ...] = ()

    @classmethod
    def ordered(cls, rows: Iterable[PlannedRow]) -> LayerPlan:
        """Make a plan of rows in any order; of equal paths the last row wins.

        The first name of a link group in the sorted order carries the content.
        """
        by_key = {_sort_key(row): row for row in rows}
        return cls(tuple(_content_first(by_key[key] for key in sorted(by_key))))

    @property
    def is_empty(self) -> bool:
        """Whether the plan changes nothing."""
        return not self.rows


def whiteout_name(path: str) -> str:
    """Return the path of the marker file that hides `path` in a layer."""
    directory, slash, name = path.rpartition("/")
    return f"{directory}{slash}{WHITEOUT_PREFIX}{name}"


def _sort_key(row: PlannedRow) -> tuple[str, ...]:
    if isinstance(row, PlannedWhiteout):
        return tuple(whiteout_name(row.path).split("/"))
    return tuple(row.entry.path.split("/"))


def _content_first(rows: Iterable[PlannedRow]) -> Iterable[PlannedRow]:
    """Move the content of each link group to its first name.

    A group of one name is no group.
    """
    ordered = list(rows)
    linked = [row for row in ordered if _is_linked(row)]
    sizes = Counter(row.entry.link_group for row in linked)
    contents = {row.entry.link_group: row.content for row in linked if row.content}
    for row in ordered:
        if not isinstance(row, PlannedEntry) or not row.entry.link_group:
            yield row
        elif sizes[row.entry.link_group] == 1:
            yield row._replace(entry=row.entry._replace(link_group=""))
        else:
            yield row._replace(content=contents.pop(row.entry.link_group, None))


def _is_linked(row: PlannedRow) -> TypeGuard[PlannedEntry]:
    return isinstance(row, PlannedEntry) and bool(row.entry.link_group)
