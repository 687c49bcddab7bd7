"""Clocks: the time of a build, taken once, and the times of files in layers.

Three of them, one per wish: the machine's time, `SOURCE_DATE_EPOCH`, and
`--reproducible`. They choose nothing; the composition root does.
"""

from __future__ import annotations

import time

_SECOND = 1_000_000_000


class SystemClock:
    """The machine's time, read once; files keep theirs (implements `Clock`)."""

    def __init__(self) -> None:
        self._now_ns = time.time_ns()

    def now_ns(self) -> int:
        """Return the time at which the clock was made."""
        return self._now_ns

    def layer_time_ns(self, mtime_ns: int) -> int:
        """Return the file's own time."""
        return mtime_ns


class SourceDateEpochClock:
    """The time of the source; no file is younger (implements `Clock`).

    As the specification of SOURCE_DATE_EPOCH has it: times later than the epoch
    are clamped to it, earlier ones say something and are kept.

    Args:
        epoch: Seconds since 1970.
    """

    def __init__(self, epoch: int) -> None:
        self._epoch_ns = epoch * _SECOND

    def now_ns(self) -> int:
        """Return the epoch."""
        return self._epoch_ns

    def layer_time_ns(self, mtime_ns: int) -> int:
        """Return the file's time, or the epoch if that is earlier."""
        return min(mtime_ns, self._epoch_ns)


class ReproducibleClock:
    """One time for everything (implements `Clock`).

    Args:
        epoch: Seconds since 1970.
    """

    def __init__(self, epoch: int = 0) -> None:
        self._epoch_ns = epoch * _SECOND

    def now_ns(self) -> int:
        """Return the epoch."""
        return self._epoch_ns

    def layer_time_ns(self, mtime_ns: int) -> int:  # noqa: ARG002 - the port's
        """Return the epoch, whatever the file's time."""
        return self._epoch_ns
