"""Records of PAX extended headers (POSIX.1-2017 pax, "Extended Header").

Splits and joins records; which of them override what is the tar reader's and
writer's business.
"""

from __future__ import annotations

from domain.errors import InvalidLayer

XATTR_PREFIX = "SCHILY.xattr."
"""Key prefix of extended attributes (star, GNU tar, docker, containerd)."""

_SPARSE_00 = ("GNU.sparse.offset", "GNU.sparse.numbytes")


def parse_records(data: bytes) -> dict[str, bytes]:
    """Parse the body of an extended header.

    The repeated keys of GNU's sparse format 0.0 are joined into the one
    "GNU.sparse.map" of format 0.1.

    Raises:
        InvalidLayer: A record is malformed.
    """
    records: dict[str, bytes] = {}
    sparse_map: list[bytes] = []
    position = 0
    while position < len(data) and data[position] != 0:
        key, value, position = _record(data, position)
        if key in _SPARSE_00:
            sparse_map.append(value)
        else:
            records[key] = value
    if sparse_map:
        records["GNU.sparse.map"] = b",".join(sparse_map)
    return records


def _record(data: bytes, start: int) -> tuple[str, bytes, int]:
    """Return key, value and end of the record "length key=value" and newline."""
    blank = data.find(b" ", start, start + 12)
    digits = data[start:blank] if blank > start else b""
    end = start + int(digits) if digits.isdigit() else 0
    equals = data.find(b"=", blank, end)
    if not blank < equals < end <= len(data) or data[end - 1 : end] != b"\n":
        raise InvalidLayer("a PAX record of the archive is malformed")
    key = data[blank + 1 : equals].decode("utf-8", "surrogateescape")
    return key, data[equals + 1 : end - 1], end


def pax_time_ns(text: bytes) -> int:
    """Return a decimal time in seconds as nanoseconds, exactly.

    Raises:
        InvalidLayer: It is no decimal number.
    """
    seconds, _, fraction = text.partition(b".")
    negative = seconds.startswith(b"-")
    whole = seconds[1:] if negative else seconds
    if not whole.isdigit() or (fraction and not fraction.isdigit()):
        raise InvalidLayer(f"{text[:40]!r} is no time of a PAX record")
    value = int(whole) * 10**9 + int(fraction[:9].ljust(9, b"0"))
    return -value if negative else value


def format_records(records: dict[str, bytes]) -> bytes:
    """Return the body of an extended header, records sorted by key."""
    return b"".join(
        _format(key.encode("utf-8", "surrogateescape"), records[key])
        for key in sorted(records)
    )


def _format(key: bytes, value: bytes) -> bytes:
    """Return one record; its length counts its own digits."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + len(str(len(rest)))
    length = len(rest) + len(str(length))
    return str(length).encode() + rest


def format_time(mtime_ns: int) -> bytes:
    """Return nanoseconds as a decimal number of seconds without needless zeros."""
    sign = "-" if mtime_ns < 0 else ""
    seconds, fraction = divmod(abs(mtime_ns), 10**9)
    text = f"{sign}{seconds}.{fraction:09}".rstrip("0").rstrip(".")
    return text.encode()
