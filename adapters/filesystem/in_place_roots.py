"""Roots in the place of the builder's own: base images are unpacked over /.

One at a time. What is in the way is removed before, but for what is the builder's:
our runtime, mount points, and what a build reads or writes besides. A build that
dies leaves its files; the next one removes them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from adapters.archive.compression import Codec
from adapters.archive.layer_writer import write_layer
from adapters.filesystem.aside import Aside
from adapters.filesystem.builder_paths import BuilderPaths, mount_points
from adapters.filesystem.comparison import (
    Comparison,
    choose_comparison,
    trusts_ctime,
)
from adapters.filesystem.directory_root import DirectoryRoot
from adapters.filesystem.disk_errors import translated
from adapters.filesystem.refusals import Refusals
from adapters.filesystem.root_writer import RootWriter
from adapters.filesystem.umask import umask_zero
from application.errors import FilesystemError
from application.options import SnapshotMode
from application.ports.layers import OpenContent
from domain.image.digest import Digest
from domain.image.media_type import Compression
from domain.snapshot.exclusion import KERNEL_PATHS, Exclusions
from domain.snapshot.layer_plan import LayerPlan, PlannedEntry
from domain.snapshot.tree import FileTree

RUNTIME = "kaniko"
"""Where the executor image has our runtime; no image that runs in place may have it."""

CONTAINER_FILES = (
    ".dockerenv",
    "etc/hostname",
    "etc/hosts",
    "etc/resolv.conf",
    "run/.containerenv",
)
"""What a container runtime puts into a container, as mounts or as plain files."""


class InPlaceRoot(DirectoryRoot):
    """`RootFilesystem` that is the builder's own root.

    Args:
        path: The root.
        exclusions: Paths that `changes` leaves out.
        timeout: Seconds that `changes` may take.
        comparison: What tells that a path is unchanged.
        kept: Paths that are the builder's.
        aside: Makes room for the image's files where a context is.
        warn: Is told once of each place where RUN does not see the image's files,
            or changes what is not the image's.
    """

    def __init__(  # noqa: PLR0913 - a root that tells has this many sides
        self,
        path: str,
        exclusions: Exclusions,
        timeout: float | None,
        comparison: Comparison,
        *,
        kept: BuilderPaths,
        aside: Aside,
        warn: Callable[[str], None],
    ) -> None:
        super().__init__(path, exclusions, timeout, comparison, kept)
        self._builders = kept
        self._aside = aside
        self._warn = warn
        self._warned: set[str] = set()
        self._contexts = {path: _changed_at(path) for path in aside.contexts}

    def apply(self, plan: LayerPlan, open_content: OpenContent) -> None:
        """Carry out a plan; see the port. Tells what cannot be on disk."""
        super().apply(plan, open_content)
        for row in plan.rows:
            if isinstance(row, PlannedEntry):
                self._tell_of(row.entry.path)

    def changes(self, before: FileTree) -> LayerPlan:
        """Return what was changed; see the port. Tells what is not looked at."""
        for path, changed_at in self._contexts.items():
            if self._aside.actual(path) == path and _changed_at(path) != changed_at:
                self._contexts[path] = _changed_at(path)
                self._warn(
                    f"a RUN changed {path}, where the build context is: the image "
                    f"does not get that; write WORKDIR {path} before it to make the "
                    "directory the image's"
                )
        return super().changes(before)

    def discard(self) -> None:
        """Leave everything but the contexts' places, which get their files back.

        The next root, or the end of the build, removes the rest.
        """
        with translated("cannot bring the build context back to its place"):
            self._aside.release()

    def _tell_of(self, path: str) -> None:
        place = self._builders.place_of(path)
        if place is None or path == place or place in self._warned:
            return
        self._warned.add(place)
        self._warn(
            f"/{place} is kept for the builder: the image gets /{path}, but RUN sees "
            "what the builder has there; mount it elsewhere to see the image's"
        )


def _changed_at(path: str) -> int:
    """Return when a directory was changed; 0 when it is not there."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


