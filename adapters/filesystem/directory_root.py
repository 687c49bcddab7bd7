"""A root file system in a plain directory; changes are found by walking it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from adapters.filesystem.builder_paths import NO_BUILDER_PATHS, BuilderPaths
from adapters.filesystem.comparison import (
    Comparison,
    choose_comparison,
    trusts_ctime,
)
from adapters.filesystem.disk_errors import translated
from adapters.filesystem.handles import Handles, remove_tree
from adapters.filesystem.layer_extractor import extract_layer
from adapters.filesystem.plan_applier import apply_plan
from adapters.filesystem.refusals import Refusals
from adapters.filesystem.root_writer import RootWriter
from adapters.filesystem.stamps import Stamps
from adapters.filesystem.walk import Walk
from application.errors import FilesystemError
from application.options import SnapshotMode
from application.ports.layers import OpenContent
from domain.image.digest import Digest
from domain.snapshot.changes import changes
from domain.snapshot.entry import name_of, parent_of
from domain.snapshot.exclusion import Exclusions
from domain.snapshot.index import LayerIndex
from domain.snapshot.layer_plan import LayerPlan
from domain.snapshot.tree import FileTree

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class DirectoryRoot:
    """`RootFilesystem` in a directory of its own.

    Args:
        path: An existing, empty directory; its real, absolute path.
        exclusions: Paths that `changes` leaves out.
        timeout: Seconds that `changes` may take to walk the root, None for any.
        comparison: What tells that a path is unchanged.
        kept: Paths that are the builder's: neither written to nor looked at.
    """

    def __init__(
        self,
        path: str,
        exclusions: Exclusions,
        timeout: float | None = None,
        comparison: Comparison = Comparison.STAMPS,
        kept: BuilderPaths = NO_BUILDER_PATHS,
    ) -> None:
        self._path = path
        self._kept = kept
        self._timeout = timeout
        self._comparison = comparison
        self._exclusions = exclusions
        self._stamps = Stamps()
        self._refusals = Refusals()

    @property
    def path(self) -> str:
        """Absolute path of the directory."""
        return self._path

    def extract(self, layer: BinaryIO, media_type: str, diff_id: Digest) -> LayerIndex:
        """Unpack one layer over the root; see the port."""
        del media_type  # compression is recognised by content
        with self._writer() as writer:
            index = extract_layer(layer, diff_id, writer)
        self._stamps.settle()
        return index

    def apply(self, plan: LayerPlan, open_content: OpenContent) -> None:
        """Carry out a plan; see the port."""
        with self._writer() as writer:
            apply_plan(plan, open_content, writer)
        self._stamps.settle()

    def changes(self, before: FileTree) -> LayerPlan:
        """Return what was changed since the root was last known; see the port."""
        walk = Walk(
            self._path,
            self._stamps,
            self._refusals,
            self._exclusions,
            comparison=self._comparison,
            timeout=self._timeout,
            kept=self._kept,
        )
        with translated("cannot read the root file system"):
            observation = walk.observe(before)
        self._stamps.settle()
        return changes(before, observation)

    def open(self, path: str) -> BinaryIO:
        """Open a regular file; see the port."""
        return open_inside(self._path, path)

    def discard(self) -> None:
        """Remove the root from disk. Idempotent."""
        with translated("cannot remove a root file system"):
            discard_directory(self._path)

    def _writer(self) -> RootWriter:
        with translated("cannot open the root file system"):
            return RootWriter(self._path, self._stamps, self._refusals, self._kept)


class DirectoryRoots:
    """`RootFilesystems` as directories in the work directory.

    Args:
        directory: Where the roots are made; created where it does not exist.
        exclusions: Paths that `changes` leaves out.
        timeout: Seconds that one walk may take, None for any.
        mode: How changes are looked for.
        probe: Tells whether the ctime of the files in a directory is trusted.
    """

    def __init__(
        self,
        directory: str,
        exclusions: Exclusions | None = None,
        timeout: float | None = None,
        mode: SnapshotMode = SnapshotMode.FULL,
        probe: Callable[[str], bool] = trusts_ctime,
    ) -> None:
        self._directory = directory
        self._exclusions = exclusions or Exclusions()
        self._timeout = timeout
        self._mode = mode
        self._probe = probe

    @property
    def exclusive(self) -> bool:
        """Return False: each root is a directory of its own."""
        return False

    def create(self, name: str) -> DirectoryRoot:
        """Make an empty root; see the port."""
        with translated("cannot make a root file system"):
            path = make_directory(self._directory, name)
        comparison = choose_comparison(self._mode, trusts_ctime=self._probe(path))
        return DirectoryRoot(path, self._exclusions, self._timeout, comparison)

    def close(self) -> None:
        """Do nothing: the roots are discarded one by one."""


def make_directory(directory: str, name: str) -> str:
    """Make a new directory (0755) and return its real path."""
    path = Path(directory).resolve() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir()
    path.chmod(0o755)
    return str(path)


def discard_directory(path: str) -> None:
    """Remove a directory that may not exist any more."""
    parent, name = path.rsplit("/", 1)
    try:
        with Handles(parent or "/") as handles:
            directory = handles.find("")
            if directory is not None:
                remove_tree(name, directory)
    except FileNotFoundError:
        return


def open_inside(root: str, path: str) -> BinaryIO:
    """Open a regular file of a root, no symlink followed; the caller closes it.

    Raises:
        FilesystemError: It does not exist or is no regular file.
    """
    with translated(f"cannot read /{path}"), Handles(root) as handles:
        directory = handles.find(parent_of(path))
        if directory is None or not path:
            missing = os.strerror(errno.ENOENT)
            raise FilesystemError(f"cannot read /{path}: {missing}")
        fd = os.open(name_of(path), _OPEN, dir_fd=directory)
        if stat.S_ISREG(os.fstat(fd).st_mode):
            return os.fdopen(fd, "rb", buffering=0)
        os.close(fd)
    raise FilesystemError(f"cannot read /{path}: it is no regular file")
