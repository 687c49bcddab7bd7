"""Clocks for tests."""

from __future__ import annotations


class KeepingClock:
    """Records files with the times they have."""

    def now_ns(self) -> int:
        return 1_600_000_000 * 10**9

    def layer_time_ns(self, mtime_ns: int) -> int:
        return mtime_ns


class FixedClock:
    """Records every file with one time."""

    def __init__(self, time_ns: int) -> None:
        self._time_ns = time_ns

    def now_ns(self) -> int:
        return self._time_ns

    def layer_time_ns(self, mtime_ns: int) -> int:
        return self._time_ns
