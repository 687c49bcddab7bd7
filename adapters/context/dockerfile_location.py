"""Finds the Dockerfile and its ignore file: on disk, in the context, elsewhere.

It reads bytes and interprets none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from application.errors import ContextUnavailable, DockerfileUnavailable
from application.ports.context import BuildContext, DockerfileText
from domain.dockerfile.redaction import without_credentials

MAXIMUM_SIZE = 16 << 20
"""Larger files are somebody's mistake, and would be held in memory."""

_REMEDY = "give a valid path to a Dockerfile within the build context with --dockerfile"

Read = Callable[[str], bytes | None]
"""Returns the content of a file, None where there is none."""


class DockerfileLocation:
    """Looks beside us and in the context (implements `DockerfileSource`).

    Args:
        working_directory: Where relative names are looked for first.
        standard_input: What "-" names, None where there is none.
        download: Fetches the file of an address, None where that cannot be.
    """

    def __init__(
        self,
        working_directory: str = ".",
        standard_input: BinaryIO | None = None,
        download: Callable[[str], bytes] | None = None,
    ) -> None:
        self._working_directory = Path(working_directory)
        self._standard_input = standard_input
        self._download = download

    def read(self, name: str, context: BuildContext) -> DockerfileText:
        """Return the Dockerfile and its ignore file; see the port.

        Raises:
            DockerfileUnavailable: In neither place, or cannot be read.
        """

        def read_inside(path: str) -> bytes | None:
            return _read_inside(context, path)

        if name == "-" and self._standard_input is not None:
            data = _from_standard_input(self._standard_input)
            ignore = read_inside(".dockerignore")
            return DockerfileText(path=name, data=data, ignore=ignore)
        if self._download and re.match("https?://", name):
            shown = without_credentials(name.partition("?")[0])
            data = _limited(self._download(name), shown)
            ignore = read_inside(".dockerignore")
            return DockerfileText(path=shown, data=data, ignore=ignore)
        places: tuple[tuple[str, Read], ...] = (
            (os.path.normpath(self._working_directory / name), _read_outside),
            (os.path.normpath(name).lstrip("/"), read_inside),
        )
        for path, read in places:
            found = read(path)
            if found is not None:
                ignore = read(f"{path}.dockerignore")
                if ignore is None:
                    ignore = read_inside(".dockerignore")
                return DockerfileText(path=path, data=found, ignore=ignore)
        raise DockerfileUnavailable(
            "there is no such Dockerfile", place=name, hint=_REMEDY
        )


def _from_standard_input(stream: BinaryIO) -> bytes:
    if stream.isatty():
        raise DockerfileUnavailable(
            "the Dockerfile would be read from a terminal",
            place="standard input",
            hint="pipe it in, or give its path by --dockerfile",
        )
    return _limited(stream.read(MAXIMUM_SIZE + 1), "standard input")


def _read_outside(path: str) -> bytes | None:
    try:
        with Path(path).open("rb") as file:
            return _limited(file.read(MAXIMUM_SIZE + 1), path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise DockerfileUnavailable(
            f"cannot be read: {error.strerror}", place=path, hint=_REMEDY
        ) from error


def _read_inside(context: BuildContext, path: str) -> bytes | None:
    try:
        with context.open(path) as file:
            return _limited(file.read(MAXIMUM_SIZE + 1), path)
    except ContextUnavailable:
        return None


def _limited(data: bytes, path: str) -> bytes:
    if len(data) > MAXIMUM_SIZE:
        raise DockerfileUnavailable(
            f"is larger than {MAXIMUM_SIZE >> 20} MiB, so it is no Dockerfile",
            place=path,
            hint=_REMEDY,
        )
    return data
