"""Manifests and indexes, their bytes kept exactly as received.

OCI image specification, "Image Manifest" and "Image Index"; docker's version 2
schema 2 has the same shape. Nested indexes are followed by the caller, who can
fetch; docker's schema 1 is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from domain.errors import InvalidImage
from domain.image.descriptor import NO_ANNOTATIONS, Descriptor
from domain.image.digest import Digest
from domain.image.json_fields import Fields, JsonObject, render
from domain.image.media_type import (
    INDEXES,
    MANIFESTS,
    OCI_INDEX,
    OCI_MANIFEST,
    SCHEMA1_MANIFESTS,
    Vendor,
    is_layer,
    vendor_of,
)
from domain.image.platform import Platform
from domain.values import dataclass, field

MAXIMUM_MANIFEST_SIZE = 8 << 20
"""Bytes of a manifest, index or config that we are ready to hold; the
distribution specification asks registries for 4 MiB at least."""

SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The manifest of one image.

    Attributes:
        raw: Its bytes, as received or as they will be stored.
        media_type: `media_type.OCI_MANIFEST` or `DOCKER_MANIFEST`.
        digest: sha256 of `raw`.
        config: Descriptor of the image config.
        layers: Descriptors of the layers, lowest first.
        annotations: Free facts about the image.
    """

    raw: bytes = field(repr=False)
    media_type: str
    digest: Digest
    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def parse(cls, raw: bytes, media_type: str = "") -> Self:
        """Parse the bytes of a manifest.

        Args:
            raw: The bytes.
            media_type: As the registry or a descriptor names it; the document's
                own field beats it.

        Raises:
            InvalidImage: It is no manifest of an image.
        """
        fields = _fields(raw, "manifest")
        actual = _media_type(fields, media_type)
        if actual not in MANIFESTS:
            raise InvalidImage(f"not an image manifest: {actual!r}", place="manifest")
        config = fields.child("config")
        if config is None:
            raise InvalidImage("field 'config' is missing", place="manifest")
        return cls(
            raw=raw,
            media_type=actual,
            digest=Digest.of(raw),
            config=Descriptor.from_json(config),
            layers=tuple(Descriptor.from_json(o) for o in fields.children("layers")),
            annotations=fields.text_map("annotations"),
        )

    @classmethod
    def create(
        cls,
        vendor: Vendor,
        config: Descriptor,
        layers: Sequence[Descriptor],
        annotations: Mapping[str, str] = NO_ANNOTATIONS,
    ) -> Self:
        """Make a manifest, the same bytes for the same arguments.

        Args:
            vendor: Family of the manifest's media type; the descriptors' own
                must have been chosen to fit.
            config: Descriptor of the config.
            layers: Descriptors of the layers, lowest first.
            annotations: Facts about the image; docker manifests have none, they
                are left out there.
        """
        kept = dict(sorted(annotations.items())) if vendor is Vendor.OCI else {}
        document: JsonObject = {
            "schemaVersion": SCHEMA_VERSION,
            "mediaType": vendor.manifest_type,
            "config": config.to_json(),
            "layers": [layer.to_json() for layer in layers],
        }
        if kept:
            document["annotations"] = kept
        raw = render(document)
        return cls(
            raw=raw,
            media_type=vendor.manifest_type,
            digest=Digest.of(raw),
            config=config,
            layers=tuple(layers),
            annotations=kept,
        )

    @property
    def vendor(self) -> Vendor:
        """Family of the media type."""
        return vendor_of(self.media_type)

    @property
    def descriptor(self) -> Descriptor:
        """A descriptor that points to this manifest."""
        return Descriptor(
            media_type=self.media_type, digest=self.digest, size=len(self.raw)
        )

    def require_layers(self) -> None:
        """Check that all layers are file system layers.

        Raises:
            InvalidImage: One is something else (an artifact, a signature).
        """
        for layer in self.layers:
            if not is_layer(layer.media_type):
                raise InvalidImage(
                    f"layer {layer.digest} is no file system: {layer.media_type!r}",
                    place="manifest",
                    hint="name a container image, not an artifact or a signature",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index (docker: manifest list): one image for several platforms.

    Attributes:
        raw: Its bytes, as received or as they will be stored.
        media_type: `media_type.OCI_INDEX` or `DOCKER_INDEX`.
        digest: sha256 of `raw`.
        manifests: Descriptors of manifests and nested indexes.
        annotations: Free facts.
    """

    raw: bytes = field(repr=False)
    media_type: str
    digest: Digest
    manifests: tuple[Descriptor, ...]
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def parse(cls, raw: bytes, media_type: str = "") -> Self:
        """Parse the bytes of an index.

        Raises:
            InvalidImage: It is none.
        """
        fields = _fields(raw, "index")
        actual = _media_type(fields, media_type)
        if actual not in INDEXES:
            raise InvalidImage(f"not an image index: {actual!r}", place="index")
        return cls(
            raw=raw,
            media_type=actual,
            digest=Digest.of(raw),
            manifests=tuple(
                Descriptor.from_json(o) for o in fields.children("manifests")
            ),
            annotations=fields.text_map("annotations"),
        )

    @classmethod
    def create(
        cls,
        vendor: Vendor,
        manifests: Sequence[Descriptor],
        annotations: Mapping[str, str] = NO_ANNOTATIONS,
    ) -> Self:
        """Make an index, the same bytes for the same arguments."""
        kept = dict(sorted(annotations.items())) if vendor is Vendor.OCI else {}
        document: JsonObject = {
            "schemaVersion": SCHEMA_VERSION,
            "mediaType": vendor.index_type,
            "manifests": [manifest.to_json() for manifest in manifests],
        }
        if kept:
            document["annotations"] = kept
        raw = render(document)
        return cls(
            raw=raw,
            media_type=vendor.index_type,
            digest=Digest.of(raw),
            manifests=tuple(manifests),
            annotations=kept,
        )

    @property
    def images(self) -> tuple[Descriptor, ...]:
        """The entries that can be images or indexes of them: no attestations."""
        return tuple(entry for entry in self.manifests if _is_image(entry))

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """The platforms it offers, attestations left out."""
        return tuple(entry.platform for entry in self.images if entry.platform)

    def select(self, platform: Platform) -> Descriptor | None:
        """Return the entry that fits a platform best, None where none does.

        Attestations are skipped. A nested index or manifest without a platform
        is taken when nothing else fits and it is the only one of its kind: the
        caller looks inside.
        """
        images = self.images
        ranked = [
            (rank, number)
            for number, entry in enumerate(images)
            if entry.platform and (rank := platform.rank(entry.platform)) is not None
        ]
        if ranked:
            return images[min(ranked)[1]]
        unnamed = [entry for entry in images if entry.platform is None]
        return unnamed[0] if len(unnamed) == 1 else None


def parse_document(raw: bytes, media_type: str = "") -> Manifest | Index:
    """Parse bytes that are a manifest or an index.

    Raises:
        InvalidImage: They are neither; docker's schema 1 says so in its message.
    """
    actual = _media_type(_fields(raw, "manifest"), media_type)
    if actual in INDEXES:
        return Index.parse(raw, media_type)
    return Manifest.parse(raw, media_type)


def _is_image(entry: Descriptor) -> bool:
    """Return whether an index entry can be an image, not an attestation."""
    platform = entry.platform
    is_unknown = platform is not None and "unknown" in (
        platform.os,
        platform.architecture,
    )
    return not is_unknown and "vnd.docker.reference.type" not in entry.annotations


def _fields(raw: bytes, place: str) -> Fields:
    if len(raw) > MAXIMUM_MANIFEST_SIZE:
        raise InvalidImage(f"larger than {MAXIMUM_MANIFEST_SIZE} bytes", place=place)
    fields = Fields.parse(raw, place)
    if fields.integer("schemaVersion") == 1 or "fsLayers" in fields:
        raise InvalidImage(
            "image uses docker's manifest schema 1, which is not supported",
            place=place,
            hint="pull and push it once with a current docker to convert it",
        )
    if "manifests" in fields and "layers" in fields:
        # One document, two readings: another tool would see another image.
        raise InvalidImage("document is both a manifest and an index", place=place)
    return fields


def _media_type(fields: Fields, named: str) -> str:
    """Return the media type: the document's own, else the named, else by shape."""
    own = fields.text("mediaType")
    outer = named.partition(";")[0].strip().lower()
    if own:
        return own
    if outer in INDEXES | MANIFESTS | SCHEMA1_MANIFESTS:
        return outer
    return OCI_INDEX if "manifests" in fields else OCI_MANIFEST
