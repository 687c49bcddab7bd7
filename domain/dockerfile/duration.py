"""Durations as Go writes them ("1h30m", "1.5s"), in nanoseconds."""

from __future__ import annotations

import re
from decimal import Decimal

from domain.errors import DockerfileError

_UNITS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,  # U+00B5
    "μs": 10**3,  # U+03BC
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_PART = re.compile(rf"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)({'|'.join(_UNITS)})", re.ASCII)
_LONGEST = 2**63 - 1


def parse_duration(text: str) -> int:
    """Return a duration in nanoseconds.

    Raises:
        DockerfileError: It is no duration, or negative.
    """
    unsigned = text.removeprefix("+")
    if unsigned in ("0", "-0"):
        return 0
    if not re.fullmatch(f"(?:{_PART.pattern})+", unsigned, re.ASCII):
        raise DockerfileError(
            f"invalid duration {text!r}", hint="write it like 500ms, 30s or 1h30m"
        )
    parts = (Decimal(number) * _UNITS[unit] for number, unit in _PART.findall(unsigned))
    nanoseconds = int(sum(parts))
    if nanoseconds > _LONGEST:
        raise DockerfileError(
            f"the duration {text!r} is too long", hint="the longest is 292 years"
        )
    return nanoseconds
