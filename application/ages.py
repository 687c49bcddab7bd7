"""Ages as a person says them."""

from __future__ import annotations

from datetime import timedelta

_UNITS = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
    ("second", timedelta(seconds=1)),
)


def describe_age(age: timedelta) -> str:
    """Return an age in its two largest units: "3 days", "1 hour 20 minutes"."""
    words: list[str] = []
    left = max(age, timedelta())
    for name, unit in _UNITS:
        count, left = divmod(left, unit)
        if count:
            words.append(f"{count} {name}{'s' if count > 1 else ''}")
        elif words:
            break
    return " ".join(words[:2]) or "0 seconds"
