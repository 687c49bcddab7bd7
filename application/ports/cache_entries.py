"""Port: a place that a layer cache has for itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import BinaryIO, NamedTuple, Protocol

from application.ports.images import ImageSource
from domain.image.descriptor import Descriptor
from domain.image.manifest import Manifest
from domain.image.reference import Reference


class EntryBlob(NamedTuple):
    """A blob of an entry.

    Attributes:
        descriptor: What it is.
        open: Opens its bytes; the caller closes them.
    """

    descriptor: Descriptor
    open: Callable[[], BinaryIO]


class CacheEntries(Protocol):
    """Images by tag: a repository of a registry, a folder of layouts.

    Safe for several threads, and for several builds at once.
    """

    @property
    def name(self) -> str:
        """What the place is called in messages."""

    def fetch(self, tag: str) -> Manifest:
        """Return the manifest of an image.

        Raises:
            ManifestUnknown: There is none.
            Unauthorized, RegistryUnreachable, RegistryError: A registry's.
            InvalidImage, DigestMismatch: It is damaged.
        """

    def open_blob(self, tag: str, descriptor: Descriptor) -> BinaryIO:
        """Open a blob of an image, unverified; the caller closes it.

        Raises as `fetch` does.
        """

    def push(self, tag: str, manifest: Manifest, blobs: Sequence[EntryBlob]) -> None:
        """Write what is missing of an image, its tag last; a tag is replaced.

        Raises:
            Unauthorized, RegistryUnreachable, RegistryError, OutputError.
        """

    def image(self, tag: str) -> tuple[Reference, ImageSource]:
        """Return what an image is called, and what reads its layers."""
