"""Descriptors: what a blob or manifest is, named by its digest.

OCI image specification, "Content Descriptors".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from domain.errors import InvalidImage
from domain.image.digest import Digest
from domain.image.json_fields import Fields, JsonObject, present
from domain.image.platform import Platform
from domain.values import dataclass, field

NO_ANNOTATIONS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """Points to content.

    Attributes:
        media_type: What the content is.
        digest: Its digest.
        size: Its length in bytes.
        urls: Where else it may be fetched (foreign layers).
        annotations: Free facts about it.
        platform: What it runs on, in the entries of an index.
        artifact_type: What an artifact manifest is, in the entries of an index.
    """

    media_type: str
    digest: Digest
    size: int
    urls: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    platform: Platform | None = None
    artifact_type: str = ""

    @classmethod
    def from_json(cls, fields: Fields) -> Self:
        """Read a descriptor.

        Raises:
            InvalidImage: A field is missing or wrong.
        """
        size = fields.integer("size", -1)
        if size < 0:
            raise InvalidImage(
                "field 'size' is missing or negative", place=fields.place
            )
        platform = fields.child("platform")
        return cls(
            media_type=fields.text("mediaType"),
            digest=fields.digest("digest"),
            size=size,
            urls=fields.texts("urls") or (),
            annotations=fields.text_map("annotations"),
            platform=_platform_from_json(platform) if platform else None,
            artifact_type=fields.text("artifactType"),
        )

    def to_json(self) -> JsonObject:
        """Return the JSON object, empty fields left out."""
        facts: JsonObject = {
            "mediaType": self.media_type,
            "digest": str(self.digest),
            "size": self.size,
        }
        return facts | present(
            {
                "urls": list(self.urls),
                "annotations": dict(sorted(self.annotations.items())),
                "platform": _platform_to_json(self.platform) if self.platform else None,
                "artifactType": self.artifact_type,
            }
        )


def _platform_from_json(fields: Fields) -> Platform:
    return Platform(
        os=fields.text("os"),
        architecture=fields.text("architecture"),
        variant=fields.text("variant"),
        os_version=fields.text("os.version"),
        os_features=fields.texts("os.features") or (),
    )


def _platform_to_json(platform: Platform) -> JsonObject:
    facts: JsonObject = {"architecture": platform.architecture, "os": platform.os}
    return facts | present(
        {
            "os.version": platform.os_version,
            "os.features": list(platform.os_features),
            "variant": platform.variant,
        }
    )
