"""Results of a step in a directory of the local file system.

Each text is written to a hidden file first; when all are whole they get their names.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from application.errors import OutputError

_MODE = 0o644


class LocalStepResults:
    """Writes the results of a step (implements `StepResults`)."""

    def check(self, directory: str) -> None:
        """Make the directory and a file in it, and remove the file; see the port.

        Raises:
            OutputError: That is not possible.
        """
        try:
            Path(directory).mkdir(parents=True, exist_ok=True)
            _staged(directory, "").unlink()
        except OSError as error:
            raise _failed(directory, error) from error

    def write(self, directory: str, texts: Mapping[str, str]) -> None:
        """Write all results or none; see the port.

        Raises:
            OutputError: One cannot be written.
        """
        staged: list[tuple[Path, Path]] = []
        try:
            for name, text in texts.items():
                staged.append((_staged(directory, text), Path(directory, name)))
            for path, target in staged:
                path.replace(target)
        except OSError as error:
            targets = (Path(directory, name) for name in texts)
            for path in (*(path for path, _ in staged), *targets):
                with suppress(OSError):
                    path.unlink()
            raise _failed(directory, error) from error


def _staged(directory: str, text: str) -> Path:
    """Write a text to a new hidden file of a directory."""
    descriptor, name = tempfile.mkstemp(prefix=".kanipy-", dir=directory)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            os.fchmod(file.fileno(), _MODE)
    except OSError:
        Path(name).unlink()
        raise
    return Path(name)


def _failed(directory: str, error: OSError) -> OutputError:
    return OutputError(
        f"results cannot be written: {error.strerror}",
        place=directory,
        hint="is the directory mounted and writable? --results names another",
    )