class InPlaceRoots:
    """`RootFilesystems` that are / itself, one after the other.

    Args:
        directory: For what outlasts a stage; made where it is missing.
        exclusions: Paths that `changes` leaves out.
        kept: Absolute paths that are the builder's besides `RUNTIME`,
            `CONTAINER_FILES` and mount points; those that exist are kept.
        timeout: Seconds that one walk may take, None for any.
        mode: How changes are looked for.
        cleanup: Whether `close` removes what was unpacked.
        preserve: Whether `close` brings back what was there before the first root.
        warn: Is told what a RUN cannot see.
        aside: Makes room where a context is.
        before_first: Is called before / is emptied for the first time.
        root: The root, for tests.
    """

    def __init__(  # noqa: PLR0913 - it does what a flag each says
        self,
        directory: str,
        exclusions: Exclusions,
        kept: Iterable[str],
        *,
        timeout: float | None = None,
        mode: SnapshotMode = SnapshotMode.FULL,
        cleanup: bool = False,
        preserve: bool = False,
        warn: Callable[[str], None] = lambda _: None,
        aside: Aside | None = None,
        before_first: Callable[[], None] = lambda: None,
        root: str = "/",
    ) -> None:
        self._aside = aside or Aside((), root=root)
        self._directory = Path(directory)
        self._exclusions = exclusions
        self._timeout = timeout
        self._comparison = choose_comparison(mode, trusts_ctime=trusts_ctime(root))
        self._cleanup = cleanup or preserve
        self._preserve = preserve
        self._warn = warn
        self._root = root
        self._asked = tuple(kept)
        self._kept = self._existing(kept)
        self._original: Digest | None = None
        self._used = False
        self._before_first = before_first

    @property
    def exclusive(self) -> bool:
        """Return True: there is one root, and a new one takes its place."""
        return True

    def create(self, name: str) -> InPlaceRoot:
        """Empty / and return it as a root; see the port."""
        del name  # they are all the same
        self._check_asked()
        if not self._used:
            self._before_first()
        if self._preserve and not self._used:
            self._original = self._save()
        self._used = True
        kept = self._builder_paths()
        self._clear(kept)
        return self._make(kept)

    def close(self) -> None:
        """Remove what was unpacked, or bring back what was there, if asked to."""
        if not self._used or not self._cleanup:
            return
        self._kept |= self._existing(self._asked)
        kept = self._builder_paths()
        self._clear(kept)
        if self._original is not None:
            with self._archive().open("rb") as blob:
                self._make(kept).extract(blob, "", self._original)
            self._archive().unlink()
            self._original = None
        self._used = False

    def _check_asked(self) -> None:
        real = os.path.realpath(self._root)
        for path in self._asked:
            if os.path.realpath(path) == real:
                raise FilesystemError(
                    f"{path} is the build context, or something else a build needs, "
                    "and a RUN in place replaces all of it",
                    hint="use a directory of its own",
                )

    def _make(self, kept: BuilderPaths) -> InPlaceRoot:
        return InPlaceRoot(
            self._root,
            self._exclusions,
            self._timeout,
            self._comparison,
            kept=kept,
            aside=self._aside,
            warn=self._warn,
        )

    def _clear(self, kept: BuilderPaths) -> None:
        with (
            translated("cannot empty the root file system"),
            umask_zero(),
            RootWriter(self._root, None, Refusals(), kept) as writer,
        ):
            writer.empty("")

    def _save(self) -> Digest:
        """Write what is there into an archive; return its diff ID."""
        kept = self._builder_paths()
        original = DirectoryRoot(self._root, Exclusions(), kept=kept)
        plan = original.changes(FileTree.empty())
        self._directory.mkdir(parents=True, exist_ok=True)
        with (
            translated("cannot save the file system"),
            self._archive().open("wb") as sink,
        ):
            written = write_layer(
                plan,
                lambda content: original.open(content.path),
                sink,
                codec=Codec(compression=Compression.ZSTD),
                layer_time_ns=lambda time_ns: time_ns,
            )
        return written.diff_id

    def _archive(self) -> Path:
        return self._directory / "original.tar.zst"

    def _builder_paths(self) -> BuilderPaths:
        kept = self._kept | mount_points(self._root) | KERNEL_PATHS
        return BuilderPaths(kept, reserved=(RUNTIME,), claim=self._aside.claim)

    def _existing(self, asked: Iterable[str]) -> frozenset[str]:
        """Return the real paths below the root of those that exist."""
        named = (*(f"{self._root}/{name}" for name in CONTAINER_FILES), *asked)
        real = (os.path.realpath(path) for path in named if os.path.lexists(path))
        prefix = self._root.rstrip("/") + "/"
        below = {path.removeprefix(prefix) for path in real if path.startswith(prefix)}
        return frozenset(below - {""})
