"""Assembling an index: one image for each platform.

OCI image specification, "Image Index". Where the images are, and how they get to the
index's repository, is the business of `application.create_index`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.errors import InvalidImage
from domain.image.descriptor import NO_ANNOTATIONS, Descriptor
from domain.image.manifest import Index, Manifest
from domain.image.media_type import Vendor
from domain.image.platform import Platform
from domain.values import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPart:
    """An image of an index.

    Attributes:
        name: Where it was found, for messages.
        manifest: Its manifest.
        platform: What it runs on, as its config says.
    """

    name: str
    manifest: Manifest
    platform: Platform


def assemble_index(
    parts: Iterable[IndexPart], annotations: Mapping[str, str] = NO_ANNOTATIONS
) -> Index:
    """Make the index of some images, in their order.

    It is docker's manifest list where all images are docker's and nothing is
    annotated, as other tools do it; else an OCI index. An image named twice counts
    once.

    Args:
        parts: The images.
        annotations: Of the index.

    Raises:
        InvalidImage: Two images are for one platform, or one tells none.
    """
    chosen: dict[Platform, IndexPart] = {}
    for part in parts:
        if not (part.platform.os and part.platform.architecture):
            raise InvalidImage(
                "its config names no platform",
                place=part.name,
                hint="name an image that runs, not an artifact",
            )
        other = chosen.setdefault(part.platform, part)
        if other.manifest.digest != part.manifest.digest:
            raise InvalidImage(
                f"is for {part.platform}, and so is {other.name}",
                place=part.name,
                hint="name one image for each platform",
            )
    entries = [_entry(part) for part in chosen.values()]
    return Index.create(_vendor(entries, annotations), entries, annotations)


def _entry(part: IndexPart) -> Descriptor:
    return replace(part.manifest.descriptor, platform=part.platform)


def _vendor(entries: Iterable[Descriptor], annotations: Mapping[str, str]) -> Vendor:
    is_docker = all(
        entry.media_type == Vendor.DOCKER.manifest_type for entry in entries
    )
    return Vendor.DOCKER if is_docker and not annotations else Vendor.OCI
