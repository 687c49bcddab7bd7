"""Ports: where images come from, and where a built image goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Protocol

from domain.image.config import ImageConfig
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Index, Manifest
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedImage:
    """An image of one platform: manifest and config, no layers.

    Attributes:
        reference: Where it was found: what was asked for, or its place at a mirror.
        digest: Digest of the manifest (not of an index it was chosen from).
        manifest: The manifest, its bytes verified against `digest`.
        config: The config, its bytes verified against the manifest.
        indexes: The indexes it was chosen from, the one that was named first;
            () where the reference names the manifest itself.
    """

    reference: Reference
    digest: Digest
    manifest: Manifest
    config: ImageConfig
    indexes: tuple[Index, ...] = ()


class ImageSource(Protocol):
    """A place images are read from: a registry, an OCI layout."""

    def resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:
        """Return manifest and config of an image, chosen from an index.

        Raises:
            ManifestUnknown: No such image, or none of that platform.
            Unauthorized: A credential is missing or refused.
            RegistryUnreachable: No answer.
            InvalidImage: What was answered is no image we understand.
            DigestMismatch: The bytes are not what the digest promises.
        """

    def open_blob(
        self, image: ResolvedImage, descriptor: Descriptor, offset: int = 0
    ) -> BinaryIO:
        """Open a blob of the image from a byte offset; the caller closes it.

        The bytes are as served: verifying them is the reader's business
        (`LayerStore.fetch`). Reading may raise a `RegistryError`.
        """


class ImageRegistry(ImageSource, Protocol):
    """Registries, which can tell what a name stands for without sending it."""

    def current_digest(self, reference: Reference) -> Digest | None:
        """Return the digest a reference has now, that of a manifest or an index.

        None where there is none, or where the registry does not tell: `resolve`
        finds out which.

        Raises:
            Unauthorized: A credential is missing or refused.
            RegistryUnreachable: No answer.
            RegistryError: The registry cannot answer at the moment.
        """


class ImageLister(Protocol):
    """Registries, which can tell all images that a name stands for."""

    def resolve_all(self, reference: Reference) -> tuple[ResolvedImage, ...]:
        """Return the images of a name: one, or those of every platform of an index.

        Attestations are no images. Raises what `ImageSource.resolve` does.
        """

    def open_blob(
        self, image: ResolvedImage, descriptor: Descriptor, offset: int = 0
    ) -> BinaryIO:
        """Open a blob of an image; see `ImageSource`."""


OpenLayer = Callable[[Descriptor], BinaryIO]
"""Opens the blob of a layer of the image being published, fetching it first
where it is not here yet; the caller closes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltImage:
    """An image ready to be published.

    Attributes:
        manifest: The manifest, exactly the bytes to be stored.
        config: Bytes of the config blob.
        origins: Source image by layer digest, for layers that came with a base:
            a registry may mount them from there instead of uploading.
    """

    manifest: Manifest
    config: bytes
    origins: dict[Digest, ResolvedImage]


class StoredImage(Protocol):
    """One image that was made before: a layout, an archive."""

    @property
    def place(self) -> str:
        """What to call it in messages: a path."""

    def read(self) -> BuiltImage:
        """Return manifest and config; layers can be opened from then on.

        Raises:
            InvalidImage: There is no such image, or not one alone.
            DigestMismatch: It is damaged.
            FilesystemError: It cannot be read.
        """

    def open_layer(self, descriptor: Descriptor) -> BinaryIO:
        """Open the blob of a layer; the caller closes it.

        What it holds is verified by who receives it. Raises what `read` does; also
        while reading.
        """


class ImageDestination(Protocol):
    """A place a built image is written to: a registry, a layout, a tar."""

    @property
    def name(self) -> str:
        """What to call it in messages: a reference or a path."""

    def check(self) -> None:
        """Find out, before anything is built, whether publishing can work.

        Leaves nothing behind. Raises what `publish` would.
        """

    def send(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        """Bring layers and config there, as far as that needs no name; or nothing.

        Called for every destination before the first is published: what fails here
        fails before a name appears anywhere. Idempotent. Raises what `publish` does.
        """

    def publish(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        """Write layers, config and manifest, in this order.

        What was sent is not sent again. Idempotent. The name (tag, index entry,
        file) appears only when all blobs are there; a failure leaves the old state
        under the name.

        Raises:
            Unauthorized, RegistryUnreachable, RegistryError: A registry's.
            OutputError: A path cannot be written.
        """


class IndexDestination(Protocol):
    """A name that an index gets."""

    @property
    def name(self) -> str:
        """What to call it in messages: a reference."""

    def check(self) -> None:
        """Find out whether pushing can work; see `ImageDestination`."""

    def publish_index(self, index: Index) -> None:
        """Write an index whose images are there, and give it the name. Idempotent.

        Raises:
            Unauthorized, RegistryUnreachable, RegistryError: A registry's.
        """
