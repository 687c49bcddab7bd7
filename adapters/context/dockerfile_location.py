"""Finds the Dockerfile and its ignore file on disk and in the build context.

It reads bytes and interprets none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from application.errors import ContextUnavailable, DockerfileUnavailable
from application.ports.context import BuildContext, DockerfileText

MAXIMUM_SIZE = 16 << 20
"""Larger files are somebody's mistake, and would be held in memory."""

_REMEDY = "give a valid path to a Dockerfile within the build context with --dockerfile"

Read = Callable[[str], bytes | None]
"""Returns the content of a file, None where there is none."""


class DockerfileLocation:
    """Looks beside us and in the context (implements `DockerfileSource`).

    Args:
        working_directory: Where relative names are looked for first.
    """

    def __init__(self, working_directory: str = ".") -> None:
        self._working_directory = Path(working_directory)

    def read(self, name: str, context: BuildContext) -> DockerfileText:
        """Return the Dockerfile and its ignore file; see the port.

        Raises:
            DockerfileUnavailable: In neither place, or cannot be read.
        """
        if re.match("https?://", name):
            raise DockerfileUnavailable(
                "a Dockerfile from a URL is not supported yet",
                place=name.partition("?")[0],
                hint="fetch it, and name the file in --dockerfile",
            )

        def read_inside(path: str) -> bytes | None:
            return _read_inside(context, path)

        places: tuple[tuple[str, Read], ...] = (
            (os.path.normpath(self._working_directory / name), _read_outside),
            (os.path.normpath(name).lstrip("/"), read_inside),
        )
        for path, read in places:
            data = read(path)
            if data is not None:
                ignore = read(f"{path}.dockerignore")
                if ignore is None:
                    ignore = read_inside(".dockerignore")
                return DockerfileText(path=path, data=data, ignore=ignore)
        raise DockerfileUnavailable(
            "there is no such Dockerfile", place=name, hint=_REMEDY
        )


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
