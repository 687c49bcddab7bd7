"""Amounts as a person reads them."""

from __future__ import annotations

_UNITS = ("kB", "MB", "GB", "TB")


def size(count: int) -> str:
    """Return a number of bytes as docker prints it: decimal units."""
    if count < 1000:  # noqa: PLR2004 - a kilobyte
        return f"{count} B"
    amount = float(count)
    for unit in _UNITS:
        amount /= 1000
        if amount < 999.95 or unit == _UNITS[-1]:  # noqa: PLR2004 - rounds to 1000.0
            return f"{amount:.1f} {unit}"
    raise AssertionError(count)
