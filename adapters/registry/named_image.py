"""An image of a registry under another name (`--build-context name=docker-image://…`).

Everything but the name is the registry's.
"""

from __future__ import annotations

from typing import BinaryIO

from application.ports.images import ImageSource, ResolvedImage
from domain.image.descriptor import Descriptor
from domain.image.platform import Platform
from domain.image.reference import Reference


class NamedImageSource:
    """One image, whatever it is called (implements `ImageSource`).

    Args:
        registry: Where it is.
        reference: Its own name.
    """

    def __init__(self, registry: ImageSource, reference: Reference) -> None:
        self._registry = registry
        self._reference = reference

    def resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:  # noqa: ARG002 - the port's
        """Return the image; see the port."""
        return self._registry.resolve(self._reference, platform)

    def open_blob(
        self, image: ResolvedImage, descriptor: Descriptor, offset: int = 0
    ) -> BinaryIO:
        """Open a blob of it; see the port."""
        return self._registry.open_blob(image, descriptor, offset)
