"""Archives of contexts that are on this machine: files, and standard input."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

from adapters.archive.chunks import file_chunks
from application.errors import ContextUnavailable


class LocalArchive:
    """A file (implements `Archive`).

    Args:
        path: Where it is.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def place(self) -> str:
        """Its path."""
        return self._path

    def chunks(self) -> Generator[bytes, None, None]:
        """Yield its bytes; see `Archive`."""
        try:
            with Path(self._path).open("rb") as file:
                yield from file_chunks(file)
        except OSError as error:
            raise ContextUnavailable(
                f"the archive of the build context cannot be read: {error.strerror}",
                place=self._path,
                hint="write --context=tar:///PATH/OF/ARCHIVE.tar.gz",
            ) from error


class StandardInput:
    """Standard input (implements `Archive`).

    Args:
        stream: What is read, in binary.
    """

    place = "standard input"

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def chunks(self) -> Generator[bytes, None, None]:
        """Yield what comes in; see `Archive`."""
        if self._stream.isatty():
            raise ContextUnavailable(
                "no data found: the build context would be read from a terminal",
                place=self.place,
                hint="pipe an archive in: tar -C DIRECTORY -cz . | kanipy -c tar://stdin"
                " …, and give docker run and kubectl run the flag -i",
            )
        empty = True
        for chunk in file_chunks(self._stream):
            empty = False
            yield chunk
        if empty:
            raise ContextUnavailable(
                "no data found, standard input is empty",
                place=self.place,
                hint="give docker run the flag -i (--interactive), kubectl run --stdin",
            )
