"""Ports: steps that were carried out before, and the indexes of layers.

Both are kept where the layers are (a cache repository, a layout): whoever can write
there is trusted with what a build becomes. Nothing either method does fails a build:
what cannot be read was not found, what cannot be written is told once.
"""

from __future__ import annotations

from typing import Protocol

from application.ports.images import ImageSource, ResolvedImage
from application.ports.layers import WrittenLayer
from domain.build.cache_key import CacheKey
from domain.build.explanation import StageRecord
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.snapshot.index import EMPTY_INDEX, LayerIndex
from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLayer:
    """The layer of a step that was found.

    Attributes:
        descriptor: Its blob.
        diff_id: Digest of its uncompressed tar.
        index: Its rows, thin or full.
        image: The cache entry, as an image with this layer.
        source: Reads the blob of that image.
    """

    descriptor: Descriptor
    diff_id: Digest
    index: LayerIndex = EMPTY_INDEX
    image: ResolvedImage
    source: ImageSource


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundStep:
    """A step that was found.

    Attributes:
        layer: What it made; None for a step that changed nothing.
        seconds: How long it took to carry it out, 0 where nobody knows.
    """

    layer: FoundLayer | None = None
    seconds: float = 0.0


class LayerCache(Protocol):
    """Steps by their keys."""

    def find(self, key: CacheKey) -> FoundStep | None:
        """Return a step, None where it is not there, too old or damaged.

        Only what describes the layer is read, not the layer.
        """

    def store(
        self, key: CacheKey, layer: WrittenLayer | None, seconds: float = 0.0
    ) -> None:
        """Keep a step that was carried out; None is one that changed nothing.

        Returns at once: the layer, which the layer store has, is written while the
        build goes on. A step that is there already is replaced.

        Args:
            key: What it is found by.
            layer: What it made.
            seconds: How long it took.
        """

    def last(self, name: str) -> StageRecord | None:
        """Return the record of a stage, None where there is none."""

    def remember(self, name: str, record: StageRecord) -> None:
        """Keep the record of a stage; one that is there is replaced.

        Returns at once, as `store` does.
        """

    def forget(self, layer: Digest) -> None:
        """Take back what was said of a layer: what is kept of it next counts.

        Args:
            layer: Digest of its blob.
        """

    def finish(self) -> None:
        """Wait until all is written; tell what could not be. Idempotent."""


class LayerIndexes(Protocol):
    """Indexes of layers, of base images too."""

    def find_index(self, layer: Descriptor, diff_id: Digest) -> LayerIndex | None:
        """Return the index of a layer, thin or full; None where there is none."""

    def find_rows(
        self, layer: Descriptor, diff_id: Digest, thin: LayerIndex
    ) -> LayerIndex | None:
        """Return the full index of a layer whose thin one is known, or None."""

    def store_index(
        self, layer: Descriptor, diff_id: Digest, index: LayerIndex
    ) -> None:
        """Keep the full index of a layer that was read and verified.

        Returns at once, as `LayerCache.store` does.
        """


class KeptIndexes(LayerIndexes, Protocol):
    """Indexes in a place that is filled in the background."""

    def finish(self) -> None:
        """Wait until all is written; tell what could not be. Idempotent."""
