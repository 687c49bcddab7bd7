"""The entries of a layer cache as OCI layouts, a folder each."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from adapters.storage.layout_files import (
    INDEX_FILE,
    LAYOUT_FILE,
    blob_path,
    read_small,
    write_file,
    write_verified,
)
from adapters.storage.oci_layout import (
    IMAGE_LAYOUT,
    LayoutLocation,
    OciLayoutImageSource,
)
from application.errors import ManifestUnknown, OutputError
from application.ports.cache_entries import EntryBlob
from application.ports.images import ImageSource
from domain.errors import InvalidImage
from domain.image.descriptor import Descriptor
from domain.image.manifest import Index, Manifest, parse_document
from domain.image.media_type import Vendor
from domain.image.reference import Reference

SCHEME = "oci:"

_TRIES = 10
_TAKEN = {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}


class LayoutEntries:
    """Layouts in a folder (implements `CacheEntries`); several builds may share it.

    An entry appears under its name when it is complete.

    Args:
        path: The folder; made where it is missing.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    @property
    def name(self) -> str:
        """The folder, as `--cache-repo` names it."""
        return f"{SCHEME}{self._path}"

    def fetch(self, tag: str) -> Manifest:
        """Return a manifest; see the port."""
        layout = self._path / tag
        try:
            if not layout.is_dir():
                raise ManifestUnknown("no such entry", registry=self.name)
            index = parse_document(read_small(layout / INDEX_FILE), "")
            if not isinstance(index, Index) or len(index.manifests) != 1:
                raise InvalidImage("it has not one image", place=tag)
            [entry] = index.manifests
            raw = read_small(blob_path(layout, entry.digest))
        except OSError as error:
            raise InvalidImage(f"it cannot be read: {error.strerror}") from error
        if not entry.digest.matches(raw):
            raise InvalidImage(f"its manifest is not {entry.digest}", place=tag)
        return Manifest.parse(raw, entry.media_type)

    def open_blob(self, tag: str, descriptor: Descriptor) -> BinaryIO:
        """Open a blob; see the port."""
        try:
            return blob_path(self._path / tag, descriptor.digest).open("rb")
        except OSError as error:
            raise InvalidImage(f"a blob cannot be read: {error.strerror}") from error

    def push(self, tag: str, manifest: Manifest, blobs: Sequence[EntryBlob]) -> None:
        """Write an image and give it its name; see the port."""
        target = self._path / tag
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(prefix=".new-", dir=self._path))
            try:
                _write(made, manifest, blobs)
                _put_in_place(made, target)
            finally:
                shutil.rmtree(made, ignore_errors=True)
        except OSError as error:
            raise OutputError(
                f"the cache entry cannot be written: {error.strerror}",
                place=str(error.filename or target),
                hint="make room, or choose another --cache-repo",
            ) from error

    def image(self, tag: str) -> tuple[Reference, ImageSource]:
        """Return what an image is called, and what reads it."""
        location = LayoutLocation(path=str(self._path / tag))
        reference = Reference(registry="layout", repository="cache", tag=tag)
        return reference, OciLayoutImageSource(location)


def _write(layout: Path, manifest: Manifest, blobs: Sequence[EntryBlob]) -> None:
    for blob in blobs:
        path = blob_path(layout, blob.descriptor.digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        with blob.open() as stream:
            write_verified(path, stream, blob.descriptor)
    write_file(blob_path(layout, manifest.digest), manifest.raw)
    write_file(layout / LAYOUT_FILE, IMAGE_LAYOUT)
    write_file(layout / INDEX_FILE, Index.create(Vendor.OCI, [manifest.descriptor]).raw)
    for folder in layout.glob("**/"):
        folder.chmod(0o755)


def _put_in_place(made: Path, target: Path) -> None:
    """Give an entry its name; one that is there already makes way.

    Where other builds put theirs there again and again, theirs stays: it is as good.
    """
    old = Path(tempfile.mkdtemp(prefix=".old-", dir=target.parent))
    try:
        for number in range(_TRIES):
            try:
                made.rename(target)
            except OSError as error:
                if error.errno not in _TAKEN:
                    raise
                with suppress(FileNotFoundError):
                    target.rename(old / str(number))
            else:
                return
    finally:
        shutil.rmtree(old, ignore_errors=True)
