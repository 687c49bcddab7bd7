"""The rows of one layer: what it adds, what it hides.

An index is what reading (or writing) a layer once leaves behind; it holds no
file content but that of the account files. How it is read from a tar stream is
the business of `adapters.archive`.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.snapshot.entry import FileEntry, FileType
from domain.values import dataclass, field, replace

WHITEOUT_PREFIX = ".wh."
"""File name prefix that hides a path of lower layers (OCI layer, "Whiteouts")."""

OPAQUE_WHITEOUT = ".wh..wh..opq"
"""File name that hides all children a directory has in lower layers."""

WHITEOUT_META_PREFIX = ".wh..wh."
"""Prefix of names that AUFS kept for itself; they never name a file."""

ACCOUNT_PATHS = frozenset({"etc/passwd", "etc/group"})
"""Files whose bytes an index keeps, as far as they are regular files."""

MAXIMUM_ACCOUNT_FILE = 16 << 20
"""Bytes of one of them that we are ready to hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerIndex:
    """What one layer does to the file system below it.

    Attributes:
        entries: Row by path, in the order of the layer; of several rows for one
            path the last. Hard-linked names carry the row of their target with
            the same `link_group`.
        whiteouts: Paths of lower layers that the layer hides.
        opaques: Directories whose children in lower layers the layer hides.
        links: Target by path, of hard links to a file that only lower layers
            have (no row in `entries`; the tree takes the target's).
        accounts: Bytes of the files of `ACCOUNT_PATHS` the layer contains.
        is_thin: Whether of its files only path and link group are known.
    """

    entries: Mapping[str, FileEntry] = field(default_factory=dict)
    whiteouts: tuple[str, ...] = ()
    opaques: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, bytes] = field(default_factory=dict)
    is_thin: bool = False

    @property
    def thin(self) -> LayerIndex:
        """This index without what only full ones have."""
        entries = {
            path: FileEntry(path, row.type, link_group=row.link_group)
            if row.type is FileType.FILE
            else row
            for path, row in self.entries.items()
        }
        return replace(self, entries=entries, is_thin=True)

    def describes(self, full: LayerIndex) -> bool:
        """Return whether this index says, as far as it goes, what a full one says."""
        read = full.thin if self.is_thin else full
        return (
            _with_own_groups(self.entries) == _with_own_groups(read.entries)
            and set(self.whiteouts) == set(full.whiteouts)
            and set(self.opaques) == set(full.opaques)
            and self.links == full.links
            and self.accounts == full.accounts
        )


def _with_own_groups(entries: Mapping[str, FileEntry]) -> dict[str, FileEntry]:
    """Return rows whose link groups are named by their first path."""
    first: dict[str, str] = {}
    return {
        path: row._replace(link_group=first.setdefault(row.link_group, path))
        if row.link_group
        else row
        for path, row in sorted(entries.items())
    }


EMPTY_INDEX = LayerIndex()
