"""The directory of warmed base images, as the warmer fills it.

Entries are made aside and renamed: what has the name of an entry is whole. Several
warmers may work at once. They lock an entry, so that one of them fetches it, and a
blob, so that another image that has it waits and links it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import BinaryIO, cast

from adapters.storage.layout_files import (
    CHUNK,
    INDEX_FILE,
    LAYOUT_FILE,
    VerifyingReader,
    blob_path,
    write_file,
    write_verified,
)
from adapters.storage.oci_layout import IMAGE_LAYOUT
from adapters.storage.warmed_images import WarmedImageDirectory
from adapters.storage.warmed_layout import WarmedLayoutSource
from adapters.storage.warmer_folder import WarmerFolder, make_directory
from application.errors import DigestMismatch, FilesystemError
from application.ports.images import ImageSource, ResolvedImage
from application.ports.warmed_images import ENTRY_FAULTS, Added
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Index
from domain.image.media_type import Vendor, is_foreign_layer
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.values import dataclass

PARALLEL_DOWNLOADS = 4
"""Blobs of one image on their way at the same time."""


class DirectoryWarmedImageStore(WarmedImageDirectory):
    """Makes entries (implements `WarmedImageStore`).

    Args:
        directory: The directory; made where it does not exist.
        now: Returns the seconds since the epoch.
        announce: Is told, in a line, that another warmer is waited for.
    """

    def __init__(
        self,
        directory: str,
        now: Callable[[], float] = time.time,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__(directory, now)
        self._folder = WarmerFolder(self._own, announce)
        self._began = now()

    def add(
        self, image: ResolvedImage, source: ImageSource, *, anew: bool = False
    ) -> Added:
        """Make the entry of an image; see the port."""
        with self._translated():
            self._prepare()
            for index in image.indexes:
                self._folder.record(self._index_path(index.digest), index.raw)
            wanted = _Wanted(image, source, self._began if anew else None)
            lock = f"entry-{image.digest.hex[:2]}"
            waiting = f"Waiting for another warmer that fetches {image.reference}"
            with self._folder.locked(lock, waiting):
                return self._add(wanted)

    def tag(self, reference: Reference, platform: Platform, digest: Digest) -> None:
        """Record what a tag stands for; see the port."""
        fields = {
            "reference": reference.canonical,
            "platform": str(platform),
            "digest": str(digest),
            "resolved": int(self._now()),
        }
        with self._translated():
            self._prepare()
            path = self._tag_path(reference, platform)
            self._folder.record(path, json.dumps(fields).encode())

    def _prepare(self) -> None:
        make_directory(self._root)
        self._folder.prepare()

    def _add(self, wanted: _Wanted) -> Added:
        path = self._entry_path(wanted.image.digest)
        if wanted.accepts(path) and _is_whole(path, wanted):
            os.utime(path)
            return Added(fetched=0, present=wanted.size)
        with self._folder.new_directory() as aside:
            entry = aside / "entry"
            fetched = self._fill(entry, wanted)
            if path.is_file():
                path.with_name(f"{path.name}.json").unlink(missing_ok=True)
            if path.exists():
                path.rename(aside / "replaced")
            entry.rename(path)
        return Added(fetched=fetched, present=wanted.size - fetched)

    def _fill(self, entry: Path, wanted: _Wanted) -> int:
        """Make the layout of an image; return how many bytes were fetched."""
        stopped = Event()
        make_directory(entry)
        with ThreadPoolExecutor(PARALLEL_DOWNLOADS, "download") as pool:
            jobs = [
                pool.submit(partial(self._provide, entry, blob, wanted, stopped))
                for blob in wanted.blobs
            ]
            try:
                fetched = sum(job.result() for job in as_completed(jobs))
            except BaseException:
                stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        manifest = wanted.image.manifest
        write_file(blob_path(entry, manifest.digest), manifest.raw)
        write_file(entry / LAYOUT_FILE, IMAGE_LAYOUT)
        index = Index.create(Vendor.OCI, [manifest.descriptor])
        write_file(entry / INDEX_FILE, index.raw)
        return fetched

    def _provide(
        self, entry: Path, blob: Descriptor, wanted: _Wanted, stopped: Event
    ) -> int:
        """Link a blob that is here, or fetch it; return how many bytes were fetched."""
        target = blob_path(entry, blob.digest)
        with self._folder.locked(f"blob-{blob.digest.hex[:2]}"):
            for path in self._found(blob.digest):
                if wanted.accepts(path) and _take(path, target, blob):
                    return 0
            with wanted.source.open_blob(wanted.image, blob) as stream:
                write_verified(target, _stoppable(stream, stopped), blob)
            return blob.size

    def _found(self, digest: Digest) -> Iterator[Path]:
        """Yield where a blob is, in entries that are being made and in those there are.

        In this order: what is renamed while we look is found in one or the other.
        """
        for path in self._folder.in_the_making():
            yield blob_path(path / "entry", digest)
        for path in self._root.iterdir():
            yield blob_path(path, digest)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise FilesystemError(
                f"cannot write the warmed image: {error.strerror or error}",
                place=self.place,
                hint="make room, or choose another directory by --cache-dir",
            ) from error


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be made.

    Attributes:
        image: The image.
        source: Where its blobs are fetched from.
        since: What was written before this time is not to be used, None for all.
    """

    image: ResolvedImage
    source: ImageSource
    since: float | None

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Config and layers, each once; foreign layers lie where they are."""
        manifest = self.image.manifest
        layers = (e for e in manifest.layers if not is_foreign_layer(e.media_type))
        return tuple({e.digest: e for e in (manifest.config, *layers)}.values())

    @property
    def size(self) -> int:
        """Bytes of the blobs."""
        return sum(blob.size for blob in self.blobs)

    def accepts(self, path: Path) -> bool:
        """Return whether what is there, if anything, is new enough."""
        if self.since is None:
            return True
        try:
            return path.stat().st_mtime >= self.since
        except OSError:
            return False


def _is_whole(path: Path, wanted: _Wanted) -> bool:
    image = wanted.image
    try:
        layout = WarmedLayoutSource(path, image.digest)
        layout.resolve(image.reference, image.config.platform)
    except ENTRY_FAULTS:
        return False
    return all(_is_right(blob_path(path, b.digest), b) for b in wanted.blobs)


def _is_right(path: Path, blob: Descriptor) -> bool:
    try:
        with path.open("rb") as stream:
            reader = VerifyingReader(stream, blob)
            while reader.read(CHUNK):
                pass
            reader.verify()
    except (OSError, DigestMismatch):
        return False
    return True


def _take(path: Path, target: Path, blob: Descriptor) -> bool:
    """Link a blob, or copy it where that is not possible; tell whether it was right."""
    if not _is_right(path, blob):
        return False
    make_directory(target.parent)
    with suppress(OSError):
        os.link(path, target)
        return True
    with suppress(OSError, DigestMismatch), path.open("rb") as stream:
        write_verified(target, stream, blob)
        return True
    return False


def _stoppable(stream: BinaryIO, stopped: Event) -> BinaryIO:
    """Return a stream that ends early when it is stopped."""
    return cast("BinaryIO", _Stoppable(stream, stopped))


class _Stoppable:
    def __init__(self, stream: BinaryIO, stopped: Event) -> None:
        self._stream = stream
        self._stopped = stopped

    def read(self, size: int) -> bytes:
        return b"" if self._stopped.is_set() else self._stream.read(size)
