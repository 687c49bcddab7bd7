"""When to try again, and how long to wait before.

Only the decision and the waiting; what is tried is passed in.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TypeVar

from domain.values import dataclass

RETRY_STATUSES = frozenset({408, 429, 499, 500, 502, 503, 504, 522})
"""Statuses that another attempt may change."""

_T = TypeVar("_T")


class TryAgain(Exception):
    """Raised by an operation that failed in a way that may pass.

    Args:
        error: What to raise when there is no further attempt.
        after: Seconds the server asks to wait, or None.
    """

    def __init__(self, error: Exception, after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how long.

    Attributes:
        attempts: Attempts in all, the first included.
        first_delay: Seconds before the second attempt.
        factor: By which each delay is longer than the one before.
        jitter: Share of a delay that is random, so that clients spread out.
        longest_delay: Seconds of one delay at most, also of a server's wish.
    """

    attempts: int = 4
    first_delay: float = 1.0
    factor: float = 3.0
    jitter: float = 0.25
    longest_delay: float = 60.0


class Retries:
    """Carries out operations under a policy.

    Args:
        policy: How often and how long.
        sleep: Waits some seconds.
        announce: Is told, in a line, of every further attempt.
    """

    def __init__(
        self,
        policy: RetryPolicy | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._policy = policy or RetryPolicy()
        self._sleep = sleep
        self._announce = announce

    def run(self, operation: Callable[[], _T]) -> _T:
        """Call an operation until it returns, at most `attempts` times.

        Raises:
            Exception: What the last `TryAgain` carried, or whatever else the
                operation raised.
        """
        delay = self._policy.first_delay
        for attempt in range(1, self._policy.attempts + 1):
            try:
                return operation()
            except TryAgain as again:
                if attempt == self._policy.attempts:
                    raise again.error from again.error.__cause__
                wait = self._wait(delay, again.after)
                self._announce(f"{again.error}; trying again in {wait:.1f} s")
                self._sleep(wait)
                delay *= self._policy.factor
        raise AssertionError  # attempts is at least 1

    def _wait(self, delay: float, asked: float | None) -> float:
        spread = 1 + self._policy.jitter * random.random()  # noqa: S311 - no secret
        return min(max(delay * spread, asked or 0.0), self._policy.longest_delay)


class Repeating:
    """Repeats whatever fails with an error of some kinds (implements `Repetition`).

    Args:
        retries: How often and how long.
        kinds: Those kinds.
    """

    def __init__(self, retries: Retries, kinds: tuple[type[Exception], ...]) -> None:
        self._retries = retries
        self._kinds = kinds

    def run(self, operation: Callable[[], _T]) -> _T:
        """Return what an operation returns; see the port."""
        return self._retries.run(lambda: self._attempt(operation))

    def _attempt(self, operation: Callable[[], _T]) -> _T:
        try:
            return operation()
        except self._kinds as error:
            raise TryAgain(error) from error


def retry_after(
    value: str | None, now: Callable[[], float] = time.time
) -> float | None:
    """Return the seconds of a Retry-After header: a number or a date (RFC 9110)."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now())
    except ValueError:
        return None
