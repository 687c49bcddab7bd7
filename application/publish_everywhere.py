"""Writes an image to all its destinations."""

from __future__ import annotations

from collections.abc import Sequence

from application.ports.images import BuiltImage, ImageDestination, OpenLayer
from application.ports.reporter import Reporter


def publish_everywhere(
    image: BuiltImage,
    open_layer: OpenLayer,
    destinations: Sequence[ImageDestination],
    reporter: Reporter,
) -> None:
    """Send an image to all destinations, and only then name it at the first.

    Raises:
        KanipyError: What a destination says.
    """
    for destination in destinations:
        reporter.info(f"Writing {destination.name}")
        destination.send(image, open_layer)
    for destination in destinations:
        destination.publish(image, open_layer)
        reporter.info(f"Wrote {destination.name} {image.manifest.digest}")
