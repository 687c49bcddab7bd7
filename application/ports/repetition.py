"""Port: doing something again that failed in a way that may pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

_T = TypeVar("_T")


class Repetition(Protocol):
    """Repeats operations as often as it was told to, waiting in between."""

    def run(self, operation: Callable[[], _T]) -> _T:
        """Return what an operation returns, called again where it fails.

        Args:
            operation: Leaves nothing behind that stands in its own way when it
                fails.

        Raises:
            Exception: What the operation raised the last time.
        """


class Once:
    """Repeats nothing."""

    def run(self, operation: Callable[[], _T]) -> _T:
        """Return what the operation returns."""
        return operation()
