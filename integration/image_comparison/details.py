"""What the comparison of images leaves out, for the cases that are about it.

A case names the details that it wants compared; each is JSON. Nothing here judges.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from integration.image_comparison.attributes import Time, render_path, render_time
from integration.image_comparison.configuration import PLAIN, SETS
from integration.image_comparison.differences import Difference
from integration.image_comparison.layer_reading import open_layer
from integration.image_comparison.stored_image import StoredImage

COMPARED = {
    *(*PLAIN, *SETS, "Env", "Labels", "WorkingDir", "Healthcheck"),
    *("author", "os", "architecture", "variant", "created", "history", "rootfs"),
}
"""Fields of the configuration with a comparison of their own."""


def history_texts(image: StoredImage) -> list[str]:
    """Return what made each entry of the history, the base's included."""
    return [entry.get("created_by", "") for entry in image.config.get("history") or ()]


def creation_time(image: StoredImage) -> Time:
    """Return when the image was made; the history's last entry must agree."""
    times = {image.config["created"], image.config["history"][-1]["created"]}
    seconds = {render_time(datetime.fromisoformat(time).timestamp()) for time in times}
    return seconds.pop() if len(seconds) == 1 else str(sorted(times))


def layer_entries(image: StoredImage) -> list[list[str]]:
    """Return the names in each layer's tar as they follow each other."""
    return [list(_names(image, number)) for number in range(len(image.layers))]


def other_fields(image: StoredImage) -> dict[str, Any]:
    """Return the set fields of the configuration that are not compared elsewhere.

    Empty ones and the mark of `escaped_arguments` are left out.
    """
    config = image.config.get("config") or {}
    found = {**image.config, **{f"config.{name}": config[name] for name in config}}
    return {
        name: value
        for name, value in sorted(found.items())
        if value and name.removeprefix("config.") not in {*COMPARED, "ArgsEscaped"}
        if name != "config"
    }


def escaped_arguments(image: StoredImage) -> bool:
    """Tell whether the command is marked as escaped."""
    return bool((image.config.get("config") or {}).get("ArgsEscaped"))


DETAILS: Mapping[str, Callable[[StoredImage], Any]] = {
    "annotations": lambda image: dict(image.annotations),
    "created": creation_time,
    "escaped_arguments": escaped_arguments,
    "history": history_texts,
    "layers": layer_entries,
    "media_types": lambda image: list(image.media_types),
    "other_fields": other_fields,
}
"""Name of a detail to what reads it from an image."""


def read_details(image: StoredImage, names: Iterable[str]) -> dict[str, Any]:
    """Return the named details of an image."""
    return {name: DETAILS[name](image) for name in names}


def compare_details(
    image: StoredImage, expected: Mapping[str, Any]
) -> list[Difference]:
    """Return a difference for each detail that is not as expected."""
    found = read_details(image, expected)
    return [
        Difference("detail", name, found[name], expected[name])
        for name in expected
        if found[name] != expected[name]
    ]


def _names(image: StoredImage, number: int) -> Iterator[str]:
    with open_layer(image.layers[number].blob) as layer:
        for member in layer.tar:
            yield render_path(member.name)
