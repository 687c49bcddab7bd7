"""A `DockerfileReader` in plain Python, for tests that are not about the splitter."""

from __future__ import annotations

from collections.abc import Sequence

from domain.dockerfile.source import SplitLine


class MemoryDockerfileReader:
    """Cuts masked text; relies on what the mask promises."""

    def split(self, text: str) -> Sequence[SplitLine]:
        """Cut masked text into instructions."""
        rows: list[SplitLine] = []
        joined, first = "", 0
        for number, line in enumerate(text.splitlines(), start=1):
            first = first or number
            joined += line.removesuffix("\\")
            if line.endswith("\\"):
                continue
            if joined.strip():
                word, _, rest = joined.strip().partition(" ")
                rows.append(SplitLine(word, rest.strip(), first, number))
            joined, first = "", 0
        return tuple(rows)
