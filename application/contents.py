"""Finds the file systems that planned contents come from, by their origin."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from contextlib import closing
from typing import BinaryIO, Protocol

from application.layered_filesystem import LayeredFilesystem
from application.ports.context import BuildContext
from domain.snapshot.layer_plan import LayerPlan, PlannedEntry, StoredContent

CONTEXT_ORIGIN = "context"
_CHUNK = 1 << 20


class ContentOrigin(Protocol):
    """A file system that can hand out its files."""

    def prepare(self, paths: list[str]) -> None:
        """Make `open` possible for these regular files."""

    def open(self, content: StoredContent) -> BinaryIO:
        """Open a prepared file; the caller closes it."""


class Contents:
    """The file systems of one build, by name."""

    def __init__(self) -> None:
        self._origins: dict[str, ContentOrigin] = {}
        self._digests: dict[StoredContent, str] = {}

    def add(self, origin: str, files: ContentOrigin) -> None:
        """Make a file system known; a known name is replaced."""
        self._origins[origin] = files

    def prepare(self, plan: LayerPlan) -> None:
        """Fetch what a plan's contents need to be opened."""
        wanted: dict[str, list[str]] = defaultdict(list)
        for row in plan.rows:
            if isinstance(row, PlannedEntry) and isinstance(row.content, StoredContent):
                wanted[row.content.origin].append(row.content.path)
        for origin, paths in wanted.items():
            self._origins[origin].prepare(paths)

    def open(self, content: StoredContent) -> BinaryIO:
        """Open a prepared content; the caller closes it."""
        return self._origins[content.origin].open(content)

    def digest(self, content: StoredContent) -> str:
        """Return the hex sha256 of a content, prepared or not; read if unknown."""
        if content not in self._digests:
            files = self._origins[content.origin]
            known = isinstance(files, LayeredFilesystem) and files.digest(content.path)
            self._digests[content] = known or self._read(files, content)
        return self._digests[content]

    def _read(self, files: ContentOrigin, content: StoredContent) -> str:
        files.prepare([content.path])
        hashed = hashlib.sha256()
        with closing(files.open(content)) as stream:
            while chunk := stream.read(_CHUNK):
                hashed.update(chunk)
        return hashed.hexdigest()

    def directory(self, origin: str) -> str | None:
        """Return the root on disk of a stage or image, None where there is none."""
        files = self._origins[origin]
        if not isinstance(files, LayeredFilesystem) or files.root is None:
            return None
        return files.root.path


class ContextFiles:
    """The build context as an origin."""

    def __init__(self, context: BuildContext) -> None:
        self._context = context

    def prepare(self, paths: list[str]) -> None:
        """Do nothing: a context is here already."""

    def open(self, content: StoredContent) -> BinaryIO:
        """Open a file of the context; the caller closes it."""
        return self._context.open(content.path)


class RecordedFiles:
    """What the layers of a stage hold, whatever is on disk, as an origin."""

    def __init__(self, filesystem: LayeredFilesystem) -> None:
        self._filesystem = filesystem

    def prepare(self, paths: list[str]) -> None:
        """Have the files that are not on disk read out of the layers."""
        self._filesystem.prepare_recorded(paths)

    def open(self, content: StoredContent) -> BinaryIO:
        """Open a prepared file; the caller closes it."""
        return self._filesystem.open_recorded(content.path)


class RootFiles:
    """The root of a stage as an origin."""

    def __init__(self, filesystem: LayeredFilesystem) -> None:
        self._filesystem = filesystem

    def prepare(self, paths: list[str]) -> None:
        """Do nothing: the root is here already."""

    def open(self, content: StoredContent) -> BinaryIO:
        """Open a file of the root; the caller closes it."""
        return self._filesystem.open(content)
