"""Watches the descriptors this process has open."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_descriptor_left_open() -> Iterator[None]:
    """Check that what is done inside closes all it opens, and nothing else.

    The garbage collector rests meanwhile: it might close what an earlier test left
    to it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        before = _open_descriptors()
        yield
        assert _open_descriptors() == before
    finally:
        if was_enabled:
            gc.enable()


def _open_descriptors() -> set[str]:
    with os.scandir("/proc/self/fd") as found:
        return {entry.name for entry in found}
