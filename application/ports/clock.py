"""Port: the time a build happens at."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Times that enter an image."""

    def now_ns(self) -> int:
        """Return the time of the build, nanoseconds since the epoch."""

    def layer_time_ns(self, mtime_ns: int) -> int:
        """Return the time to record in a layer for a file of that time."""
