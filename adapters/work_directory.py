"""The directory a build keeps its files in: layers, roots, unpacked archives.

One build, one directory, removed at the end. What lies in it is the business of
the adapters that are given its parts.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from application.errors import FilesystemError

DEFAULT_PARENT = "/kaniko"
"""Used when it can be written (the image contract), else a temporary directory."""

_PREFIX = f"build-{os.uname().nodename}-"
"""Tells our directories from those of another pod on the same volume."""


class WorkDirectory:
    """A directory made on first use, locked as long as its build lives.

    Making it removes those of builds that died, which nobody holds locked.

    Args:
        parent: Where to make it, "" for `DEFAULT_PARENT` or a temporary one.
    """

    def __init__(self, parent: str = "") -> None:
        self._parent = parent
        self._made: _Locked | None = None

    @property
    def path(self) -> str:
        """Its path; it exists.

        Raises:
            FilesystemError: It cannot be made.
        """
        try:
            if self._made is None:
                self._made = self._make()
        except OSError as error:
            raise self._problem(error) from error
        return str(self._made.path)

    def part(self, name: str) -> str:
        """Return the path of a part; its directory exists.

        Raises:
            FilesystemError: It cannot be made.
        """
        part = Path(self.path) / name
        try:
            part.mkdir(exist_ok=True)
        except OSError as error:
            raise self._problem(error) from error
        return str(part)

    def remove(self) -> None:
        """Remove it with all it holds; what cannot be removed stays. Idempotent."""
        if self._made is not None:
            self._made.remove()
            self._made = None

    def _make(self) -> _Locked:
        if self._parent:
            Path(self._parent).mkdir(parents=True, exist_ok=True)
            return _make_in(self._parent)
        try:
            return _make_in(DEFAULT_PARENT)
        except OSError:
            made = _make_temporary()
            if made is None:
                raise
            return _Locked(made, made)

    def _problem(self, error: OSError) -> FilesystemError:
        return FilesystemError(
            f"cannot make the work directory: {error.strerror}",
            place=self._parent or str(error.filename),
            hint="name one that can be written by --kaniko-dir",
        )


def _make_temporary() -> Path | None:
    """Make a directory for temporary files, but not in the working directory.

    That may be the build context, and is what `tempfile` ends up with.
    """
    places = [os.environ.get("TMPDIR", "/tmp"), "/tmp", "/var/tmp"]  # noqa: S108
    for place in places:
        with suppress(OSError):
            return Path(tempfile.mkdtemp(prefix="kanipy-", dir=place))
    return None


class _Locked:
    """A directory that is locked by being open."""

    def __init__(self, made: Path, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with suppress(OSError):  # a file system without locks: nobody removes there
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)
        made.rename(path)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._descriptor)


def _make_in(parent: str) -> _Locked:
    _remove_abandoned(parent)
    # it has its name when it is locked: nobody finds it unlocked
    made = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}", dir=parent))
    return _Locked(made, made.with_name(made.name.removeprefix(".")))


def _remove_abandoned(parent: str) -> None:
    """Remove the directories of builds that did not live to do it themselves."""
    for path in Path(parent).glob(f"{_PREFIX}*"):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        except OSError:
            pass  # a build that lives, or a file system without locks
        finally:
            os.close(descriptor)
