"""Keeps what the layers of warmed images hold, so that builds need not read them.

The layers are read where they are warm; what is kept of each is one index.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from application.errors import Interrupted
from application.ports.images import ImageSource, ResolvedImage
from application.ports.layer_cache import KeptIndexes
from application.ports.reporter import Reporter
from domain.errors import KanipyError
from domain.image.digest import Digest
from domain.image.media_type import is_foreign_layer
from domain.snapshot.index import LayerIndex

ReadIndex = Callable[[BinaryIO, Digest], LayerIndex]
"""Reads a compressed layer to its end, and verifies its diff ID."""


class IndexLayers:
    """Makes the indexes of images that are warm."""

    def __init__(
        self, *, indexes: KeptIndexes, read: ReadIndex, reporter: Reporter
    ) -> None:
        """Take the ports.

        Args:
            indexes: Where they are kept.
            read: Reads a layer.
            reporter: Is told which layers cannot be read.
        """
        self._indexes = indexes
        self._read = read
        self._reporter = reporter

    def keep(
        self, image: ResolvedImage, source: ImageSource, *, anew: bool = False
    ) -> None:
        """Keep the indexes that are missing or damaged, and wait until they are kept.

        An image of which a layer cannot be read is warm all the same: that is told,
        and builds read it.

        Args:
            image: The image.
            source: Reads its layers.
            anew: Make those again that are there.
        """
        manifest, config = image.manifest, image.config
        for layer, diff_id in zip(manifest.layers, config.diff_ids, strict=False):
            if is_foreign_layer(layer.media_type):
                continue
            if not anew and self._indexes.find_index(layer, diff_id) is not None:
                continue
            try:
                with source.open_blob(image, layer) as blob:
                    index = self._read(blob, diff_id)
            except Interrupted:
                raise
            except KanipyError as error:
                self._reporter.warning(
                    f"what the layer {layer.digest} of {image.reference} holds is not "
                    f"kept, so builds have to read it: {error}"
                )
            else:
                self._indexes.store_index(layer, diff_id, index)
        self._indexes.finish()
