"""The entries of a layer cache in a repository of a registry."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from threading import Event
from typing import BinaryIO

from adapters.http.retries import Retries
from adapters.registry.connection import RegistryConnections
from adapters.registry.known_blobs import KnownBlobs
from adapters.registry.parallel import run_parallel
from adapters.registry.repository import RegistryRepository
from adapters.registry.source import RegistryImageSource
from adapters.registry.upload import BlobUpload
from application.ports.cache_entries import EntryBlob
from application.ports.images import ImageSource
from application.ports.repetition import Once, Repetition
from domain.errors import InvalidImage
from domain.image.descriptor import Descriptor
from domain.image.manifest import Manifest
from domain.image.reference import Reference
from domain.values import replace

_PARALLEL_UPLOADS = 3


class RegistryEntries:
    """Images of one repository (implements `CacheEntries`). Safe for several threads.

    Args:
        repository: The repository; its tag does not matter.
        reading: The registries, as images are pulled from them.
        writing: The registries, as images are pushed to them.
        retries: How broken transfers are repeated.
        repetition: How often a whole push is repeated.
        known: Where blobs are; what is pushed is added.
    """

    def __init__(
        self,
        repository: Reference,
        reading: RegistryConnections,
        writing: RegistryConnections,
        retries: Retries,
        repetition: Repetition | None = None,
        known: KnownBlobs | None = None,
    ) -> None:
        self._reference = repository
        self._retries = retries
        self._repetition = repetition or Once()
        self._known = known or KnownBlobs()
        self._source = RegistryImageSource(reading, retries)
        registry, name = repository.registry, repository.repository
        self._from = RegistryRepository(reading.to(registry), name, retries)
        self._to = RegistryRepository(writing.to(registry), name, retries)

    @property
    def name(self) -> str:
        """The repository."""
        return self._reference.name

    def fetch(self, tag: str) -> Manifest:
        """Return a manifest; see the port."""
        document = self._from.fetch_document(tag, None)
        if not isinstance(document, Manifest):
            raise InvalidImage("it is no image", place=tag)
        return document

    def open_blob(self, tag: str, descriptor: Descriptor) -> BinaryIO:
        """Open a blob; see the port."""
        del tag
        return self._from.open_blob(descriptor)

    def push(self, tag: str, manifest: Manifest, blobs: Sequence[EntryBlob]) -> None:
        """Write what is missing; see the port."""
        self._repetition.run(partial(self._push, tag, manifest, blobs))

    def check(self) -> None:
        """Start an upload and cancel it.

        Raises:
            RegistryError: The registry does not permit it, or does not answer.
        """
        self._to.check_push()

    def _push(self, tag: str, manifest: Manifest, blobs: Sequence[EntryBlob]) -> None:
        stopped = Event()
        upload = BlobUpload(self._to, self._retries, stopped)
        jobs = [partial(self._push_blob, upload, blob) for blob in blobs]
        run_parallel(jobs, _PARALLEL_UPLOADS, stopped)
        self._to.put_manifest(manifest, tag)

    def _push_blob(self, upload: BlobUpload, blob: EntryBlob) -> None:
        upload.push(blob.descriptor, blob.open, None)
        registry, repository = self._reference.registry, self._reference.repository
        self._known.add(registry, repository, blob.descriptor.digest)

    def image(self, tag: str) -> tuple[Reference, ImageSource]:
        """Return what an image is called, and what reads it."""
        return replace(self._reference, tag=tag, digest=None), self._source
