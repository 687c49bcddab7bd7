"""How long the long tests go on: `KANIPY_SOAK_SECONDS`, ten minutes unless set.

The time is shared out between them. They are no part of `make test`.
"""

import os
import time
from collections.abc import Callable, Iterator

import pytest

from integration.services.docker import running_docker
from integration.services.executor_image import ExecutorImage, make_images

DEFAULT_SECONDS = 600

TimedSeeds = Callable[[float], Iterator[int]]
"""Returns seeds, new ones in each run, until a share of the time is over."""


@pytest.fixture
def timed_seeds(record_property: Callable[[str, object], None]) -> TimedSeeds:
    """Offer seeds until the time is over; the first one is printed and recorded."""

    def seeds(share: float) -> Iterator[int]:
        seconds = float(os.environ.get("KANIPY_SOAK_SECONDS") or DEFAULT_SECONDS)
        first = int(os.environ.get("KANIPY_SOAK_SEED") or time.time_ns())
        record_property("first seed", first)
        print(f"first seed: KANIPY_SOAK_SEED={first}")
        end = time.monotonic() + seconds * share
        seed = first
        while seed == first or time.monotonic() < end:
            yield seed
            seed += 1

    return seeds


@pytest.fixture(scope="session")
def executor_image() -> Iterator[ExecutorImage]:
    """Make the images in a docker of their own."""
    with running_docker() as docker:
        yield make_images(docker)
