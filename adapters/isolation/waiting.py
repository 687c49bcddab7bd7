"""How the launcher waits: for a child's end or for the order to stop.

It knows nothing of isolation; what "stop" means is the caller's business.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable


def exit_status(wait_status: int) -> int:
    """Return the exit status, 128 + N when signal N ended the process."""
    code = os.waitstatus_to_exitcode(wait_status)
    return code if code >= 0 else 128 - code


def wait_for(child: int, stop: Callable[[], None]) -> int:
    """Reap children until one of them, or an order to stop, has come.

    Expects SIGCHLD and SIGTERM to be blocked in the calling thread.

    Args:
        child: The process whose end is awaited.
        stop: Called on SIGTERM; it kills, and the waiting goes on.

    Returns:
        Exit status of the child.
    """
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == child:
            return exit_status(status)
        if pid:
            continue
        if signal.sigwait((signal.SIGCHLD, signal.SIGTERM)) == signal.SIGTERM:
            stop()
