"""Files of image outputs: written whole or not at all, verified on the way."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from application.errors import DigestMismatch, OutputError
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import MAXIMUM_MANIFEST_SIZE

INDEX_FILE = "index.json"
LAYOUT_FILE = "oci-layout"
REF_NAME = "org.opencontainers.image.ref.name"
CHUNK = 1 << 20
FILE_MODE = 0o644
PARTIAL = ".partial-"
"""Names of files that are being written begin so."""


def blob_path(root: Path, digest: Digest) -> Path:
    """Return where a layout keeps a blob."""
    return root / "blobs" / digest.algorithm / digest.hex


def read_small(path: Path) -> bytes:
    """Return a file's bytes, at most one more than a manifest may have."""
    with path.open("rb") as file:
        return file.read(MAXIMUM_MANIFEST_SIZE + 1)


@contextmanager
def replaced_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears under its name when the block ends well.

    Missing parent directories are made. What is there and is no regular file
    (/dev/stdout, a pipe), or lies in a directory that takes no new one, is written in
    place; a file that is mounted is so in the end.
    """
    made = _new_file_beside(path)
    if made is None:
        with path.open("wb") as file:
            yield file
        return
    descriptor, temporary = made
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            os.fchmod(file.fileno(), FILE_MODE)
        _replace(path, Path(temporary))
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _new_file_beside(path: Path) -> tuple[int, str] | None:
    """Open a new file in a path's directory, None to write what is there in place."""
    if path.exists() and not path.is_file():
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return tempfile.mkstemp(dir=path.parent, prefix=PARTIAL)
    except OSError:
        if path.is_file():
            return None
        raise


def _replace(path: Path, new: Path) -> None:
    try:
        new.replace(path)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        # A mounted file keeps its place in the directory.
        shutil.copyfile(new, path)
        new.unlink()


def write_file(path: Path, data: bytes) -> None:
    """Write a small file."""
    with replaced_file(path) as file:
        file.write(data)


def write_verified(path: Path, stream: BinaryIO, descriptor: Descriptor) -> None:
    """Write a blob from a stream.

    Raises:
        DigestMismatch: The stream has other bytes; nothing is left behind.
    """
    with replaced_file(path) as file:
        reader = VerifyingReader(stream, descriptor)
        while chunk := reader.read(CHUNK):
            file.write(chunk)
        reader.verify()


class VerifyingReader:
    """Hashes what is read from a stream.

    Args:
        stream: What is read; not closed here.
        descriptor: What it should be.
    """

    def __init__(self, stream: BinaryIO, descriptor: Descriptor) -> None:
        self._stream = stream
        self._descriptor = descriptor
        self._hash = descriptor.digest.new_hash()
        self._count = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes, b"" at the end.

        Raises:
            DigestMismatch: More bytes than there should be.
        """
        data = self._stream.read(size)
        self._hash.update(data)
        self._count += len(data)
        if self._count > self._descriptor.size:
            raise self._mismatch()
        return data

    def verify(self) -> None:
        """Check, after the last read, that all was as it should be.

        Raises:
            DigestMismatch: It was not.
        """
        is_whole = self._count == self._descriptor.size
        if not is_whole or self._hash.hexdigest() != self._descriptor.digest.hex:
            raise self._mismatch()

    def _mismatch(self) -> DigestMismatch:
        return DigestMismatch(
            f"the layer's bytes are not {self._descriptor.digest} of "
            f"{self._descriptor.size} bytes"
        )


def check_writable(path: Path) -> None:
    """Find out whether a file or directory can be made or written there.

    Raises:
        OutputError: It cannot.
    """
    existing = path
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    is_parent = existing != path
    if is_parent and not existing.is_dir():
        raise OutputError(
            f"{existing} is not a directory", place=str(path), hint="choose a path"
        )
    asked = os.W_OK | (os.X_OK if existing.is_dir() else 0)
    # Effective: without it the capabilities of a user that is not root do not count.
    if not os.access(existing, asked, effective_ids=True):
        raise OutputError(
            f"{existing} cannot be written",
            place=str(path),
            hint="choose a path on a writable volume",
        )
