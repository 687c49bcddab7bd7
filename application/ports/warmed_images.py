"""Ports: the directory of warmed base images, as builds read and the warmer fills it.

An entry is an image of one platform, named by the digest of its manifest.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from application.errors import DigestMismatch, FilesystemError, RegistryError
from application.ports.images import ImageSource, ResolvedImage
from domain.errors import InvalidImage
from domain.image.digest import Digest
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.values import dataclass

ENTRY_FAULTS = (DigestMismatch, FilesystemError, InvalidImage, RegistryError)
"""What is raised for an entry that is damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmedImage:
    """An entry.

    Attributes:
        digest: Digest of its manifest.
        age: Time since it was fetched, or last found to be right by the warmer.
        source: Reads this image, whatever reference it is asked for. A fault of the
            entry is one of `ENTRY_FAULTS` of `resolve`, or a `DigestMismatch` of
            reading a blob.
    """

    digest: Digest
    age: timedelta
    source: ImageSource


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmedTag:
    """What a tag stood for when it was warmed.

    Attributes:
        digest: Digest of the manifest.
        age: Time since then.
    """

    digest: Digest
    age: timedelta


class WarmedImages(Protocol):
    """What builds read. Any number of them may, and nothing is written."""

    @property
    def place(self) -> str:
        """Where it is, for messages."""

    def find(self, digest: Digest, platform: Platform) -> WarmedImage | None:
        """Return the entry of a manifest, or of a platform in an index.

        Cheap: the entry is not verified before it is resolved. None where there is
        none, or where it cannot be looked at.
        """

    def find_tag(self, reference: Reference, platform: Platform) -> WarmedTag | None:
        """Return what a tag stood for, None where that was not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What it took to make an entry.

    Attributes:
        fetched: Bytes that came from the source.
        present: Bytes that were in the directory before.
    """

    fetched: int
    present: int


class WarmedImageStore(WarmedImages, Protocol):
    """What the warmer fills; several warmers may do so at once."""

    def add(
        self, image: ResolvedImage, source: ImageSource, *, anew: bool = False
    ) -> Added:
        """Make the entry of an image whole and new, and remember its indexes.

        Idempotent; every blob is verified. The entry appears when it is whole, and
        takes the place of a damaged one. Another warmer that adds the same image is
        waited for.

        Args:
            image: The image.
            source: Where its blobs are fetched from.
            anew: Fetch every blob, also those that are here.

        Raises:
            DigestMismatch: The source has other bytes.
            RegistryError: The source failed.
            FilesystemError: The directory cannot be written.
        """

    def tag(self, reference: Reference, platform: Platform, digest: Digest) -> None:
        """Record that a tag stands now for a manifest.

        Raises:
            FilesystemError: The directory cannot be written.
        """
