"""OCI image layouts: directories that hold images (OCI image specification).

`OciLayoutImageSource` reads base images from one, `OciLayoutImageDestination`
writes the built image to one. The directory is trusted no more than a registry:
what is read is verified against its digest.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import BinaryIO, Self

from adapters.storage.layout_files import (
    INDEX_FILE,
    LAYOUT_FILE,
    REF_NAME,
    blob_path,
    check_writable,
    read_small,
    write_file,
    write_verified,
)
from application.errors import (
    DigestMismatch,
    FilesystemError,
    ManifestUnknown,
    OutputError,
)
from application.ports.images import BuiltImage, OpenLayer, ResolvedImage
from domain.errors import InvalidDigest, InvalidImage, UsageError
from domain.image.config import ImageConfig
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Index, Manifest, parse_document
from domain.image.media_type import Vendor, is_foreign_layer
from domain.image.platform import Platform
from domain.image.reference import DEFAULT_TAG, Reference
from domain.image.selection import (
    Document,
    IndexTrail,
    describe_platforms,
    find_manifest,
)
from domain.values import dataclass

SCHEME = "oci-layout://"
IMAGE_LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutLocation:
    """An image in a layout: `[oci-layout://]PATH[:tag|@digest]`.

    Attributes:
        path: The directory.
        tag: Name of the image in it, or None.
        digest: Digest of its manifest or index, or None.
    """

    path: str
    tag: str | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a location.

        Raises:
            UsageError: No path, or the part after "@" is no digest.
        """
        rest = text.removeprefix(SCHEME)
        path, at, digest = rest.rpartition("@")
        try:
            found = Digest.parse(digest) if at else None
        except InvalidDigest as error:
            raise UsageError(str(error), place=text) from error
        if not at:
            path = rest
        name, colon, tag = path.rpartition(":")
        if not colon or "/" in tag:
            name, tag = path, ""
        if not name:
            raise UsageError("no path", place=text, hint=f"write {SCHEME}PATH[:tag]")
        return cls(path=name, tag=tag or None, digest=found)

    def __str__(self) -> str:
        """Render as `parse` reads it."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{SCHEME}{self.path}{tag}{digest}"


class OciLayoutImageSource:
    """Reads the image at one location, whatever reference it is asked for.

    Args:
        location: Directory and name. Without tag and digest the layout must
            hold one image, or one that is tagged "latest".
    """

    def __init__(self, location: LayoutLocation) -> None:
        self._location = location
        self._root = Path(location.path)
        self._resolved: dict[Platform, ResolvedImage] = {}
        self._lock = threading.Lock()

    def resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:
        """Return manifest and config of the image, chosen from an index."""
        with self._lock:
            if platform not in self._resolved:
                self._resolved[platform] = self._resolve(reference, platform)
            return self._resolved[platform]

    def open_blob(
        self,
        image: ResolvedImage,  # noqa: ARG002 - a layout keeps all blobs together
        descriptor: Descriptor,
        offset: int = 0,
    ) -> BinaryIO:
        """Open a blob file.

        Raises:
            FilesystemError: It is not there, or cannot be read.
        """
        path = blob_path(self._root, descriptor.digest)
        try:
            stream = path.open("rb")
            stream.seek(offset)
        except OSError as error:
            raise FilesystemError(
                f"cannot read the blob: {error.strerror}", place=str(path)
            ) from error
        return stream

    def _resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:
        trail = IndexTrail(self._fetch)
        document = trail.fetch(self._choose(self._read_index()))
        manifest = find_manifest(document, platform, trail.fetch)
        if manifest is None:
            raise self._unknown(
                f"no image for {platform}; there are: {describe_platforms(document)}",
                "choose a platform with --custom-platform",
            )
        raw = self._read_verified(manifest.config)
        return ResolvedImage(
            reference=reference,
            digest=manifest.digest,
            manifest=manifest,
            config=ImageConfig.parse(raw),
            indexes=trail.indexes,
        )

    def _read_index(self) -> Index:
        try:
            # The specification asks for this file too, but nothing depends on it.
            raw = read_small(self._root / INDEX_FILE)
        except FileNotFoundError as error:
            raise self._unknown(
                f"no OCI layout: {INDEX_FILE} is missing", "check the path"
            ) from error
        except OSError as error:
            raise FilesystemError(
                f"cannot read the layout: {error.strerror}", place=str(self._location)
            ) from error
        try:
            return Index.parse(raw)
        except InvalidImage as error:
            raise self._invalid(error) from error

    def _choose(self, index: Index) -> Descriptor:
        """Return the entry of the index that the location names."""
        wanted = self._location.digest
        if wanted is not None:
            chosen = [e for e in index.manifests if e.digest == wanted]
            # Below an index that the layout names: fetched and verified by digest.
            return chosen[0] if chosen else self._by_digest(wanted)
        tag = self._location.tag
        if tag is None and len({e.digest for e in index.manifests}) == 1:
            return index.manifests[0]
        named = [e for e in index.manifests if _has_name(e, tag or DEFAULT_TAG)]
        if not named:
            names = sorted(filter(None, (_name(e) for e in index.manifests)))
            raise self._unknown(
                f"no image named {tag or DEFAULT_TAG!r} in the layout",
                f"it holds: {', '.join(names) or 'images without names'}",
            )
        return named[-1]

    def _by_digest(self, digest: Digest) -> Descriptor:
        try:
            size = blob_path(self._root, digest).stat().st_size
        except OSError as error:
            raise self._unknown(
                f"no image {digest} in the layout", "check the digest"
            ) from error
        return Descriptor(media_type="", digest=digest, size=size)

    def _fetch(self, entry: Descriptor) -> Document:
        try:
            return parse_document(self._read_verified(entry), entry.media_type)
        except InvalidImage as error:
            raise self._invalid(error) from error

    def _read_verified(self, descriptor: Descriptor) -> bytes:
        path = blob_path(self._root, descriptor.digest)
        try:
            raw = read_small(path)
        except OSError as error:
            raise self._unknown(
                f"cannot read blob {descriptor.digest}: {error.strerror}",
                "the layout is not complete",
            ) from error
        if len(raw) != descriptor.size or not descriptor.digest.matches(raw):
            raise DigestMismatch(
                f"the blob's bytes are not {descriptor.digest}", place=str(path)
            )
        return raw

    def _unknown(self, message: str, hint: str) -> ManifestUnknown:
        return ManifestUnknown(message, registry=str(self._location), hint=hint)

    def _invalid(self, error: InvalidImage) -> InvalidImage:
        return InvalidImage(
            error.message, place=f"{self._location} {error.place}", hint=error.hint
        )


class OciLayoutImageDestination:
    """Writes the image to a layout; its index then names this image alone.

    Blobs of earlier images stay, as with kaniko.

    Args:
        path: The directory; made where it is missing.
        references: What the image is called; their tags become its names. Without
            any it is "latest", which is what tools look for.
    """

    def __init__(self, path: str, references: tuple[Reference, ...] = ()) -> None:
        self._root = Path(path)
        tags = dict.fromkeys(r.tag for r in references if r.tag)
        self._tags = tuple(tags) or (DEFAULT_TAG,)

    @property
    def name(self) -> str:
        """The location."""
        return f"{SCHEME}{self._root}"

    def check(self) -> None:
        """Find out whether the directory can be written or made."""
        check_writable(self._root)

    def send(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        """Do nothing: writing a directory does not fail as networks do."""

    def publish(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        """Write the blobs that are missing, then replace the index."""
        try:
            self._publish(image, open_layer)
        except OSError as error:
            raise OutputError(
                f"cannot write the OCI layout: {error.strerror or error}",
                place=str(self._root),
                hint="check the space and the permissions there",
            ) from error

    def _publish(self, image: BuiltImage, open_layer: OpenLayer) -> None:
        for layer in dict.fromkeys(image.manifest.layers):
            if not is_foreign_layer(layer.media_type):
                self._write_layer(layer, open_layer)
        self._write_bytes(image.manifest.config.digest, image.config)
        self._write_bytes(image.manifest.digest, image.manifest.raw)
        write_file(self._root / LAYOUT_FILE, IMAGE_LAYOUT)
        write_file(self._root / INDEX_FILE, self._index(image.manifest).raw)

    def _write_layer(self, layer: Descriptor, open_layer: OpenLayer) -> None:
        path = blob_path(self._root, layer.digest)
        if path.is_file() and path.stat().st_size == layer.size:
            return
        with open_layer(layer) as stream:
            write_verified(path, stream, layer)

    def _write_bytes(self, digest: Digest, data: bytes) -> None:
        write_file(blob_path(self._root, digest), data)

    def _index(self, manifest: Manifest) -> Index:
        entries = [
            Descriptor(
                media_type=manifest.media_type,
                digest=manifest.digest,
                size=len(manifest.raw),
                annotations={REF_NAME: tag},
            )
            for tag in self._tags
        ]
        return Index.create(Vendor.OCI, entries)


def _name(entry: Descriptor) -> str:
    return entry.annotations.get(REF_NAME, "")


def _has_name(entry: Descriptor, tag: str) -> bool:
    """Return whether an entry is called so; some tools write whole references."""
    name = _name(entry)
    return name == tag or name.endswith(f":{tag}")
