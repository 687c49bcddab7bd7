"""The start of a container: the product's image beside the smallest image there is.

What is measured is `docker run`, docker's own work included, which both need.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from integration.bench.inputs import make_base
from integration.bench.measuring import Seconds
from integration.services.docker import Docker

STARTS = 10
ALLOWED = 1.3
"""How many times the smallest image's start the product's may take."""

VERSION = "--version"
SMALLEST = "/bin/true"
_BUSYBOX = "kanipy-bench/busybox:1"


def container_starts(docker: Docker, image: str) -> Seconds:
    """Return the median seconds of `IMAGE --version` and of busybox's `/bin/true`.

    Args:
        docker: Has the image.
        image: The product's.

    Raises:
        AssertionError: A container cannot be run.
    """
    _load_busybox(docker)
    commands = {VERSION: (image, VERSION), SMALLEST: (_BUSYBOX, SMALLEST)}
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(STARTS):
        turns = list(commands) if number % 2 else list(reversed(commands))
        for name in turns:
            began = time.perf_counter()
            docker.run("run", "--rm", "--network=none", *commands[name])
            taken[name].append(time.perf_counter() - began)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def _load_busybox(docker: Docker) -> None:
    with tempfile.TemporaryDirectory() as directory:
        layout = Path(directory) / "layout"
        make_base(layout, "busybox", files=0, size=0)
        docker.load_layout(layout, "busybox", _BUSYBOX)
