"""Base images from registries."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from adapters.http.messages import CHUNK
from adapters.http.retries import Retries
from adapters.registry.connection import RegistryConnections
from adapters.registry.repository import RegistryRepository
from application.errors import DigestMismatch, ManifestUnknown
from application.ports.images import ResolvedImage
from domain.errors import InvalidImage
from domain.image.config import ImageConfig
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import MAXIMUM_MANIFEST_SIZE, Index, Manifest
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.image.selection import (
    Document,
    IndexTrail,
    describe_platforms,
    every_manifest,
    find_manifest,
)


class RegistryImageSource:
    """Reads images of any registry; each image is resolved once.

    Args:
        connections: The registries.
        retries: How broken downloads are taken up.
    """

    def __init__(
        self, connections: RegistryConnections, retries: Retries | None = None
    ) -> None:
        self._connections = connections
        self._retries = retries or Retries()
        self._resolved: dict[tuple[Reference, Platform], ResolvedImage] = {}
        self._lock = threading.Lock()

    def resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:
        """Return manifest and config of an image, chosen from an index."""
        key = (reference, platform)
        with self._lock:
            if key in self._resolved:
                return self._resolved[key]
        image = self._resolve(reference, platform)
        with self._lock:
            return self._resolved.setdefault(key, image)

    def resolve_all(self, reference: Reference) -> tuple[ResolvedImage, ...]:
        """Return every image of a name (implements `ImageLister`)."""
        repository = self._repository(reference)

        def fetch(entry: Descriptor) -> Document:
            return repository.fetch_document(str(entry.digest), entry.digest)

        with _placed(reference):
            document = repository.fetch_document(reference.identifier, reference.digest)
            return tuple(
                _resolved(repository, reference, manifest)
                for manifest in every_manifest(document, fetch)
            )

    def open_blob(
        self, image: ResolvedImage, descriptor: Descriptor, offset: int = 0
    ) -> BinaryIO:
        """Open a blob of the image; broken connections are taken up again."""
        return self._repository(image.reference).open_blob(descriptor, offset)

    def current_digest(self, reference: Reference) -> Digest | None:
        """Return the digest a reference has now (implements `ImageRegistry`)."""
        return self._repository(reference).current_digest(reference.identifier)

    def _repository(self, reference: Reference) -> RegistryRepository:
        connection = self._connections.to(reference.registry)
        return RegistryRepository(connection, reference.repository, self._retries)

    def _resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:
        repository = self._repository(reference)
        with _placed(reference):
            manifest, indexes = _find_manifest(repository, reference, platform)
            return _resolved(repository, reference, manifest, indexes)


@contextmanager
def _placed(reference: Reference) -> Iterator[None]:
    """Say of what is no image which image it is."""
    try:
        yield
    except InvalidImage as error:
        place = f"{reference} {error.place or ''}".strip()
        raise InvalidImage(error.message, place=place, hint=error.hint) from error


def _resolved(
    repository: RegistryRepository,
    reference: Reference,
    manifest: Manifest,
    indexes: tuple[Index, ...] = (),
) -> ResolvedImage:
    raw = _read_config(repository, manifest.config, reference)
    return ResolvedImage(
        reference=reference,
        digest=manifest.digest,
        manifest=manifest,
        config=ImageConfig.parse(raw),
        indexes=indexes,
    )


def _find_manifest(
    repository: RegistryRepository, reference: Reference, platform: Platform
) -> tuple[Manifest, tuple[Index, ...]]:
    def fetch(entry: Descriptor) -> Document:
        return repository.fetch_document(str(entry.digest), entry.digest)

    trail = IndexTrail(fetch)
    document = trail.add(
        repository.fetch_document(reference.identifier, reference.digest)
    )
    manifest = find_manifest(document, platform, trail.fetch)
    if manifest is None:
        raise ManifestUnknown(
            f"no image for {platform} under {reference.identifier}; there are: "
            f"{describe_platforms(document)}",
            registry=reference.registry,
            repository=reference.repository,
            hint="choose a platform with --custom-platform",
        )
    return manifest, trail.indexes


def _read_config(
    repository: RegistryRepository, descriptor: Descriptor, reference: Reference
) -> bytes:
    if descriptor.size > MAXIMUM_MANIFEST_SIZE:
        raise InvalidImage("too large", place="image config")
    chunks: list[bytes] = []
    left = descriptor.size + 1
    with repository.open_blob(descriptor) as stream:
        while left > 0 and (chunk := stream.read(min(CHUNK, left))):
            chunks.append(chunk)
            left -= len(chunk)
    raw = b"".join(chunks)
    if len(raw) != descriptor.size or not descriptor.digest.matches(raw):
        raise DigestMismatch(
            f"the config's bytes are not {descriptor.digest}", place=str(reference)
        )
    return raw
