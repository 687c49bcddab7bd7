"""Modes given to open(2) and mkdir(2) are meant as they stand: umask 0.

The umask belongs to the whole process; roots may be filled by several threads.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_state = {"depth": 0, "outer": 0}


@contextmanager
def umask_zero() -> Iterator[None]:
    """Have umask 0 as long as any thread is inside."""
    with _lock:
        if _state["depth"] == 0:
            _state["outer"] = os.umask(0)
        _state["depth"] += 1
    try:
        yield
    finally:
        with _lock:
            _state["depth"] -= 1
            if _state["depth"] == 0:
                os.umask(_state["outer"])
