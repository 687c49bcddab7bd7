"""A tag in a registry that a built image is pushed to."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from threading import Event

from adapters.http.retries import Retries
from adapters.registry.connection import RegistryConnections
from adapters.registry.parallel import run_parallel
from adapters.registry.repository import RegistryRepository
from adapters.registry.upload import PIECE, BlobUpload, OpenContent
from application.ports.images import BuiltImage, OpenLayer
from domain.image.descriptor import Descriptor
from domain.image.media_type import is_foreign_layer
from domain.image.reference import Reference
from domain.values import dataclass

PARALLEL_UPLOADS = 4
"""Blobs of one image on their way at the same time."""


@dataclass(frozen=True, slots=True)
class _Blob:
    descriptor: Descriptor
    open: OpenContent
    mount_from: str | None = None


class RegistryImageDestination:
    """Pushes to one reference.

    `open_layer` of `publish` is called from several threads.

    Args:
        reference: Where to; its tag.
        connections: The registries.
        retries: How failed uploads are repeated.
        piece: Bytes of a piece where a blob is not accepted whole.
    """

    def __init__(
        self,
        reference: Reference,
        connections: RegistryConnections,
        retries: Retries | None = None,
        piece: int = PIECE,
    ) -> None:
        self._reference = reference
        self._retries = retries or Retries()
        self._piece = piece
        self._repository = RegistryRepository(
            connections.to(reference.registry), reference.repository, self._retries
        )

    @property
    def name(self) -> str:
        """The reference."""
        return str(self._reference)

    def check(self) -> None:
        """Start an upload and cancel it: is the push permitted?"""
        self._repository.check_push()

    def publish(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        """Push what is missing: blobs, then the manifest."""
        tag = self._reference.identifier
        if self._repository.find_digest(tag) == image.manifest.digest:
            return
        self._push_blobs(list(self._blobs(image, open_layer)))
        self._repository.put_manifest(image.manifest, tag)

    def _blobs(self, image: BuiltImage, open_layer: OpenLayer) -> Iterator[_Blob]:
        layers = {layer.digest: layer for layer in image.manifest.layers}
        for layer in layers.values():
            if is_foreign_layer(layer.media_type):
                continue
            yield _Blob(layer, _opener(open_layer, layer), self._origin(image, layer))
        config = image.config
        yield _Blob(image.manifest.config, lambda: io.BytesIO(config))

    def _origin(self, image: BuiltImage, layer: Descriptor) -> str | None:
        """Return the repository of the same registry that a layer came from."""
        origin = image.origins.get(layer.digest)
        if origin is None or origin.reference.registry != self._reference.registry:
            return None
        repository = origin.reference.repository
        return repository if repository != self._reference.repository else None

    def _push_blobs(self, blobs: list[_Blob]) -> None:
        stopped = Event()
        upload = BlobUpload(self._repository, self._retries, stopped, self._piece)
        jobs = [
            partial(upload.push, blob.descriptor, blob.open, blob.mount_from)
            for blob in blobs
        ]
        run_parallel(jobs, PARALLEL_UPLOADS, stopped)


def _opener(open_layer: OpenLayer, layer: Descriptor) -> OpenContent:
    return lambda: open_layer(layer)
