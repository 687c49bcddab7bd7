"""A layer cache without a registry."""

from __future__ import annotations

import io
from typing import BinaryIO

from application.errors import RegistryError
from application.ports.images import ResolvedImage
from application.ports.layer_cache import FoundLayer, FoundStep
from application.ports.layers import LayerStore, WrittenLayer
from domain.build.cache_key import CacheKey
from domain.build.explanation import StageRecord
from domain.image.config import ImageConfig
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Manifest
from domain.image.media_type import Vendor
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.snapshot.index import LayerIndex

PLATFORM = Platform(os="linux", architecture="amd64")


class MemoryLayerCache:
    """Steps and indexes in memory (implements `LayerCache`, `LayerIndexes`).

    Args:
        layers: Where the layers that are stored are read from.
        repository: The repository that entries are said to be in.

    Attributes:
        steps: What was stored, by key. A test may remove or damage it.
        blobs: The layers' blobs, by digest.
        indexes: Full indexes by the digest of their layer.
        seconds: How long the steps took, by key.
        records: The records of stages, by name.
        asked: Keys that were looked for, in order.
        found: Those of them that were there.
        opened: Digests of the layers that were read from here.
        completed: Digests of the layers whose full indexes were read.
    """

    def __init__(self, layers: LayerStore, repository: str = "cache") -> None:
        self.steps: dict[CacheKey, WrittenLayer | None] = {}
        self.blobs: dict[Digest, bytes] = {}
        self.indexes: dict[Digest, LayerIndex] = {}
        self.seconds: dict[CacheKey, float] = {}
        self.records: dict[str, StageRecord] = {}
        self.asked: list[CacheKey] = []
        self.found: list[CacheKey] = []
        self.opened: list[Digest] = []
        self.completed: list[Digest] = []
        self.layers = layers
        self._reference = Reference.parse(repository)

    def find(self, key: CacheKey) -> FoundStep | None:
        """Return a step; see the port."""
        self.asked.append(key)
        if key not in self.steps:
            return None
        layer = self.steps[key]
        seconds = self.seconds.get(key, 0.0)
        if layer is None:
            self.found.append(key)
            return FoundStep(seconds=seconds)
        index = self.indexes.get(layer.descriptor.digest)
        if index is None:
            return None
        self.found.append(key)
        return FoundStep(
            layer=FoundLayer(
                descriptor=layer.descriptor,
                diff_id=layer.diff_id,
                index=index.thin,
                image=self._image(layer),
                source=self,
            ),
            seconds=seconds,
        )

    def store(
        self, key: CacheKey, layer: WrittenLayer | None, seconds: float = 0.0
    ) -> None:
        """Keep a step; see the port."""
        self.steps[key] = layer
        self.seconds[key] = seconds
        if layer is not None:
            with self.layers.open(layer.descriptor) as blob:
                self.blobs[layer.descriptor.digest] = blob.read()
            self.indexes[layer.descriptor.digest] = layer.index

    def last(self, name: str) -> StageRecord | None:
        """Return the record of a stage; see the port."""
        return self.records.get(name)

    def remember(self, name: str, record: StageRecord) -> None:
        """Keep the record of a stage; see the port."""
        self.records[name] = record

    def finish(self) -> None:
        """Do nothing: everything is written at once."""

    def find_index(self, layer: Descriptor, diff_id: Digest) -> LayerIndex | None:
        """Return a thin index; see the port."""
        del diff_id
        index = self.indexes.get(layer.digest)
        return None if index is None else index.thin

    def find_rows(
        self, layer: Descriptor, diff_id: Digest, thin: LayerIndex
    ) -> LayerIndex | None:
        """Return a full index; see the port."""
        del diff_id, thin
        self.completed.append(layer.digest)
        return self.indexes.get(layer.digest)

    def store_index(
        self, layer: Descriptor, diff_id: Digest, index: LayerIndex
    ) -> None:
        """Keep an index; see the port."""
        del diff_id
        self.indexes[layer.digest] = index

    def forget(self, layer: Digest) -> None:
        """Forget what was said of a layer; see the port."""
        self.indexes.pop(layer, None)

    def resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:
        """Have no image by name."""
        raise NotImplementedError

    def open_blob(
        self, image: ResolvedImage, descriptor: Descriptor, offset: int = 0
    ) -> BinaryIO:
        """Open the blob of an entry's layer."""
        del image
        self.opened.append(descriptor.digest)
        if descriptor.digest not in self.blobs:
            raise RegistryError("no such blob", registry="memory")
        return io.BytesIO(self.blobs[descriptor.digest][offset:])

    def _image(self, layer: WrittenLayer) -> ResolvedImage:
        config = ImageConfig(platform=PLATFORM, diff_ids=(layer.diff_id,))
        raw = config.to_json()
        described = Descriptor(
            media_type=Vendor.OCI.config_type, digest=Digest.of(raw), size=len(raw)
        )
        manifest = Manifest.create(Vendor.OCI, described, [layer.descriptor])
        return ResolvedImage(
            reference=self._reference,
            digest=manifest.digest,
            manifest=manifest,
            config=config,
        )
