"""Turns SIGTERM and SIGINT, while a RUN runs, into an orderly stop.

Signals are only noted by the handler, and raised where the runner asks, so that
no process is forgotten half started. Outside of a RUN they are the entry
point's business.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from application.errors import Interrupted

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Interruption:
    """A signal that may come.

    Attributes:
        descriptor: Becomes readable when it has come.
    """

    def __init__(self) -> None:
        self.descriptor, self._wake = os.pipe()
        self._signal = 0

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Be the signal handler."""
        if not self._signal:
            self._signal = number
            os.write(self._wake, b"!")

    def happened(self) -> None:
        """Raise if a signal has come.

        Raises:
            Interrupted: It has.
        """
        if self._signal:
            raise Interrupted(self._signal)

    def close(self) -> None:
        """Close both ends of the pipe."""
        os.close(self.descriptor)
        os.close(self._wake)


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Note signals for a while; ignored ones stay ignored.

    So that nothing is left half done; a signal that nobody asked for is raised in
    the end. Python handles signals in the main thread alone: in another thread nothing
    is changed and no signal is ever noted.
    """
    with ExitStack() as stack:
        interruption = Interruption()
        stack.callback(interruption.close)
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                former = signal.getsignal(number)
                if former not in {signal.SIG_IGN, None}:
                    signal.signal(number, interruption.note)
                    stack.callback(signal.signal, number, former)
        yield interruption
        interruption.happened()
