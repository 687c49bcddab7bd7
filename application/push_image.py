"""The use case: an image that was made before is pushed as it is."""

from __future__ import annotations

from collections.abc import Sequence

from application.ports.images import ImageDestination, StoredImage
from application.ports.reporter import Reporter
from application.publish_everywhere import publish_everywhere
from application.write_results import WriteResults
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
        built = self._image.read()
        publish_everywhere(
            built, self._image.open_layer, self._destinations, self._reporter
        )
        self._results.write(built.manifest)
        return built.manifest
