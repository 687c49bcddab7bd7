"""Builds that are told to stop in the middle of something."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

from integration.executor import ENVIRONMENT

SECONDS = 30.0

_HEEDING_SIGNALS = ("env", "--default-signal=INT,TERM")
"""Words that start a program so: tests in the background may have them ignored."""


def begun(
    command: Sequence[str],
    is_so_far: Callable[[], bool],
    variables: Mapping[str, str] | None = None,
) -> subprocess.Popen[str]:
    """Start a program, and return it when something is so.

    Args:
        command: Its words.
        is_so_far: Tells whether it is.
        variables: Variables besides those that every build has.
    """
    process = subprocess.Popen(
        [*_HEEDING_SIGNALS, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**ENVIRONMENT, **(variables or {})},
    )
    deadline = time.monotonic() + SECONDS
    while not is_so_far():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def stop(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """Tell a program to stop; return what it said, when it has.

    The exit status must be that of the signal.
    """
    process.send_signal(number)
    _, log = process.communicate(timeout=SECONDS)
    assert process.returncode == 128 + number, log
    return log
