"""Root file systems in memory: `RootFilesystems` for tests.

The disk is a `FileTree` and a dictionary of contents. What a RUN would do is
done by the methods that no port has: `write_file`, `make`, `link`, `remove`.
Times of directories do not move by themselves.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import BinaryIO

from adapters.archive.content import planned_content
from adapters.archive.layer_reader import LayerReader, verified_tar
from adapters.archive.layer_rows import Put
from application.errors import FilesystemError
from application.ports.layers import OpenContent
from domain.image.digest import Digest
from domain.snapshot.changes import Observation, changes
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.exclusion import Exclusions
from domain.snapshot.index import LayerIndex
from domain.snapshot.layer_plan import LayerPlan, PlannedEntry, PlannedWhiteout
from domain.snapshot.tree import FileTree


class MemoryRoot:
    """`RootFilesystem` without a disk.

    Attributes:
        tree: What is there now.
        discarded: Whether `discard` was called.
    """

    def __init__(self, path: str, exclusions: Exclusions) -> None:
        self.tree = FileTree.empty()
        self.discarded = False
        self._path = path
        self._exclusions = exclusions
        self._known = self.tree
        self._contents: dict[str, bytes] = {}
        self._ticks = 0

    @property
    def path(self) -> str:
        """A name for the root; nothing is there."""
        return self._path

    def extract(self, layer: BinaryIO, media_type: str, diff_id: Digest) -> LayerIndex:
        """Unpack one layer over the root; see the port."""
        del media_type
        with verified_tar(layer, diff_id) as chunks:
            reader = LayerReader(chunks)
            for row in reader:
                if isinstance(row, Put):
                    self._keep(reader.content())
        index = reader.rows.index()
        self._known = self.tree = self.tree.apply(index)
        return index

    def apply(self, plan: LayerPlan, open_content: OpenContent) -> None:
        """Carry out a plan; see the port."""
        entries: dict[str, FileEntry] = {}
        digests: dict[str, str] = {}
        for row in plan.rows:
            if not isinstance(row, PlannedEntry):
                continue
            entry = row.entry
            if entry.type is FileType.FILE and entry.link_group not in digests:
                sha256 = self._keep(planned_content(row, open_content))
                digests[entry.link_group or entry.path] = sha256
            sha256 = digests.get(entry.link_group or entry.path, "")
            entries[entry.path] = entry._replace(sha256=sha256)
        hidden = [row.path for row in plan.rows if isinstance(row, PlannedWhiteout)]
        index = LayerIndex(entries=entries, whiteouts=tuple(hidden))
        self._known = self.tree = self.tree.apply(index)

    def changes(self, before: FileTree) -> LayerPlan:
        """Return what was changed since the root was last known; see the port."""
        covers = self._exclusions.covers
        touched = {
            row.path: row
            for row in self.tree
            if self._known.get(row.path) != row and not covers(row.path)
        }
        gone = [row.path for row in self._known if row.path not in self.tree]
        observation = Observation(
            touched=touched, gone=[path for path in gone if not covers(path)]
        )
        self._known = self.tree
        return changes(before, observation)

    def open(self, path: str) -> BinaryIO:
        """Open a regular file; see the port."""
        row = self.tree.get(path)
        if row is None or row.type is not FileType.FILE:
            raise FilesystemError(f"cannot read /{path}: it is no regular file")
        return io.BytesIO(self._contents[row.sha256])

    def discard(self) -> None:
        """Mark the root as removed."""
        self.discarded = True

    # ------------------------------------------------- what processes do

    def write_file(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Write a file as a process would: through all names of a hard link."""
        old = self.tree.get(path)
        sha256 = self._keep([data])
        size, mtime_ns = len(data), self._now()
        if old is None or old.type is not FileType.FILE:
            entry = FileEntry(path, FileType.FILE, mode, sha256=sha256)
            self.make(entry._replace(size=size, mtime_ns=mtime_ns))
            return
        same = [row for row in self.tree if row.link_group == old.link_group]
        names = same if old.link_group else [old]
        self.make(
            *(
                row._replace(size=size, mtime_ns=mtime_ns, sha256=sha256)
                for row in names
            )
        )

    def make(self, *entries: FileEntry) -> None:
        """Make or replace paths by rows (directories, symlinks, metadata)."""
        self._do(LayerIndex(entries={entry.path: entry for entry in entries}))

    def link(self, path: str, target: str) -> None:
        """Make another name of a file."""
        self._do(LayerIndex(links={path: target}))

    def remove(self, path: str) -> None:
        """Remove a path and all below it."""
        self._do(LayerIndex(whiteouts=(path,)))

    def _do(self, index: LayerIndex) -> None:
        self.tree = self.tree.apply(index)

    def _now(self) -> int:
        self._ticks += 1
        return 1_700_000_000 * 10**9 + self._ticks

    def _keep(self, content: Iterable[bytes]) -> str:
        data = b"".join(content)
        sha256 = Digest.of(data).hex
        self._contents[sha256] = data
        return sha256


class MemoryRoots:
    """`RootFilesystems` without a disk.

    Args:
        exclusions: Paths that `changes` leaves out.
        exclusive: Whether a root may only be made when no other is left.

    Attributes:
        created: The roots made so far, by `RootFilesystem.path`: a fake process
            finds its root here.
    """

    def __init__(
        self, exclusions: Exclusions | None = None, *, exclusive: bool = False
    ) -> None:
        self.created: dict[str, MemoryRoot] = {}
        self._exclusions = exclusions or Exclusions()
        self._exclusive = exclusive

    @property
    def exclusive(self) -> bool:
        """Whether there is one root at a time."""
        return self._exclusive

    def create(self, name: str) -> MemoryRoot:
        """Make an empty root; see the port.

        Raises:
            AssertionError: The former one was not discarded.
        """
        left = [root for root in self.created.values() if not root.discarded]
        if self._exclusive and left:
            raise AssertionError(f"{left[0].path} is still there")
        root = MemoryRoot(f"/memory/{name}", self._exclusions)
        self.created[root.path] = root
        return root

    def close(self) -> None:
        """Do nothing: the roots are discarded one by one."""
