"""Port: the line splitter for Dockerfiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from domain.dockerfile.source import SplitLine


class DockerfileReader(Protocol):
    """Cuts Dockerfile text into instructions; the domain does all else."""

    def split(self, text: str) -> Sequence[SplitLine]:
        """Return the instructions of a masked Dockerfile, in order.

        Pure: it reads and writes no file.

        Args:
            text: Masked source (`domain.dockerfile.source.mask`): printable ASCII;
                each instruction has a blank behind its first word; a backslash at
                the end of a line, and only there, continues it; there are no
                comments and no heredocs.

        Returns:
            One row per instruction. Blank lines give none.
        """
