"""The one image of an OCI layout, exactly as it lies there.

The layout is trusted no more than a registry: what is small is verified here, what
is large by who receives it.
"""

from __future__ import annotations

from typing import BinaryIO

from adapters.storage.image_files import ImageFiles, read_small_file
from adapters.storage.layout_files import INDEX_FILE
from application.errors import DigestMismatch
from application.ports.images import BuiltImage
from domain.errors import InvalidImage
from domain.image.descriptor import Descriptor
from domain.image.manifest import Index, Manifest, parse_document
from domain.image.media_type import is_foreign_layer
from domain.image.selection import MAXIMUM_NESTING, Document


class LayoutStoredImage:
    """Reads the image of a layout (implements `StoredImage`).

    Args:
        files: The layout's.
    """

    def __init__(self, files: ImageFiles) -> None:
        self._files = files

    @property
    def place(self) -> str:
        """Where it is."""
        return self._files.place

    def read(self) -> BuiltImage:
        """Return manifest and config, verified; see the port."""
        document: Document = self._parse(read_small_file(self._files, INDEX_FILE))
        for _ in range(MAXIMUM_NESTING):
            if isinstance(document, Manifest):
                return self._image(document)
            entry = self._only(document)
            document = self._parse(self._read(entry), entry.media_type)
        raise InvalidImage("indexes are nested too deeply", place=self._files.place)

    def open_layer(self, descriptor: Descriptor) -> BinaryIO:
        """Open a layer's blob; see the port."""
        return self._files.open(_name(descriptor))

    def _only(self, index: Index) -> Descriptor:
        """Return the one image; docker saves indexes whole, and images it has."""
        named = {entry.digest: entry for entry in index.images}
        images = {
            digest: entry
            for digest, entry in named.items()
            if self._files.size(_name(entry)) is not None
        } or named
        if len(images) != 1:
            raise InvalidImage(
                f"holds {len(images)} images, not one",
                place=self._files.place,
                hint="write one image to a directory of its own; "
                "kanipy index create puts those of several platforms together",
            )
        return next(iter(images.values()))

    def _image(self, manifest: Manifest) -> BuiltImage:
        manifest.require_layers()
        for layer in manifest.layers:
            is_here = self._files.size(_name(layer)) == layer.size
            if not is_here and not is_foreign_layer(layer.media_type):
                raise InvalidImage(
                    f"layer {layer.digest} is missing, or not whole",
                    place=self._files.place,
                )
        config = self._read(manifest.config)
        return BuiltImage(manifest=manifest, config=config, origins={})

    def _parse(self, raw: bytes, media_type: str = "") -> Document:
        try:
            return parse_document(raw, media_type)
        except InvalidImage as error:
            place = f"{self._files.place} {error.place or ''}".strip()
            raise InvalidImage(error.message, place=place, hint=error.hint) from error

    def _read(self, descriptor: Descriptor) -> bytes:
        raw = read_small_file(self._files, _name(descriptor))
        if len(raw) != descriptor.size or not descriptor.digest.matches(raw):
            raise DigestMismatch(
                f"the blob's bytes are not {descriptor.digest}",
                place=self._files.place,
            )
        return raw


def _name(descriptor: Descriptor) -> str:
    return f"blobs/{descriptor.digest.algorithm}/{descriptor.digest.hex}"
