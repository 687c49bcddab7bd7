"""Finding what is meant for one platform below a manifest or a (nested) index.

How documents are found, fetched and verified is passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from domain.errors import InvalidImage
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Index, Manifest
from domain.image.platform import Platform

MAXIMUM_NESTING = 4
"""Indexes inside indexes that are followed."""

Document = Manifest | Index
FetchDocument = Callable[[Descriptor], Document]
Found = TypeVar("Found")


def find_manifest(
    document: Document, platform: Platform, fetch: FetchDocument
) -> Manifest | None:
    """Return the manifest for a platform, None where there is none.

    A document that is a manifest already is returned whatever its platform.

    Args:
        document: What the reference names.
        platform: What the image must run on.
        fetch: Fetches a manifest or nested index of an index, verified.

    Raises:
        InvalidImage: Indexes are nested too deeply, or an entry is not an image.
    """
    for _ in range(MAXIMUM_NESTING):
        if isinstance(document, Manifest):
            document.require_layers()
            return document
        chosen = document.select(platform)
        if chosen is None:
            return None
        document = fetch(chosen)
    raise InvalidImage("indexes are nested too deeply", place="index")


def find_below(
    digest: Digest,
    platform: Platform,
    find: Callable[[Digest], Found | None],
    index: Callable[[Digest], Index | None],
) -> Found | None:
    """Return what a digest stands for, or a digest that indexes lead to from there.

    Args:
        digest: Digest of a manifest or an index.
        platform: What is chosen in indexes.
        find: Finds what stands for a digest.
        index: Finds the index of a digest.
    """
    for _ in range(MAXIMUM_NESTING):
        found = find(digest)
        if found is not None:
            return found
        document = index(digest)
        chosen = document.select(platform) if document else None
        if chosen is None:
            return None
        digest = chosen.digest
    return None


def every_manifest(
    document: Document, fetch: FetchDocument, depth: int = MAXIMUM_NESTING
) -> Iterator[Manifest]:
    """Yield the manifests of all images below a document, attestations left out.

    Args:
        document: What a reference names.
        fetch: As of `find_manifest`.
        depth: Indexes inside indexes that are followed.

    Raises:
        InvalidImage: As `find_manifest`.
    """
    if isinstance(document, Manifest):
        document.require_layers()
        yield document
        return
    if depth == 0:
        raise InvalidImage("indexes are nested too deeply", place="index")
    for entry in document.images:
        yield from every_manifest(fetch(entry), fetch, depth - 1)


class IndexTrail:
    """Fetches documents and remembers the indexes among them, in order.

    Args:
        fetch: Fetches.
    """

    def __init__(self, fetch: FetchDocument) -> None:
        self._fetch = fetch
        self._indexes: list[Index] = []

    @property
    def indexes(self) -> tuple[Index, ...]:
        """The indexes so far, the outermost first."""
        return tuple(self._indexes)

    def fetch(self, entry: Descriptor) -> Document:
        """Fetch a document."""
        return self.add(self._fetch(entry))

    def add(self, document: Document) -> Document:
        """Remember a document that was fetched otherwise, and return it."""
        if isinstance(document, Index):
            self._indexes.append(document)
        return document


def describe_platforms(document: Document) -> str:
    """Return the platforms a document offers, for a message."""
    if isinstance(document, Manifest) or not document.platforms:
        return "none"
    return ", ".join(str(platform) for platform in document.platforms)
