"""What changed in a root file system, as the plan of a layer.

Compares the model with what was observed on disk. The walk, the stat data and
the contents are the adapters' business; here is only the rule of what belongs
into a layer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from domain.snapshot.entry import FileEntry, FileType, ancestors_of, parent_of
from domain.snapshot.layer_plan import (
    LayerPlan,
    PlannedEntry,
    PlannedRow,
    PlannedWhiteout,
    StoredContent,
)
from domain.snapshot.tree import FileTree
from domain.values import dataclass, field

ROOT_ORIGIN = "root"
"""Origin of contents that are read from the root file system itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What may have changed on disk since the model was true.

    Attributes:
        touched: Row by path as it is on disk now, for every path that is new or
            whose stat data differ. `link_group` is a token shared by the
            touched names of one inode. `sha256` may be "" for a file that
            differs from the model's row in something else.
        gone: Paths of the model that are no longer there. Of a directory that
            is gone the path itself suffices.
    """

    touched: Mapping[str, FileEntry] = field(default_factory=dict)
    gone: Collection[str] = ()


def changes(
    before: FileTree, seen: Observation, origin: str = ROOT_ORIGIN
) -> LayerPlan:
    """Return the layer that makes of `before` what was observed.

    Contents are read from `origin`.

    - A directory is changed by its mode, owner or xattrs, not by its time.
    - Parents of whatever changed are rows, with their present metadata.
    - Of what is gone only the topmost paths are whiteouts, and none below a path
      that is no directory any more.
    - A new name of an unchanged file is a full file; the old name stays out.
    - Existing names that were joined to or parted from each other are changes.
    """
    return _Comparison(before, seen, origin).plan()


def tree_changes(before: FileTree, after: FileTree, origin: str) -> LayerPlan:
    """Return the layer that makes one tree of another, by the same rules.

    What came and went between the two, or is again as it was, is not in it.

    Args:
        before: What is below the layer.
        after: What is to be.
        origin: Where the contents of `after` are read from.
    """
    touched = {
        row.path: row
        for row in after
        if row.link_group or _is_other(before.get(row.path), row)
    }
    gone = [row.path for row in before if row.path not in after]
    return changes(before, Observation(touched=touched, gone=gone), origin)


def _is_other(old: FileEntry | None, now: FileEntry) -> bool:
    """Return whether a path, or what it is linked to, may have changed."""
    return old is None or old.link_group != "" or differs(old, now)


class _Comparison:
    def __init__(self, before: FileTree, seen: Observation, origin: str) -> None:
        self._before = before
        self._origin = origin
        self._touched = seen.touched
        self._gone = frozenset(seen.gone) - seen.touched.keys()
        self._changed: set[str] = set()

    def plan(self) -> LayerPlan:
        self._changed = {
            path
            for path, now in self._touched.items()
            if path and differs(self._before.get(path), now)
        }
        self._changed.update(list(self._relinked()))
        whiteouts = [path for path in self._gone if self._needs_whiteout(path)]
        parents = {
            parent
            for path in (*self._changed, *whiteouts)
            for parent in ancestors_of(path)
        }
        rows: list[PlannedRow] = [PlannedWhiteout(path) for path in whiteouts]
        rows += self._entries(self._changed | parents)
        return LayerPlan.ordered(rows)

    def _now(self, path: str) -> FileEntry | None:
        return self._touched.get(path) or self._before.get(path)

    def _entries(self, paths: Collection[str]) -> Iterator[PlannedEntry]:
        for row in map(self._now, paths):
            if row is not None:
                is_file = row.type is FileType.FILE
                content = StoredContent(self._origin, row.path) if is_file else None
                yield PlannedEntry(row, content)

    def _needs_whiteout(self, path: str) -> bool:
        parent = parent_of(path)
        if path not in self._before or not self._exists(parent):
            return False
        row = self._now(parent)
        return row is not None and row.type is FileType.DIRECTORY

    def _exists(self, path: str) -> bool:
        """Return whether a path of the model is still there, of whatever type."""
        if path in self._touched:
            return True
        if path in self._gone:
            return False
        for parent in ancestors_of(path):
            row = self._touched.get(parent)
            if parent in self._gone or (row and row.type is not FileType.DIRECTORY):
                return False
        return True

    def _relinked(self) -> Iterator[str]:
        """Yield unchanged files that share their inode with other old names now."""
        new_groups = self._new_groups()
        old_groups = self._old_groups()
        for path, now in self._touched.items():
            old = self._before.get(path)
            if path in self._changed or old is None or old.type is not FileType.FILE:
                continue
            new = new_groups[now.link_group] if now.link_group else {path}
            joined = {name for name in new if self._was_file(name)}
            stayed = old_groups[old.link_group] if old.link_group else {path}
            if joined != {name for name in stayed if self._stays(name, new)}:
                yield path

    def _was_file(self, path: str) -> bool:
        row = self._before.get(path)
        return row is not None and row.type is FileType.FILE

    def _stays(self, path: str, group: set[str]) -> bool:
        """Return whether an old name still counts for its group.

        Not one that is gone, and not one that was replaced on its own.
        """
        if not self._exists(path):
            return False
        return path in group or path not in self._changed

    def _new_groups(self) -> dict[str, set[str]]:
        groups: dict[str, set[str]] = defaultdict(set)
        for path, row in self._touched.items():
            groups[row.link_group].add(path)
        return groups

    def _old_groups(self) -> dict[str, set[str]]:
        groups: dict[str, set[str]] = defaultdict(set)
        if any(self._has_group(path) for path in self._touched):
            for row in self._before:
                if row.link_group:
                    groups[row.link_group].add(row.path)
        return groups

    def _has_group(self, path: str) -> bool:
        row = self._before.get(path)
        return row is not None and row.link_group != ""


def differs(old: FileEntry | None, now: FileEntry) -> bool:
    """Return whether a path became something else; link groups do not count."""
    if old is None or old.type is not now.type:
        return True
    if now.type is FileType.DIRECTORY:
        return (old.mode, old.uid, old.gid, old.xattrs) != (
            now.mode,
            now.uid,
            now.gid,
            now.xattrs,
        )
    return old._replace(link_group="") != now._replace(link_group="")
