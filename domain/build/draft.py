"""A layer under construction over a file tree.

A draft collects the rows of one COPY, ADD or WORKDIR. Look-ups see what was
put into the draft before, so that a later source meets what an earlier one made.
"""

from __future__ import annotations

from domain.errors import BuildRuleError
from domain.snapshot.entry import FileEntry, FileType, ancestors_of, parent_of
from domain.snapshot.layer_plan import (
    Content,
    LayerPlan,
    PlannedEntry,
    PlannedRow,
    PlannedWhiteout,
)
from domain.snapshot.tree import FileTree, resolve_path


class Draft:
    """Rows to be laid over `tree`."""

    def __init__(self, tree: FileTree) -> None:
        self._tree = tree
        self._rows: dict[str, PlannedEntry] = {}
        self._cleared: set[str] = set()

    def get(self, path: str) -> FileEntry | None:
        """Return the row a path has with the draft in place."""
        row = self._rows.get(path)
        if row is not None:
            return row.entry
        if self._cleared and self._is_below_cleared(path):
            return None
        return self._tree.get(path)

    def resolve(self, path: str, *, follow_last: bool = True) -> str:
        """Return the path with its symlinks replaced, bounded to the root."""
        return resolve_path(self.get, path, follow_last=follow_last)

    def is_directory(self, path: str) -> bool:
        """Return whether the path (no symlink followed) is a directory."""
        entry = self.get(path)
        return entry is not None and entry.type is FileType.DIRECTORY

    def put(self, entry: FileEntry, content: Content | None = None) -> None:
        """Create or replace a path; its parent is a directory already.

        What is no directory replaces a directory and all below it.
        """
        if not entry.path:
            return
        if entry.type is not FileType.DIRECTORY and self.is_directory(entry.path):
            self._clear(entry.path)
        self._rows[entry.path] = PlannedEntry(entry, content)

    def make_directories(self, path: str, template: FileEntry) -> None:
        """Make a directory and its missing parents, as `mkdir -p` does.

        Args:
            path: A resolved path; what exists of it stays as it is.
            template: Owner, mode and time of the directories that are made.

        Raises:
            BuildRuleError: A component exists and is no directory.
        """
        for directory in [*ancestors_of(path), path] if path else []:
            entry = self.get(directory)
            if entry is None:
                self._rows[directory] = PlannedEntry(template._replace(path=directory))
            elif entry.type is not FileType.DIRECTORY:
                message = f"/{directory} is not a directory"
                hint = "choose another destination, or remove the file first"
                raise BuildRuleError(message, hint=hint)

    def touch(self, path: str, mtime_ns: int) -> None:
        """Give a directory, if it exists, another modification time."""
        entry = self.get(path)
        if entry is not None:
            self.put(entry._replace(mtime_ns=mtime_ns))

    def plan(self) -> LayerPlan:
        """Return the layer: the rows, the parents they have in the tree."""
        rows: dict[str, PlannedRow] = dict(self._rows)
        for path in self._rows:
            for parent in reversed(ancestors_of(path)):
                if parent in rows:
                    break
                known = self._tree.get(parent)
                rows[parent] = PlannedEntry(known or _plain_directory(parent))
        return LayerPlan.ordered([*rows.values(), *self._whiteouts()])

    def _whiteouts(self) -> list[PlannedWhiteout]:
        """Return what a directory that was replaced and made anew must hide."""
        return [
            PlannedWhiteout(entry.path)
            for path in self._cleared
            for entry in self._tree.walk(path)
            if entry.path not in self._rows
            and self._is_planned_directory(parent_of(entry.path))
        ]

    def _is_planned_directory(self, path: str) -> bool:
        row = self._rows.get(path)
        return row is not None and row.entry.type is FileType.DIRECTORY

    def _clear(self, path: str) -> None:
        self._cleared.add(path)
        below = f"{path}/"
        for known in [known for known in self._rows if known.startswith(below)]:
            del self._rows[known]

    def _is_below_cleared(self, path: str) -> bool:
        return any(parent in self._cleared for parent in ancestors_of(path))


def _plain_directory(path: str) -> FileEntry:
    return FileEntry(path, FileType.DIRECTORY)
