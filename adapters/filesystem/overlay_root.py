"""A root file system on an overlay; changes are what its upper directory has.

Layers and plans are written into one lower directory while nothing is mounted;
processes see an overlay with an empty upper directory over it. `changes` reads
the upper directory and folds it into the lower one by renames, so there is
never more than one lower directory, however many steps a stage has.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from adapters.filesystem.directory_root import (
    discard_directory,
    make_directory,
    open_inside,
)
from adapters.filesystem.disk_errors import translated
from adapters.filesystem.handles import Handles, remove_tree
from adapters.filesystem.layer_extractor import extract_layer
from adapters.filesystem.mounts import mount_overlay, unmount
from adapters.filesystem.overlay_upper import fold_upper, observe_upper
from adapters.filesystem.plan_applier import apply_plan
from adapters.filesystem.refusals import Refusals
from adapters.filesystem.root_writer import RootWriter
from application.ports.layers import OpenContent
from domain.image.digest import Digest
from domain.snapshot.changes import changes
from domain.snapshot.exclusion import Exclusions
from domain.snapshot.index import LayerIndex
from domain.snapshot.layer_plan import LayerPlan
from domain.snapshot.tree import FileTree


class OverlayRoot:
    """`RootFilesystem` on an overlay mount.

    Args:
        directory: An existing, empty directory; its real, absolute path.
        exclusions: Paths that `changes` leaves out.

    Raises:
        OSError: The overlay cannot be mounted (`overlay_works` tells before).
    """

    def __init__(self, directory: str, exclusions: Exclusions) -> None:
        self._directory = directory
        self._lower = make_directory(directory, "lower")
        self._merged = make_directory(directory, "merged")
        self._exclusions = exclusions
        self._refusals = Refusals()
        self._mounted = False
        self._mount()

    @property
    def path(self) -> str:
        """Absolute path of the mounted overlay."""
        return self._merged

    def extract(self, layer: BinaryIO, media_type: str, diff_id: Digest) -> LayerIndex:
        """Unpack one layer over the root; see the port."""
        del media_type  # compression is recognised by content
        with self._unmounted(), self._writer() as writer:
            return extract_layer(layer, diff_id, writer)

    def apply(self, plan: LayerPlan, open_content: OpenContent) -> None:
        """Carry out a plan; see the port."""
        with self._unmounted(), self._writer() as writer:
            apply_plan(plan, open_content, writer)

    def changes(self, before: FileTree) -> LayerPlan:
        """Return what was changed since the root was last known; see the port."""
        self._unmount()
        with translated("cannot read the root file system"):
            observation = observe_upper(
                self._upper, self._lower, before, self._refusals, self._exclusions
            )
        self._fold()
        self._mount()
        return changes(before, observation)

    def open(self, path: str) -> BinaryIO:
        """Open a regular file; see the port.

        As of the last `extract`, `apply` or `changes`.
        """
        return open_inside(self._lower, path)

    def discard(self) -> None:
        """Remove the root from disk. Idempotent."""
        self._unmount()
        with translated("cannot remove a root file system"):
            discard_directory(self._directory)

    @property
    def _upper(self) -> str:
        return f"{self._directory}/upper"

    @contextmanager
    def _unmounted(self) -> Iterator[None]:
        """Take the overlay away, what a process did folded in, and mount again.

        After an error nothing is mounted: the root is of no use then.
        """
        self._unmount()
        self._fold()
        yield
        self._mount()

    def _fold(self) -> None:
        with translated("cannot write to the root file system"):
            fold_upper(self._upper, self._lower)

    def _mount(self) -> None:
        """Mount with a new, empty upper directory that looks like the lower."""
        with translated("cannot mount an overlay"), Handles(self._directory) as handles:
            directory = handles.find("")
            assert directory is not None  # noqa: S101 - always open
            for name in ("upper", "work"):
                if Path(self._directory, name).exists():
                    remove_tree(name, directory)
                os.mkdir(name, 0o755, dir_fd=directory)
            lower = os.lstat(self._lower)
            os.chown("upper", lower.st_uid, lower.st_gid, dir_fd=directory)
            os.chmod("upper", stat.S_IMODE(lower.st_mode), dir_fd=directory)
            times = (lower.st_atime_ns, lower.st_mtime_ns)
            os.utime("upper", ns=times, dir_fd=directory)
            work = f"{self._directory}/work"
            mount_overlay(self._lower, self._upper, work, self._merged)
        self._mounted = True

    def _unmount(self) -> None:
        if not self._mounted:
            return
        with translated("cannot unmount an overlay"):
            unmount(self._merged)
        self._mounted = False

    def _writer(self) -> RootWriter:
        with translated("cannot open the root file system"):
            return RootWriter(self._lower, None, self._refusals)


class OverlayRoots:
    """`RootFilesystems` as overlays in the work directory.

    The caller is in a mount namespace of its own and asked `overlay_works`.

    Args:
        directory: Where the roots are made; created where it does not exist.
        exclusions: Paths that `changes` leaves out.
    """

    def __init__(self, directory: str, exclusions: Exclusions | None = None) -> None:
        self._directory = directory
        self._exclusions = exclusions or Exclusions()

    @property
    def exclusive(self) -> bool:
        """Return False: each root is a directory of its own."""
        return False

    def create(self, name: str) -> OverlayRoot:
        """Make an empty root; see the port."""
        with translated("cannot make a root file system"):
            path = make_directory(self._directory, name)
        return OverlayRoot(path, self._exclusions)

    def close(self) -> None:
        """Do nothing: the roots are discarded one by one."""
