"""A directory of warmed images that lives in memory."""

from __future__ import annotations

from datetime import timedelta

from adapters.memory.images import MemoryImageSource
from application.errors import DigestMismatch
from application.ports.images import ImageSource, ResolvedImage
from application.ports.warmed_images import Added, WarmedImage, WarmedTag
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Index
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.image.selection import find_below
from domain.values import replace


class MemoryWarmedImages:
    """Entries with the time they were made at (implements `WarmedImageStore`).

    Attributes:
        place: What it is called.
        passed: Time since the beginning; a test lets it pass.
        blobs: All blobs by digest. A test may remove or replace one.
        added: Digests of the entries that were asked for, in order.
        sources: What reads an entry, where a test wants something else to.
    """

    def __init__(self) -> None:
        self.place = "memory"
        self.passed = timedelta()
        self.blobs: dict[Digest, bytes] = {}
        self.added: list[Digest] = []
        self.sources: dict[Digest, ImageSource] = {}
        self._entries: dict[Digest, tuple[ResolvedImage, timedelta]] = {}
        self._indexes: dict[Digest, Index] = {}
        self._tags: dict[tuple[str, Platform], WarmedTag] = {}

    def find(self, digest: Digest, platform: Platform) -> WarmedImage | None:
        """Return an entry, indexes followed."""
        return find_below(digest, platform, self._entry, self._indexes.get)

    def find_tag(self, reference: Reference, platform: Platform) -> WarmedTag | None:
        """Return what a tag stood for."""
        tag = self._tags.get((reference.canonical, platform))
        return replace(tag, age=self.passed - tag.age) if tag else None

    def add(
        self, image: ResolvedImage, source: ImageSource, *, anew: bool = False
    ) -> Added:
        """Keep an image with its blobs."""
        fetched = present = 0
        for descriptor in (image.manifest.config, *image.manifest.layers):
            if self._has(descriptor) and not anew:
                present += descriptor.size
                continue
            with source.open_blob(image, descriptor) as stream:
                data = stream.read()
            if not descriptor.digest.matches(data):
                raise DigestMismatch(f"not {descriptor.digest}", place=self.place)
            self.blobs[descriptor.digest] = data
            fetched += descriptor.size
        self._indexes.update({index.digest: index for index in image.indexes})
        self._entries[image.digest] = (image, self.passed)
        self.added.append(image.digest)
        return Added(fetched=fetched, present=present)

    def tag(self, reference: Reference, platform: Platform, digest: Digest) -> None:
        """Remember what a tag stands for."""
        tag = WarmedTag(digest=digest, age=self.passed)
        self._tags[reference.canonical, platform] = tag

    def remove(self, digest: Digest) -> None:
        """Take an entry away."""
        del self._entries[digest]

    def _entry(self, digest: Digest) -> WarmedImage | None:
        if digest not in self._entries:
            return None
        image, since = self._entries[digest]
        source = self.sources.get(digest) or _EntrySource(image, self.blobs)
        age = self.passed - since
        return WarmedImage(digest=digest, age=age, source=source)

    def _has(self, descriptor: Descriptor) -> bool:
        data = self.blobs.get(descriptor.digest)
        return data is not None and descriptor.digest.matches(data)


class _EntrySource(MemoryImageSource):
    def __init__(self, image: ResolvedImage, blobs: dict[Digest, bytes]) -> None:
        super().__init__()
        self._image = image
        self.blobs = blobs

    def resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:
        for descriptor in (self._image.manifest.config, *self._image.manifest.layers):
            data = self.blobs.get(descriptor.digest, b"")
            if not descriptor.digest.matches(data):
                raise DigestMismatch(f"not {descriptor.digest}", place="memory")
        return replace(self._image, reference=reference)
