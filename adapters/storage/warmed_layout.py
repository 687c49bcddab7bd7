"""An entry of the directory of warmed images that is an OCI layout."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from adapters.storage.entry_stream import open_section, unreadable
from adapters.storage.layout_files import blob_path
from adapters.storage.oci_layout import LayoutLocation, OciLayoutImageSource
from application.errors import DigestMismatch
from application.ports.images import ResolvedImage
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.media_type import is_foreign_layer
from domain.image.platform import Platform
from domain.image.reference import Reference


class WarmedLayoutSource:
    """Reads one image of a layout, ours or one of kaniko's fork.

    Args:
        path: The layout.
        digest: Digest of the image's manifest.
    """

    def __init__(self, path: Path, digest: Digest) -> None:
        self._path = path
        self._layout = OciLayoutImageSource(
            LayoutLocation(path=str(path), digest=digest)
        )

    def resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:
        """Return manifest and config, verified; the layers' sizes are looked at.

        Raises:
            DigestMismatch: A layer is missing, or shorter or longer than it is.
            KanipyError: What a layout says.
        """
        image = self._layout.resolve(reference, platform)
        for layer in image.manifest.layers:
            if not is_foreign_layer(layer.media_type):
                self._check_size(layer)
        return image

    def open_blob(
        self,
        image: ResolvedImage,  # noqa: ARG002 - there is one
        descriptor: Descriptor,
        offset: int = 0,
    ) -> BinaryIO:
        """Open a blob file.

        Raises:
            DigestMismatch: It cannot be read.
        """
        path = blob_path(self._path, descriptor.digest)
        return open_section(path, offset, descriptor.size)

    def _check_size(self, layer: Descriptor) -> None:
        path = blob_path(self._path, layer.digest)
        try:
            size = path.stat().st_size
        except OSError as error:
            raise unreadable(path, error) from error
        if size != layer.size:
            raise DigestMismatch(
                f"has {size} bytes instead of {layer.size}", place=str(path)
            )
