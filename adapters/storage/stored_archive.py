"""The one image of a docker archive, as `docker save` and `--tar-path` write them.

Such an archive has no manifest: one of docker's media types is made of the list and of
the layers. Those that are not compressed, or as no image may have them, are compressed
with a codec that gives the same bytes on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from adapters.archive.compression import Codec, decompressed, layer_compression
from adapters.storage.docker_list import only_listed_image
from adapters.storage.docker_tar import MANIFEST_FILE
from adapters.storage.image_files import ImageFiles, read_small_file
from adapters.storage.layout_files import CHUNK
from application.errors import DigestMismatch, FilesystemError
from application.ports.images import BuiltImage
from domain.errors import InvalidImage, InvalidLayer
from domain.image.config import ImageConfig
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Manifest
from domain.image.media_type import Compression, Vendor, layer_media_type

START = 6
"""Bytes that tell compressions apart."""

PORTABLE_GZIP = Codec(reproducible=True)


class _Layer(NamedTuple):
    digest: Digest
    size: int
    compression: Compression
    path: Path | None
    """Where it was compressed to, None for what lies in the archive as it is."""
    member: str

    def descriptor(self, vendor: Vendor) -> Descriptor:
        return Descriptor(
            media_type=layer_media_type(vendor, self.compression),
            digest=self.digest,
            size=self.size,
        )


class ArchiveStoredImage:
    """Reads the image of a docker archive (implements `StoredImage`).

    Args:
        files: The archive's.
        directory: Where layers are compressed to; the caller removes it.
    """

    def __init__(self, files: ImageFiles, directory: Path) -> None:
        self._files = files
        self._directory = directory
        self._layers: dict[Digest, _Layer] = {}

    @property
    def place(self) -> str:
        """Where it is."""
        return self._files.place

    def read(self) -> BuiltImage:
        """Make the manifest; every layer is read once. See the port."""
        listed = only_listed_image(
            read_small_file(self._files, MANIFEST_FILE), self._files.place
        )
        raw = read_small_file(self._files, listed.config)
        diff_ids = ImageConfig.parse(raw).diff_ids
        if len(diff_ids) != len(listed.layers):
            raise InvalidImage(
                f"lists {len(listed.layers)} layers, and its config {len(diff_ids)}",
                place=self._files.place,
            )
        layers = [
            self._layer(name, diff_id)
            for name, diff_id in zip(listed.layers, diff_ids, strict=True)
        ]
        self._layers = {layer.digest: layer for layer in layers}
        return BuiltImage(manifest=_manifest(raw, layers), config=raw, origins={})

    def open_layer(self, descriptor: Descriptor) -> BinaryIO:
        """Open a layer's blob; see the port."""
        layer = self._layers[descriptor.digest]
        if layer.path is None:
            return self._files.open(layer.member)
        return layer.path.open("rb")

    def _layer(self, name: str, diff_id: Digest) -> _Layer:
        if self._files.size(name) is None:
            raise InvalidImage(f"holds no file {name}", place=self._files.place)
        with self._files.open(name) as stream:
            compression = layer_compression(stream.read(START))
        with self._files.open(name) as stream, damage_told(self._files.place, name):
            if compression is None:
                return self._compressed(name, stream, diff_id)
            return self._as_it_is(name, stream, diff_id, compression)

    def _as_it_is(
        self, name: str, stream: BinaryIO, diff_id: Digest, compression: Compression
    ) -> _Layer:
        blob = _Hashing(stream)
        tar = hashlib.sha256()
        for chunk in decompressed(cast("BinaryIO", blob)):
            tar.update(chunk)
        while blob.read(CHUNK):
            pass
        self._verify(name, Digest.of_hash(tar), diff_id)
        digest = Digest.of_hash(blob.hash)
        return _Layer(digest, blob.count, compression, None, name)

    def _compressed(self, name: str, stream: BinaryIO, diff_id: Digest) -> _Layer:
        path = self._directory / f"{diff_id.hex}.gz"
        tar, blob, size = hashlib.sha256(), hashlib.sha256(), 0
        compressor = PORTABLE_GZIP.compressor()
        try:
            with path.open("wb") as file:
                for chunk in decompressed(stream):
                    tar.update(chunk)
                    data = compressor.compress(chunk)
                    blob.update(data)
                    size += file.write(data)
                data = compressor.flush()
                blob.update(data)
                size += file.write(data)
        except OSError as error:
            raise FilesystemError(
                f"a layer cannot be compressed: {error.strerror or error}",
                place=str(self._directory),
                hint="make room, or choose another work directory by --kaniko-dir",
            ) from error
        self._verify(name, Digest.of_hash(tar), diff_id)
        digest = Digest.of_hash(blob)
        return _Layer(digest, size, Compression.GZIP, path, name)

    def _verify(self, name: str, found: Digest, diff_id: Digest) -> None:
        if found != diff_id:
            raise DigestMismatch(
                f"the layer {name} is not {diff_id}, as the config says",
                place=self._files.place,
                hint="the archive is damaged: save the image again",
            )


@contextmanager
def damage_told(place: str, name: str = "") -> Iterator[None]:
    """Say of compressed data that is damaged what it is of.

    Args:
        place: The archive.
        name: The member, "" for the archive itself.
    """
    try:
        yield
    except InvalidLayer as error:
        message = f"{name}: {error.message}" if name else error.message
        raise InvalidImage(message, place=place, hint=error.hint) from error


class _Hashing:
    """Hashes and counts what is read from a stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.hash = hashlib.sha256()
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.hash.update(data)
        self.count += len(data)
        return data


def _manifest(config: bytes, layers: list[_Layer]) -> Manifest:
    has_zstd = any(layer.compression is Compression.ZSTD for layer in layers)
    vendor = Vendor.OCI if has_zstd else Vendor.DOCKER
    blob = Descriptor(
        media_type=vendor.config_type, digest=Digest.of(config), size=len(config)
    )
    return Manifest.create(vendor, blob, [layer.descriptor(vendor) for layer in layers])
