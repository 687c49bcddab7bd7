"""The output of RUN, line by line under the name of its step.

Bytes are passed on at once, lines need not be complete. It knows where the last
one ended: what comes from another step, or is told in between, begins on a line of
its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import BinaryIO, NamedTuple


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
        lines = data.split(b"\n")
        text = (b"\n" + prefix).join(lines)
        if data.endswith(b"\n"):
            text = text.removesuffix(prefix)
        self._pass_on(stream, text if goes_on else prefix + text)
        self._unfinished = None if data.endswith(b"\n") else source

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
