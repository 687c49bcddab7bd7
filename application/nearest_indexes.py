"""Indexes of layers at hand, and those of the cache behind them."""

from __future__ import annotations

from application.ports.layer_cache import LayerIndexes
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.snapshot.index import LayerIndex


class NearestIndexes:
    """Asks the nearer of two places first (implements `LayerIndexes`).

    Args:
        near: Is read alone: the warmer writes there.
        far: Has what is not there, and keeps what was read.
    """

    def __init__(self, near: LayerIndexes, far: LayerIndexes) -> None:
        self._near = near
        self._far = far
        self._is_near: set[Digest] = set()

    def find_index(self, layer: Descriptor, diff_id: Digest) -> LayerIndex | None:
        """Return the index of a layer; see the port."""
        found = self._near.find_index(layer, diff_id)
        if found is None:
            return self._far.find_index(layer, diff_id)
        self._is_near.add(layer.digest)
        return found

    def find_rows(
        self, layer: Descriptor, diff_id: Digest, thin: LayerIndex
    ) -> LayerIndex | None:
        """Return the full index of a layer, from where the thin one came."""
        is_near = layer.digest in self._is_near
        place = self._near if is_near else self._far
        return place.find_rows(layer, diff_id, thin)

    def store_index(
        self, layer: Descriptor, diff_id: Digest, index: LayerIndex
    ) -> None:
        """Keep the index of a layer, unless it is at hand."""
        if layer.digest not in self._is_near:
            self._far.store_index(layer, diff_id, index)
