"""A merged, read-only view of a root file system at one point of a stage.

A tree is made of layer indexes, lowest first (OCI layer specification,
"Applying Changesets"), or of plain rows (a build context). It answers look-ups,
children and symlink resolution inside the root; it never touches a disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Self

from domain.errors import BuildRuleError, InvalidLayer
from domain.snapshot.entry import ROOT, FileEntry, FileType, join, name_of, parent_of
from domain.snapshot.index import LayerIndex

MAXIMUM_SYMLINKS = 255
"""Symlinks followed in one resolution before it counts as a loop."""


class FileTree:
    """Rows of a file system by path. `apply` returns a new tree."""

    __slots__ = ("_children", "_depth", "_entries")

    def __init__(
        self,
        entries: dict[str, FileEntry],
        children: dict[str, frozenset[str]],
        depth: int,
    ) -> None:
        self._entries = entries
        self._children = children
        self._depth = depth

    @classmethod
    def empty(cls) -> Self:
        """Return the file system of `FROM scratch`: a root directory only."""
        return cls({"": ROOT}, {}, 0)

    @classmethod
    def of(cls, entries: Iterable[FileEntry]) -> Self:
        """Return the tree of plain rows; missing parents are made 0755 root."""
        return cls.empty().apply(LayerIndex(entries={e.path: e for e in entries}))

    def __len__(self) -> int:
        """Return the number of paths, the root included."""
        return len(self._entries)

    def __contains__(self, path: object) -> bool:
        """Return whether the path exists (its symlinks not followed)."""
        return path in self._entries

    def __iter__(self) -> Iterator[FileEntry]:
        """Yield every row, in no order that means anything."""
        return iter(self._entries.values())

    def get(self, path: str) -> FileEntry | None:
        """Return the row of a path, its symlinks not followed."""
        return self._entries.get(path)

    def children(self, path: str) -> list[str]:
        """Return the sorted names in a directory, [] for anything else."""
        return sorted(self._children.get(path, ()))

    def walk(self, path: str) -> Iterator[FileEntry]:
        """Yield the row of a path and of all below it, parents first, sorted."""
        entry = self._entries.get(path)
        if entry is None:
            return
        pending = [entry]
        while pending:
            current = pending.pop()
            yield current
            names = sorted(self._children.get(current.path, ()), reverse=True)
            pending.extend(self._entries[join(current.path, name)] for name in names)

    def is_directory(self, path: str) -> bool:
        """Return whether the path, symlinks followed, is a directory."""
        entry = self._entries.get(self.resolve(path))
        return entry is not None and entry.type is FileType.DIRECTORY

    def resolve(self, path: str, *, follow_last: bool = True) -> str:
        """Return the path with all symlinks replaced, bounded to the root.

        Components that do not exist are kept as they are, so the answer is
        where something would be created.

        Args:
            path: Path as in `FileEntry.path`; ".." and "." are understood, a
                leading slash is ignored.
            follow_last: Whether a symlink that is the last component is followed.

        Raises:
            BuildRuleError: More than `MAXIMUM_SYMLINKS` symlinks (a loop).
        """
        return resolve_path(self._entries.get, path, follow_last=follow_last)

    def apply(self, index: LayerIndex) -> Self:
        """Return the tree with a layer on top; this one does not change.

        Whiteouts and opaque markers hide what lower layers have, whatever their
        place in the layer. An entry that is no directory replaces a directory
        and all below it. Parents that are missing, or no directories, are made
        (0755, root): an entry `lib/x` replaces a symlink `lib` of a lower layer,
        as an overlay of unpacked layers does.

        Raises:
            InvalidLayer: A hard link to a lower file that does not exist.
        """
        merge = _Merge(dict(self._entries), dict(self._children), self._depth + 1)
        targets = {path: self._link_target(index.links[path]) for path in index.links}
        merge.hide(index)
        merge.link(targets)
        merge.add(index.entries)
        return type(self)(merge.entries, merge.frozen_children(), merge.depth)

    def _link_target(self, path: str) -> FileEntry:
        entry = self._entries.get(path)
        if entry is None or entry.type is FileType.DIRECTORY:
            raise InvalidLayer(
                f"the layer has a hard link to /{path}, which is no file",
                hint="the image is damaged: push or fetch it again",
            )
        return entry


class _Merge:
    """Mutable state of one `FileTree.apply`; copies child sets when it must."""

    def __init__(
        self,
        entries: dict[str, FileEntry],
        children: dict[str, frozenset[str]],
        depth: int,
    ) -> None:
        self.entries = entries
        self.depth = depth
        self._children = children
        self._own: dict[str, set[str]] = {}

    def frozen_children(self) -> dict[str, frozenset[str]]:
        for path, names in self._own.items():
            if names:
                self._children[path] = frozenset(names)
            else:
                self._children.pop(path, None)
        return self._children

    def hide(self, index: LayerIndex) -> None:
        for path in index.opaques:
            for name in list(self._names(path)):
                self._remove(join(path, name))
        for path in index.whiteouts:
            self._remove(path)

    def link(self, targets: Mapping[str, FileEntry]) -> None:
        """Add further names of files of lower layers."""
        for path, target in targets.items():
            row = target
            if target.type is FileType.FILE and not target.link_group:
                row = target._replace(link_group=f"{self.depth}:/{target.path}")
                if target.path in self.entries:
                    self.entries[target.path] = row
            self._put(path, row._replace(path=path))

    def add(self, entries: Mapping[str, FileEntry]) -> None:
        for path, entry in entries.items():
            row = entry
            if entry.link_group:
                row = entry._replace(link_group=f"{self.depth}:{entry.link_group}")
            self._put(path, row)

    def _put(self, path: str, entry: FileEntry) -> None:
        old = self.entries.get(path)
        if old is None and path:
            self._link_to_parent(path)
        elif old is not None and FileType.DIRECTORY is old.type is not entry.type:
            self._remove_children(path)
        self.entries[path] = entry

    def _link_to_parent(self, path: str) -> None:
        """Name the path in its parent, making parents that do not exist."""
        child = path
        while child:
            parent = parent_of(child)
            self._own_names(parent).add(name_of(child))
            known = self.entries.get(parent)
            if known is None or known.type is not FileType.DIRECTORY:
                self.entries[parent] = FileEntry(parent, FileType.DIRECTORY)
            if known is not None:
                return
            child = parent

    def _names(self, path: str) -> Iterable[str]:
        if path in self._own:
            return self._own[path]
        return self._children.get(path, ())

    def _own_names(self, path: str) -> set[str]:
        if path not in self._own:
            self._own[path] = set(self._children.get(path, ()))
        return self._own[path]

    def _remove(self, path: str) -> None:
        if not path or path not in self.entries:
            return
        self._remove_children(path)
        del self.entries[path]
        self._own_names(parent_of(path)).discard(name_of(path))

    def _remove_children(self, path: str) -> None:
        pending = [join(path, name) for name in self._names(path)]
        self._own[path] = set()
        while pending:
            current = pending.pop()
            pending.extend(join(current, name) for name in self._names(current))
            self._own[current] = set()
            del self.entries[current]


def resolve_path(
    get: Callable[[str], FileEntry | None], path: str, *, follow_last: bool = True
) -> str:
    """Resolve a path as `FileTree.resolve` does, over any look-up of rows.

    Raises:
        BuildRuleError: More than `MAXIMUM_SYMLINKS` symlinks (a loop).
    """
    pending = _components(path)
    current = ""
    followed = 0
    while pending:
        name = pending.pop()
        if name == "..":
            current = parent_of(current)
            continue
        candidate = join(current, name)
        entry = get(candidate)
        is_link = entry is not None and entry.type is FileType.SYMLINK
        if entry is None or not is_link or not (pending or follow_last):
            current = candidate
            continue
        followed += 1
        if followed > MAXIMUM_SYMLINKS:
            message = f"too many symlinks in /{path}"
            raise BuildRuleError(message, hint="break the loop of symlinks")
        if entry.link_target.startswith("/"):
            current = ""
        pending.extend(_components(entry.link_target))
    return current


def _components(path: str) -> list[str]:
    """Return the components of a path, last one first."""
    return [name for name in reversed(path.split("/")) if name not in ("", ".")]
