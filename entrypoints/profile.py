"""Where the time of a run goes, function by function."""

import cProfile
import pstats
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from application.errors import OutputError

_Result = TypeVar("_Result")


def profiled(path: str, work: Callable[[], _Result]) -> _Result:
    """Do some work and write its profile, whether it succeeds or fails.

    Args:
        path: The file: calls and seconds of each function of the main thread, those
            that took longest with all they called first.
        work: The work, which is slower for being watched.

    Raises:
        OutputError: The file cannot be written.
    """
    profile = cProfile.Profile()
    try:
        return profile.runcall(work)
    finally:
        _write(profile, path)


def _write(profile: cProfile.Profile, path: str) -> None:
    try:
        with Path(path).open("w", encoding="utf-8") as stream:
            pstats.Stats(profile, stream=stream).sort_stats("cumulative").print_stats()
    except OSError as error:
        raise OutputError(
            f"the profile cannot be written: {error.strerror}",
            place=path,
            hint="name another file in STACKLOG_PATH, or none",
        ) from error
