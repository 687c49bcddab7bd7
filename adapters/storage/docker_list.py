"""`manifest.json` of a docker archive: what its images are made of."""

from __future__ import annotations

import json
from typing import NamedTuple

from domain.errors import InvalidImage


class ListedImage(NamedTuple):
    """An image of the list, by names of members."""

    config: str
    layers: tuple[str, ...]


def only_listed_image(raw: bytes, place: str) -> ListedImage:
    """Return the one image of a list.

    Args:
        raw: The list.
        place: The archive, for messages.

    Raises:
        InvalidImage: It lists another number of images, or is no such list.
    """
    try:
        images = [
            ListedImage(str(image["Config"]), tuple(map(str, image["Layers"])))
            for image in json.loads(raw)
        ]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidImage("its list of images is none", place=place) from error
    if len(images) != 1:
        raise InvalidImage(
            f"holds {len(images)} images, not one",
            place=place,
            hint="save each image to an archive of its own",
        )
    return images[0]
