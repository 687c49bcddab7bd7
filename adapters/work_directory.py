"""The directory a build keeps its files in: layers, roots, unpacked archives.

One build, one directory, removed at the end. What lies in it is the business of
the adapters that are given its parts.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from application.errors import FilesystemError

DEFAULT_PARENT = "/kaniko"
"""Used when it can be written (the image contract), else a temporary directory."""


class WorkDirectory:
    """A directory made on first use.

    Args:
        parent: Where to make it, "" for `DEFAULT_PARENT` or a temporary one.
    """

    def __init__(self, parent: str = "") -> None:
        self._parent = parent
        self._path: Path | None = None

    def part(self, name: str) -> str:
        """Return the path of a part; its directory exists.

        Raises:
            FilesystemError: It cannot be made.
        """
        try:
            if self._path is None:
                self._path = self._make()
            part = self._path / name
            part.mkdir(exist_ok=True)
        except OSError as error:
            raise FilesystemError(
                f"cannot make the work directory: {error.strerror}",
                place=self._parent or str(error.filename),
                hint="name one that can be written by --kaniko-dir",
            ) from error
        return str(part)

    def remove(self) -> None:
        """Remove it with all it holds; what cannot be removed stays. Idempotent."""
        if self._path is not None:
            shutil.rmtree(self._path, ignore_errors=True)
            self._path = None

    def _make(self) -> Path:
        if self._parent:
            Path(self._parent).mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(prefix="build-", dir=self._parent))
        try:
            return Path(tempfile.mkdtemp(prefix="build-", dir=DEFAULT_PARENT))
        except OSError:
            return Path(tempfile.mkdtemp(prefix="kanipy-"))
