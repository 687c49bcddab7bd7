"""Result files on the local file system: digests, image names.

It writes text to a path and knows nothing of what the text means. Addresses are the
business of `adapters.uploaded_results`.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from application.errors import OutputError

_STANDARD_STREAMS = {"stdin": 0, "stdout": 1, "stderr": 2}
_DESCRIPTOR = re.compile(
    r"/dev/(?P<name>stdout|stderr)|(/dev|/proc/self)/fd/(?P<number>\d+)"
)


class LocalResultFiles:
    """Writes result files (implements `ResultFiles`)."""

    def check(self, path: str) -> None:
        """Find out whether a file can be written; see the port."""
        if _descriptor_of(path) is None:
            _check(path)

    def write(self, path: str, text: str) -> None:
        """Write a whole file; see the port.

        Parent directories are made 0700, the file 0644, as kaniko does.

        Raises:
            OutputError: It cannot be written.
        """
        try:
            _write(path, text.encode())
        except OSError as error:
            raise OutputError(
                f"cannot be written: {error.strerror}",
                place=path,
                hint="is the directory mounted and writable?",
            ) from error


def _write(path: str, data: bytes) -> None:
    descriptor = _descriptor_of(path)
    if descriptor is not None:
        # Opening it by name would truncate a log that is redirected to a file.
        _write_all(descriptor, data)
        return
    target = Path(os.path.realpath(path))
    if _is_replaceable(target):
        _make_parents(target.parent)
        if _replace(target, data):
            return
    _write_in_place(path, data)


def _check(path: str) -> None:
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise OutputError("is a directory", place=path, hint="name a file")
    existing = next(d for d in (target, *target.parents) if d.exists())
    if existing != target and not existing.is_dir():
        raise OutputError(f"{existing} is not a directory", place=path)
    asked = os.W_OK | (os.X_OK if existing.is_dir() else 0)
    beside = existing == target and _may(target.parent, os.W_OK | os.X_OK)
    if not (beside or _may(existing, asked)):
        raise OutputError(
            f"{existing} cannot be written",
            place=path,
            hint="is the directory mounted and writable?",
        )


def _may(path: Path, asked: int) -> bool:
    return os.access(path, asked, effective_ids=True)


def _descriptor_of(path: str) -> int | None:
    """Return the number of the open file that a path of /dev/fd stands for."""
    match = _DESCRIPTOR.fullmatch(os.path.normpath(path))
    if match is None:
        return None
    name = match["name"]
    return _STANDARD_STREAMS[name] if name else int(match["number"])


def _is_replaceable(target: Path) -> bool:
    """Say whether a file may be renamed to this place: a file or nothing there."""
    try:
        return stat.S_ISREG(target.stat().st_mode)
    except FileNotFoundError:
        return True


def _make_parents(directory: Path) -> None:
    missing = [d for d in (directory, *directory.parents) if not d.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)


def _replace(target: Path, data: bytes) -> bool:
    """Put a new file there in one step; return False where that is not possible.

    A file that is mounted (EBUSY) and a directory that takes no new file are no
    errors: what is there already can still be written in place.
    """
    temporary = ""
    try:
        mode = _mode_for(target)
        descriptor, temporary = tempfile.mkstemp(
            prefix=f".{target.name}.", dir=target.parent
        )
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data)
        Path(temporary).replace(target)
    except OSError:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()
        if not target.exists():
            raise
        return False
    return True


def _mode_for(target: Path) -> int:
    return stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644


def _write_in_place(path: str, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC
    descriptor = os.open(path, flags)
    try:
        _write_all(descriptor, data)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
