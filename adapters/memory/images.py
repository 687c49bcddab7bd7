"""Images that live in memory: a source to build on, a destination to look into."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import BinaryIO

from application.errors import DigestMismatch, ManifestUnknown, RegistryError
from application.ports.images import BuiltImage, OpenLayer, ResolvedImage
from domain.image.config import ImageConfig
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Index, Manifest, parse_document
from domain.image.media_type import Compression, Vendor, layer_media_type
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.image.selection import (
    Document,
    IndexTrail,
    describe_platforms,
    every_manifest,
    find_manifest,
)
from domain.values import dataclass, field


class MemoryImageSource:
    """Images by reference.

    Attributes:
        blobs: All blobs, manifests and configs included, by digest. A test may
            replace one to damage it.
        opened: Digests of the blobs that were opened, in order.
    """

    def __init__(self) -> None:
        self.blobs: dict[Digest, bytes] = {}
        self.opened: list[Digest] = []
        self._named: dict[Reference, Descriptor] = {}

    def add_blob(self, data: bytes, media_type: str) -> Descriptor:
        """Keep a blob and return its descriptor."""
        digest = Digest.of(data)
        self.blobs[digest] = data
        return Descriptor(media_type=media_type, digest=digest, size=len(data))

    def add_layer(
        self,
        data: bytes,
        compression: Compression = Compression.NONE,
        vendor: Vendor = Vendor.OCI,
    ) -> Descriptor:
        """Keep the blob of a layer and return its descriptor."""
        return self.add_blob(data, layer_media_type(vendor, compression))

    def add_image(
        self,
        reference: Reference | None,
        config: ImageConfig,
        layers: Sequence[Descriptor] = (),
        vendor: Vendor = Vendor.OCI,
    ) -> Manifest:
        """Make the image of a config and layers, and name it if asked."""
        blob = self.add_blob(config.to_json(), vendor.config_type)
        manifest = Manifest.create(vendor, blob, layers)
        self.add_document(reference, manifest)
        return manifest

    def add_document(
        self, reference: Reference | None, document: Manifest | Index
    ) -> None:
        """Keep a manifest or index, and name it if asked."""
        descriptor = self.add_blob(document.raw, document.media_type)
        if reference is not None:
            self._named[reference] = descriptor

    def resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:
        """Return manifest and config of an image, chosen from an index."""
        if reference not in self._named:
            raise self._unknown(reference, f"no image {reference}")
        trail = IndexTrail(self._fetch)
        document = trail.fetch(self._named[reference])
        if reference.digest not in (None, document.digest):
            raise self._unknown(reference, f"no image {reference}")
        manifest = find_manifest(document, platform, trail.fetch)
        if manifest is None:
            offered = describe_platforms(document)
            raise self._unknown(reference, f"no {platform}; there are: {offered}")
        return ResolvedImage(
            reference=reference,
            digest=manifest.digest,
            manifest=manifest,
            config=ImageConfig.parse(self._read(manifest.config)),
            indexes=trail.indexes,
        )

    def resolve_all(self, reference: Reference) -> tuple[ResolvedImage, ...]:
        """Return every image of a name (implements `ImageLister`)."""
        if reference not in self._named:
            raise self._unknown(reference, f"no image {reference}")
        document = self._fetch(self._named[reference])
        return tuple(
            ResolvedImage(
                reference=reference,
                digest=manifest.digest,
                manifest=manifest,
                config=ImageConfig.parse(self._read(manifest.config)),
            )
            for manifest in every_manifest(document, self._fetch)
        )

    def current_digest(self, reference: Reference) -> Digest | None:
        """Return the digest of what a reference names (implements `ImageRegistry`)."""
        named = self._named.get(reference)
        return named.digest if named else None

    def open_blob(
        self, image: ResolvedImage, descriptor: Descriptor, offset: int = 0
    ) -> BinaryIO:
        """Open a blob and remember that it was opened."""
        data = self.blobs.get(descriptor.digest)
        if data is None:
            raise RegistryError(f"no blob {descriptor.digest}", registry="memory")
        self.opened.append(descriptor.digest)
        return io.BytesIO(data[offset:])

    def _fetch(self, descriptor: Descriptor) -> Document:
        return parse_document(self._read(descriptor), descriptor.media_type)

    def _read(self, descriptor: Descriptor) -> bytes:
        data = self.blobs[descriptor.digest]
        if not descriptor.digest.matches(data):
            raise DigestMismatch(f"bytes are not {descriptor.digest}", place="memory")
        return data

    def _unknown(self, reference: Reference, message: str) -> ManifestUnknown:
        return ManifestUnknown(
            message,
            registry=reference.registry,
            repository=reference.repository,
            hint="check the name",
        )


@dataclass
class MemoryImageDestination:
    """Keeps what is published.

    Attributes:
        name: What it is called.
        problem: An error that `check` and `publish` shall raise, or None.
        blobs: Blobs by digest.
        published: The images, in order.
        indexes: The indexes, in order.
        checks: How often it was checked.
        has_origins: Whether it has every layer that came with another image.
    """

    name: str = "memory"
    problem: Exception | None = None
    blobs: dict[Digest, bytes] = field(default_factory=dict)
    published: list[BuiltImage] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)
    checks: int = 0
    has_origins: bool = False

    def check(self) -> None:
        """Count the check; raise the problem if there is one."""
        self.checks += 1
        if self.problem is not None:
            raise self.problem

    def send(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        """Keep layers and config."""
        if self.problem is not None:
            raise self.problem
        for layer in image.manifest.layers:
            if layer.digest in self.blobs or (
                self.has_origins and layer.digest in image.origins
            ):
                continue
            with open_layer(layer) as stream:
                self._keep(layer.digest, stream.read())
        self._keep(image.manifest.config.digest, image.config)

    def publish(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        """Keep layers, config and manifest."""
        self.send(image, open_layer)
        self.published.append(image)

    def publish_index(self, index: Index) -> None:
        """Keep an index (implements `IndexDestination`)."""
        if self.problem is not None:
            raise self.problem
        self.indexes.append(index)

    def _keep(self, digest: Digest, data: bytes) -> None:
        if not digest.matches(data):
            raise DigestMismatch(f"bytes are not {digest}", place=self.name)
        self.blobs[digest] = data
