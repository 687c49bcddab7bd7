"""Numeric fields of tar headers: octal text, or GNU's base 256."""

from __future__ import annotations

from domain.errors import InvalidLayer


def number(field: bytes) -> int:
    """Parse a numeric field; blanks and NULs around the digits do not count.

    Raises:
        InvalidLayer: It is neither octal text nor base 256.
    """
    if field[0] & 0x80:
        value = int.from_bytes(field, "big", signed=False)
        bits = 8 * len(field)
        negative = field[0] & 0x40
        return value - (1 << bits) if negative else value & ~(1 << (bits - 1))
    text = field.partition(b"\0")[0].strip()
    try:
        return int(text or b"0", 8)
    except ValueError as error:
        raise InvalidLayer(
            f"{field!r} is no number of a tar header",
            hint="the archive is damaged, or no tar archive",
        ) from error


def octal(value: int, width: int) -> bytes:
    """Return a field of `width` bytes: digits and a NUL; it must fit."""
    return b"%0*o\0" % (width - 1, value)


def fits(value: int, width: int) -> bool:
    """Return whether a value fits in an octal field of `width` bytes."""
    return 0 <= value < 1 << 3 * (width - 1)
