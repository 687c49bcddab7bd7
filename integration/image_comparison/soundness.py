"""What an image must be true to by itself, whatever it is compared with.

Descriptors describe their blobs, diff IDs are those of the layers, and history,
diff IDs and layers are equally many. Hard links are checked in `flattening`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from integration.image_comparison.differences import Difference
from integration.image_comparison.stored_image import StoredImage


def count_problems(image: StoredImage) -> list[Difference]:
    """Compare the numbers of layers, diff IDs and non-empty history entries."""
    layers = len(image.layers)
    history: Sequence[Mapping[str, Any]] = image.config.get("history") or ()
    non_empty = sum(1 for entry in history if not entry.get("empty_layer"))
    counts = {"diff_ids": len(promised_diff_ids(image)), "history": non_empty}
    return [
        Difference("soundness", f"number of {name}", count, layers)
        for name, count in counts.items()
        if count != layers
    ]


def family_problems(image: StoredImage) -> list[Difference]:
    """Require media types of one family: OCI's or Docker's."""
    families = {media_type.split(".")[1] for media_type in image.media_types}
    if len(families) <= 1:
        return []
    return [Difference("soundness", "media types", sorted(families), "one family")]


def promised_diff_ids(image: StoredImage) -> Sequence[str]:
    """Return the diff IDs of the config, lowest layer first."""
    diff_ids: Sequence[str] = (image.config.get("rootfs") or {}).get("diff_ids") or ()
    return diff_ids
