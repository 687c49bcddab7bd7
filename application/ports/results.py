"""Port: small result files: digests, image names."""

from __future__ import annotations

from typing import Protocol


class ResultFiles(Protocol):
    """Writes the files a pipeline reads its results from."""

    def check(self, path: str) -> None:
        """Find out, before anything is built, whether a file can be written.

        Leaves nothing behind, and asks no server.

        Raises:
            OutputError: It cannot.
        """

    def write(self, path: str, text: str) -> None:
        """Write a whole file, UTF-8, or send it where the path is an https address.

        Missing parent directories are made. The file appears whole or not at
        all where the target allows; what is mounted, or no regular file
        (/dev/termination-log, /dev/stdout), is written in place.

        Raises:
            OutputError: It cannot be written or sent.
        """
