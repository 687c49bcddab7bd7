"""A tag in a registry that a built image, or an index, is pushed to."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from threading import Event

from adapters.http.retries import Retries
from adapters.registry.connection import RegistryConnections
from adapters.registry.immutable_tags import refuses_to_move_a_tag
from adapters.registry.known_blobs import KnownBlobs
from adapters.registry.parallel import run_parallel
from adapters.registry.repository import RegistryRepository
from adapters.registry.upload import PIECE, BlobUpload, OpenContent
from application.errors import RegistryError
from application.ports.images import BuiltImage, OpenLayer
from application.ports.repetition import Once, Repetition
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Index, Manifest
from domain.image.media_type import is_foreign_layer
from domain.image.reference import Reference
from domain.values import dataclass, field

_IMMUTABLE_HINT = (
    "choose another tag, or count it as pushed with --push-ignore-immutable-tag-errors"
)

PARALLEL_UPLOADS = 4
"""Blobs of one image on their way at the same time."""


@dataclass(frozen=True, slots=True)
class _Blob:
    descriptor: Descriptor
    open: OpenContent
    mount_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRules:
    """What is to be done beyond sending what is missing.

    Attributes:
        checks: Whether `check` asks the registry.
        keeps_immutable_tags: Whether a tag that the registry does not move counts
            as pushed.
        warn: Is told of such a tag.
        repetition: How often a whole push is repeated.
        known: Where blobs are that can be mounted; what is pushed is added.
        piece: Bytes of a piece where a blob is not accepted whole.
    """

    checks: bool = True
    keeps_immutable_tags: bool = False
    warn: Callable[[str], None] = lambda _: None
    repetition: Repetition = field(default_factory=Once)
    known: KnownBlobs = field(default_factory=KnownBlobs)
    piece: int = PIECE


class RegistryImageDestination:
    """Pushes to one reference.

    `open_layer` of `send` and `publish` is called from several threads.

    Args:
        reference: Where to; its tag.
        connections: The registries.
        retries: How failed uploads are repeated.
        rules: What else there is to do.
    """

    def __init__(
        self,
        reference: Reference,
        connections: RegistryConnections,
        retries: Retries | None = None,
        rules: PushRules | None = None,
    ) -> None:
        self._reference = reference
        self._retries = retries or Retries()
        self._rules = rules or PushRules()
        self._repository = RegistryRepository(
            connections.to(reference.registry), reference.repository, self._retries
        )
        self._sent: Digest | None = None
        self._tagged: Digest | None = None

    @property
    def name(self) -> str:
        """The reference."""
        return str(self._reference)

    def check(self) -> None:
        """Start an upload and cancel it: is the push permitted?"""
        if self._rules.checks:
            self._repository.check_push()

    def send(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        """Push the blobs that are missing; the tag stays as it is."""
        self._rules.repetition.run(partial(self._send, image, open_layer))

    def publish(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        """Push what is missing: blobs, then the manifest."""
        self._rules.repetition.run(partial(self._publish, image, open_layer))

    def _send(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        self._tagged = self._repository.find_digest(self._reference.identifier)
        if self._tagged != image.manifest.digest:
            self._push_blobs(list(self._blobs(image, open_layer)))
        self._sent = image.manifest.digest

    def _publish(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        if self._sent != image.manifest.digest:
            self._send(image, open_layer)
        # If it fails here, whoever asks again wants to know what is there.
        self._sent = None
        if self._tagged != image.manifest.digest:
            self._put(image.manifest)

    def publish_index(self, index: Index) -> None:
        """Push an index under the tag (implements `IndexDestination`)."""
        self._rules.repetition.run(partial(self._publish_index, index))

    def _publish_index(self, index: Index) -> None:
        if self._repository.find_digest(self._reference.identifier) != index.digest:
            self._put(index)

    def _put(self, document: Manifest | Index) -> None:
        try:
            self._repository.put_manifest(document, self._reference.identifier)
        except RegistryError as error:
            stays = refuses_to_move_a_tag(error)
            if not (stays and self._rules.keeps_immutable_tags):
                if stays:
                    error.hint = _IMMUTABLE_HINT
                raise
            self._rules.warn(f"{self.name} stays what it was: {error}")

    def _blobs(self, image: BuiltImage, open_layer: OpenLayer) -> Iterator[_Blob]:
        layers = {layer.digest: layer for layer in image.manifest.layers}
        for layer in layers.values():
            if is_foreign_layer(layer.media_type):
                continue
            yield _Blob(layer, _opener(open_layer, layer), self._origin(image, layer))
        blob, config = image.manifest.config, image.config
        yield _Blob(blob, lambda: io.BytesIO(config), self._origin(image, blob))

    def _origin(self, image: BuiltImage, blob: Descriptor) -> str | None:
        """Return another repository of the registry that has a blob."""
        registry = self._reference.registry
        origin = image.origins.get(blob.digest)
        if origin is not None and origin.reference.registry == registry:
            repository: str | None = origin.reference.repository
        else:
            repository = self._rules.known.repository(registry, blob.digest)
        return repository if repository != self._reference.repository else None

    def _push_blobs(self, blobs: list[_Blob]) -> None:
        stopped = Event()
        upload = BlobUpload(self._repository, self._retries, stopped, self._rules.piece)
        jobs = [partial(self._push, upload, blob) for blob in blobs]
        run_parallel(jobs, PARALLEL_UPLOADS, stopped)

    def _push(self, upload: BlobUpload, blob: _Blob) -> None:
        upload.push(blob.descriptor, blob.open, blob.mount_from)
        self._rules.known.add(
            self._reference.registry,
            self._reference.repository,
            blob.descriptor.digest,
        )


def _opener(open_layer: OpenLayer, layer: Descriptor) -> OpenContent:
    return lambda: open_layer(layer)
