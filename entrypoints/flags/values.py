"""Values as people of Go programs type them: booleans, integers, durations, pairs.

The accepted words are those of Go's strconv and time packages, which kaniko's users
know. Every reader raises `ValueError` with what it expected; which flag the value
was given to is told by the caller.
"""

import re
from collections.abc import Sequence
from datetime import timedelta

_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})

_NANOSECONDS = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,  # micro sign
    "μs": 1000,  # the Greek letter, which Go accepts too
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_UNIT = "|".join(sorted(_NANOSECONDS, key=len, reverse=True))
_PART = re.compile(rf"([0-9]+\.?[0-9]*|\.[0-9]+)({_UNIT})")
_DURATION = re.compile(rf"[-+]?((?:{_PART.pattern})+|0)")
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_BITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}
_SIZE = re.compile(r"([0-9]{1,15})([kmgtKMGT]?)[bB]?")


def parse_boolean(text: str) -> bool:
    """Read a boolean: 1 t T true TRUE True 0 f F false FALSE False."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError("expected true or false")


def parse_integer(text: str) -> int:
    """Read a decimal integer, which may be negative."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError("expected a whole number")
    return int(text)


def parse_duration(text: str) -> timedelta:
    """Read a duration such as 336h, 6h30m, 1.5s or 0; a bare number is refused."""
    if not _DURATION.fullmatch(text):
        raise ValueError("expected a duration such as 336h or 6h30m")
    sign = -1 if text.startswith("-") else 1
    parts = [(number.partition("."), unit) for number, unit in _PART.findall(text)]
    places = max((len(decimals) for (_, _, decimals), _ in parts), default=0)
    total = sum(
        int(whole + decimals.ljust(places, "0")) * _NANOSECONDS[unit]
        for (whole, _, decimals), unit in parts
    )
    try:
        return timedelta(microseconds=sign * (total // (1000 * 10**places)))
    except OverflowError as error:
        raise ValueError("expected a shorter duration") from error


def parse_size(text: str) -> int:
    """Read a number of bytes, which may end in k, m, g or t (of 1024 each)."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError("expected a number of bytes, such as 512m, 64g or 0")
    return int(match[1]) << _BITS[match[2].lower()]


def parse_choice(text: str, choices: Sequence[str]) -> str:
    """Read one of some words."""
    if text not in choices:
        raise ValueError(f"expected one of {', '.join(choices)}")
    return text


def parse_pair(text: str) -> tuple[str, str]:
    """Read `key=value`; the value may be empty and hold anything."""
    key, separator, value = text.partition("=")
    if not (key and separator):
        raise ValueError("expected key=value")
    return key, value
