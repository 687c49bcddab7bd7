"""How much a registry still lets us pull, as Docker Hub tells it.

`ratelimit-limit: 100;w=21600` and `ratelimit-remaining: 76;w=21600`: so many
manifests in so many seconds.
"""

from __future__ import annotations

import re
from typing import Self

from adapters.http.messages import Response
from domain.values import dataclass

_VALUE = re.compile(r"(\d+)(?:\s*;\s*w=(\d+))?")
_HOUR, _MINUTE = 3600, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """What is left of an allowance; prints as "76 of 100 in 6 hours left".

    Attributes:
        allowed: Requests in a window of time.
        left: How many of them are left, None if that is not told.
        seconds: Length of the window, 0 if that is not told.
    """

    allowed: int
    left: int | None = None
    seconds: int = 0

    @classmethod
    def of(cls, response: Response) -> Self | None:
        """Return what an answer tells, None for nothing."""
        allowed = _VALUE.match(response.header("RateLimit-Limit") or "")
        left = _VALUE.match(response.header("RateLimit-Remaining") or "")
        if allowed is None:
            return None
        return cls(
            allowed=int(allowed[1]),
            left=int(left[1]) if left else None,
            seconds=int(allowed[2] or 0),
        )

    def __str__(self) -> str:
        left = "" if self.left is None else f"{self.left} of "
        window = f" in {_window(self.seconds)}" if self.seconds else ""
        return f"{left}{self.allowed}{window}{' left' if left else ' allowed'}"


def _window(seconds: int) -> str:
    if seconds % _HOUR == 0:
        return f"{seconds // _HOUR} hours"
    return f"{max(1, seconds // _MINUTE)} minutes"
