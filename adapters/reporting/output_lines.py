"""The output of RUN, line by line under the name of its step.

Bytes are passed on at once, lines need not be complete. It knows where the last
one ended: what comes from another step, or is told in between, begins on a line of
its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import BinaryIO, NamedTuple

_ENDS = re.compile(rb"\r?\n|\r")
"""What a line ends with, or is begun anew with."""


class _Source(NamedTuple):
    label: str
    stream: str


class OutputLines:
    """Writes what processes write.

    Args:
        streams: Where "stdout" and "stderr" go.
    """

    def __init__(self, streams: Mapping[str, BinaryIO]) -> None:
        self._streams = streams
        self._unfinished: _Source | None = None
        self._is_at_start = False

    def write(self, label: str, stream: str, data: bytes) -> None:
        """Pass bytes on, each new line behind a label.

        Args:
            label: What each line begins with; "" for the bytes as they are.
            stream: "stdout" or "stderr".
            data: What was written.
        """
        if not data:
            return
        source = _Source(label, stream)
        prefix = label.encode("utf-8", "backslashreplace")
        goes_on = self._unfinished == source
        if not goes_on:
            self.end_line()
        begins = not goes_on or (self._is_at_start and not data.startswith(b"\n"))
        is_whole = data.endswith((b"\n", b"\r"))
        text = _ENDS.sub(lambda end: end[0] + prefix, data)
        self._pass_on(
            stream,
            (prefix if begins else b"")
            + (text.removesuffix(prefix) if is_whole else text),
        )
        self._unfinished = None if data.endswith(b"\n") else source
        self._is_at_start = is_whole

    def end_line(self) -> None:
        """End the line that a process has begun, if there is one with a label."""
        if self._unfinished is not None and self._unfinished.label:
            self._pass_on(self._unfinished.stream, b"\n")
        self._unfinished = None

    def _pass_on(self, stream: str, data: bytes) -> None:
        target = self._streams[stream]
        with suppress(OSError, ValueError):  # nobody listens any more
            target.write(data)
            target.flush()
