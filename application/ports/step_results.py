"""Port: the results that a step of a pipeline leaves in a directory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class StepResults(Protocol):
    """Writes a step's results: one small file each, all of them or none."""

    def check(self, directory: str) -> None:
        """Find out whether results can be written; the directory is made if missing.

        Nothing is left in it.

        Raises:
            OutputError: They cannot.
        """

    def write(self, directory: str, texts: Mapping[str, str]) -> None:
        """Write every text to the file of its name, UTF-8, to the byte.

        Files of these names that are there are replaced. After an error none of
        the names is there.

        Raises:
            OutputError: One cannot be written.
        """
