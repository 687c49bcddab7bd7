"""The use case: an image that was made before is pushed as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from application.followed import followed
from application.ports.images import ImageDestination, StoredImage
from application.ports.reporter import Activity, Reporter, Work
from application.publish_everywhere import publish_everywhere
from application.verified import verified
from application.write_results import WriteResults
from domain.image.descriptor import Descriptor
from domain.image.manifest import Manifest


class PushImage:
    """Pushes an image everywhere, then writes the result files.

    Args:
        image: The image.
        destinations: Where to.
        results: Writes the result files.
        reporter: Is told what happens.
    """

    def __init__(
        self,
        *,
        image: StoredImage,
        destinations: Sequence[ImageDestination],
        results: WriteResults,
        reporter: Reporter,
    ) -> None:
        self._image = image
        self._destinations = destinations
        self._results = results
        self._reporter = reporter

    def run(self) -> Manifest:
        """Push the image.

        Returns:
            Its manifest.

        Raises:
            KanipyError: The image cannot be read, or what a destination says.
        """
        for destination in self._destinations:
            destination.check()
        self._results.check()
        built = self._image.read()
        publish_everywhere(built, self._open_layer, self._destinations, self._reporter)
        self._results.write(built.manifest)
        return built.manifest

    def _open_layer(self, layer: Descriptor) -> BinaryIO:
        stream = verified(self._image.open_layer(layer), layer, self._image.place)
        push = Activity(work=Work.PUSH, subject=layer.digest.short, size=layer.size)
        return followed(stream, push, self._reporter)
