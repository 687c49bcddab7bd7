"""Small whole images for tests, and the invariants every image must keep."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from application.ports.images import BuiltImage, ResolvedImage
from domain.image.config import History, ImageConfig
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Manifest
from domain.image.media_type import (
    Compression,
    Vendor,
    compression_of,
    layer_media_type,
)
from domain.image.platform import Platform

AMD64 = Platform(os="linux", architecture="amd64")
ARM64 = Platform(os="linux", architecture="arm64")
ReadBlob = Callable[[Descriptor], bytes]


@dataclass(frozen=True)
class SmallImage:
    """An image with all its bytes."""

    manifest: Manifest
    config: ImageConfig
    layers: dict[Digest, bytes]

    @property
    def config_bytes(self) -> bytes:
        return self.config.to_json()

    @property
    def built(self) -> BuiltImage:
        return BuiltImage(manifest=self.manifest, config=self.config_bytes, origins={})

    def open_layer(self, descriptor: Descriptor) -> BinaryIO:
        return io.BytesIO(self.layers[descriptor.digest])

    def blobs(self) -> dict[Digest, bytes]:
        return {**self.layers, self.manifest.config.digest: self.config_bytes}


def make_tar(files: dict[str, bytes]) -> bytes:
    """Return a tar with some files in it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def make_image(
    *tars: bytes,
    vendor: Vendor = Vendor.OCI,
    compression: Compression = Compression.GZIP,
    platform: Platform = AMD64,
) -> SmallImage:
    """Return an image whose layers are the given tars."""
    config = ImageConfig(platform=platform, created="2024-01-01T00:00:00Z")
    config = config.with_empty_history(History(created_by="ENV a=b"))
    layers: dict[Digest, bytes] = {}
    descriptors = []
    for number, tar in enumerate(tars):
        blob = gzip.compress(tar, mtime=0) if compression is Compression.GZIP else tar
        digest = Digest.of(blob)
        layers[digest] = blob
        media_type = layer_media_type(vendor, compression)
        descriptors.append(
            Descriptor(media_type=media_type, digest=digest, size=len(blob))
        )
        config = config.with_layer(Digest.of(tar), History(created_by=f"step {number}"))
    raw = config.to_json()
    blob_of_config = Descriptor(
        media_type=vendor.config_type, digest=Digest.of(raw), size=len(raw)
    )
    manifest = Manifest.create(vendor, blob_of_config, descriptors)
    return SmallImage(manifest, config, layers)


def check_image(image: ResolvedImage, read: ReadBlob) -> None:
    """Assert the invariants of an image: digests, sizes, diff IDs, history."""
    manifest, config = image.manifest, image.config
    assert image.digest == manifest.digest == Digest.of(manifest.raw)
    raw = read(manifest.config)
    assert Digest.of(raw) == manifest.config.digest
    assert len(raw) == manifest.config.size
    assert ImageConfig.parse(raw) == config
    assert len(manifest.layers) == len(config.diff_ids)
    filled = [entry for entry in config.history if not entry.empty_layer]
    assert len(filled) == len(manifest.layers)
    for layer, diff_id in zip(manifest.layers, config.diff_ids, strict=True):
        blob = read(layer)
        assert len(blob) == layer.size
        assert Digest.of(blob) == layer.digest
        is_gzip = compression_of(layer.media_type) is Compression.GZIP
        tar = gzip.decompress(blob) if is_gzip else blob
        assert hashlib.sha256(tar).hexdigest() == diff_id.hex
