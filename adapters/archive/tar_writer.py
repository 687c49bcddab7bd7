"""Writes members of tar archives in PAX form, deterministically.

Names without leading slash, directories with a trailing one, no user or group
names; a PAX header only for what the ustar header cannot say. The same row
always gives the same bytes. It reads no content.
"""

from __future__ import annotations

import struct

from adapters.archive.numbers import fits, octal
from adapters.archive.pax import XATTR_PREFIX, format_records, format_time
from adapters.archive.tar_member import BLOCK
from domain.snapshot.entry import FileEntry, FileType

END_OF_ARCHIVE = bytes(2 * BLOCK)
"""Two zero blocks."""

_FLAGS = {
    FileType.FILE: b"0",
    FileType.SYMLINK: b"2",
    FileType.CHARACTER_DEVICE: b"3",
    FileType.BLOCK_DEVICE: b"4",
    FileType.DIRECTORY: b"5",
    FileType.FIFO: b"6",
}
_BLOCK = struct.Struct("100s8s8s8s12s12s8s1s100s8s32s32s8s8s155s12x")


def member_header(entry: FileEntry, *, hard_link_to: str | None = None) -> bytes:
    """Return the header blocks of a row.

    Args:
        entry: The row; its content (`size` bytes and `padding`) must follow,
            unless this is a hard link.
        hard_link_to: Path of an earlier member that this is another name of.
    """
    name = entry.path + "/" if entry.type is FileType.DIRECTORY else entry.path
    link = entry.link_target if hard_link_to is None else hard_link_to
    size = entry.size if hard_link_to is None else 0
    flag = _FLAGS[entry.type] if hard_link_to is None else b"1"
    records: dict[str, bytes] = {}
    seconds = _seconds(entry.mtime_ns, records)
    fields = (
        _name(name, "path", records),
        octal(entry.mode, 8),
        _octal(entry.uid, 8, "uid", records),
        _octal(entry.gid, 8, "gid", records),
        _octal(size, 12, "size", records),
        octal(seconds, 12),
        flag,
        _name(link, "linkpath", records),
        entry.device or (0, 0),
    )
    if hard_link_to is None:
        records |= _xattrs(entry)
    return _extended(entry.path, records) + _block(*fields)


def padding(size: int) -> bytes:
    """Return the zeros that follow a content of `size` bytes."""
    return bytes(-size % BLOCK)


def _block(  # noqa: PLR0913, PLR0917 - a header has this many fields
    name: bytes,
    mode: bytes,
    uid: bytes,
    gid: bytes,
    size: bytes,
    mtime: bytes,
    flag: bytes,
    link: bytes,
    device: tuple[int, int],
) -> bytes:
    major, minor = octal(device[0], 8), octal(device[1], 8)
    fields = [name, mode, uid, gid, size, mtime, b" " * 8, flag, link]
    fields += [b"ustar\x0000", b"", b"", major, minor, b""]
    block = _BLOCK.pack(*fields)
    checksum = b"%06o\0 " % sum(block)
    return block[:148] + checksum + block[156:]


def _extended(path: str, records: dict[str, bytes]) -> bytes:
    """Return the PAX header with these records, b"" where there are none."""
    if not records:
        return b""
    body = format_records(records)
    name = b"PaxHeaders.0/" + path.rpartition("/")[2].encode("ascii", "replace")[:80]
    zero, size = octal(0, 8), octal(len(body), 12)
    block = _block(name, zero, zero, zero, size, octal(0, 12), b"x", b"", (0, 0))
    return block + body + padding(len(body))


def _name(name: str, key: str, records: dict[str, bytes]) -> bytes:
    """Return the header field of a name, adding a record where it needs one.

    A short name that is not UTF-8 stands raw in the header, as every tar reads
    it; a long one is declared binary.
    """
    raw = name.encode("utf-8", "surrogateescape")
    is_text = _is_utf8(raw)
    if len(raw) <= 100 and (raw.isascii() or not is_text):  # noqa: PLR2004 - field
        return raw
    records[key] = raw
    if not is_text:
        records["hdrcharset"] = b"BINARY"
    return raw.decode("ascii", "replace").replace("\ufffd", "_").encode()[:100]


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _octal(value: int, width: int, key: str, records: dict[str, bytes]) -> bytes:
    if fits(value, width):
        return octal(value, width)
    records[key] = str(value).encode()
    return octal(0, width)


def _seconds(mtime_ns: int, records: dict[str, bytes]) -> int:
    """Return the header's whole seconds, adding a record for any other time."""
    seconds, fraction = divmod(mtime_ns, 10**9)
    in_header = fits(seconds, 12)
    if fraction or not in_header:
        records["mtime"] = format_time(mtime_ns)
    return seconds if in_header else 0


def _xattrs(entry: FileEntry) -> dict[str, bytes]:
    """Return records of the xattrs; PAX cannot say a name that contains "="."""
    return {XATTR_PREFIX + name: v for name, v in entry.xattrs if "=" not in name}
