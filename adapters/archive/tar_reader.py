"""Reads tar archives from a stream of chunks.

Understands ustar, GNU (long names, base 256, sparse files) and PAX (global and
extended headers, xattrs, sparse 0.0, 0.1, 1.0). Checks header checksums and
truncation. It judges no names: see `member_path`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from adapters.archive import sparse
from adapters.archive.chunks import ChunkStream, zeros
from adapters.archive.numbers import number
from adapters.archive.pax import XATTR_PREFIX, parse_records, pax_time_ns
from adapters.archive.tar_member import BLOCK, TarMember
from domain.errors import InvalidLayer
from domain.snapshot.entry import FileType

MAXIMUM_EXTENSION = 1 << 20
"""Bytes of one extended header or long name; Go's reader has the same limit."""

MAXIMUM_ID = 2**32 - 2
"""Largest uid or gid; the one above means "leave it" to chown(2)."""

_TYPES = {
    b"0": FileType.FILE,
    b"\0": FileType.FILE,
    b"7": FileType.FILE,
    b"S": FileType.FILE,
    b"1": FileType.FILE,
    b"2": FileType.SYMLINK,
    b"3": FileType.CHARACTER_DEVICE,
    b"4": FileType.BLOCK_DEVICE,
    b"5": FileType.DIRECTORY,
    b"D": FileType.DIRECTORY,
    b"6": FileType.FIFO,
}
_IGNORED = frozenset({b"V", b"N"})
_DEVICES = frozenset({FileType.CHARACTER_DEVICE, FileType.BLOCK_DEVICE})
_ZERO_BLOCK = bytes(BLOCK)
_HEADER = struct.Struct("100s8s8s8s12s12s8s1s100s8s32s32s8s8s155s12x")


class _Header(NamedTuple):
    """The raw fields of a header block."""

    name: bytes
    mode: bytes
    uid: bytes
    gid: bytes
    size: bytes
    mtime: bytes
    checksum: bytes
    type_flag: bytes
    link_name: bytes
    magic: bytes
    user_name: bytes
    group_name: bytes
    major: bytes
    minor: bytes
    prefix: bytes


class TarReader:
    """Yields members; the content of the current one is read by `content`.

    Args:
        chunks: The uncompressed archive.

    Attributes:
        has_end: Whether a block of zeros was met, which says that all members came.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._stream = ChunkStream(chunks)
        self._global_records: dict[str, bytes] = {}
        self._left = 0
        self._padding = 0
        self._member: TarMember | None = None
        self.has_end = False

    def __iter__(self) -> Iterator[TarMember]:
        """Yield the members; content that was not read is skipped.

        The stream is read to its end, trailing bytes included.

        Raises:
            InvalidLayer: It is no tar archive, damaged or truncated.
        """
        while (member := self._next()) is not None:
            self._member = member
            yield member
        self._stream.drain()

    def content(self) -> Iterator[bytes]:
        """Yield the content of the current member in chunks, holes as zeros.

        Raises:
            InvalidLayer: The archive is truncated.
        """
        member = self._member
        if member is None or member.regions is None:
            yield from self._stored(self._left)
            return
        position = 0
        for offset, size in member.regions:
            yield from zeros(offset - position)
            yield from self._stored(size)
            position = offset + size
        yield from zeros(member.size - position)

    def _stored(self, size: int) -> Iterator[bytes]:
        for piece in self._stream.pieces(size):
            self._left -= len(piece)
            yield piece

    def _next(self) -> TarMember | None:
        """Read headers up to and including the next member's."""
        records: dict[str, bytes] = {}
        while True:
            self._stream.skip(self._left + self._padding)
            self._left = self._padding = 0
            block = self._stream.take_or_end(BLOCK)
            self.has_end = block == _ZERO_BLOCK
            if block is None or self.has_end:
                return None
            header = _Header(*_HEADER.unpack(block))
            _verify_checksum(block, header)
            if header.type_flag in b"xXgLK":
                self._extend(header, records)
                continue
            member = self._read_member(header, block, records)
            if member is not None:
                return member
            records = {}

    def _extend(self, header: _Header, records: dict[str, bytes]) -> None:
        """Take in a header that describes the next member, or all that follow."""
        size = number(header.size)
        if not 0 <= size <= MAXIMUM_EXTENSION:
            raise InvalidLayer(f"an extended header of the archive has {size} bytes")
        data = self._stream.take(size)
        self._stream.skip(-size % BLOCK)
        match header.type_flag:
            case b"g":
                self._global_records.update(parse_records(data))
            case b"L":
                records["path"] = data.partition(b"\0")[0]
            case b"K":
                records["linkpath"] = data.partition(b"\0")[0]
            case _:
                records.update(parse_records(data))

    def _read_member(
        self, header: _Header, block: bytes, own_records: dict[str, bytes]
    ) -> TarMember | None:
        records = own_records
        if self._global_records:
            records = self._global_records | own_records
        stored = _number(records.get("size"), header.size)
        if stored < 0:
            raise InvalidLayer("a member of the archive has a negative size")
        type_ = _TYPES.get(header.type_flag)
        if type_ is None and header.type_flag not in _IGNORED:
            raise InvalidLayer(
                f"the archive has a member of unknown type {header.type_flag!r}"
            )
        has_content = type_ is FileType.FILE and header.type_flag != b"1"
        if has_content or header.type_flag in b"DVN":
            self._left, self._padding = stored, -stored % BLOCK
        if type_ is None:
            return None
        member = _member(header, type_, stored if has_content else 0, records)
        if has_content and (header.type_flag == b"S" or _is_sparse(records)):
            return self._sparse_member(member, block, header, records)
        return member

    def _sparse_member(
        self,
        member: TarMember,
        block: bytes,
        header: _Header,
        records: dict[str, bytes],
    ) -> TarMember:
        """Complete a member by the map of its stored regions."""
        if header.type_flag == b"S":
            regions, size = sparse.map_of_header(block, self._stream)
        elif records.get("GNU.sparse.major") == b"1":
            regions, length = sparse.map_of_content(self._stream)
            self._left -= length
            size = _number(records.get("GNU.sparse.realsize"), b"0")
        else:
            regions = sparse.map_of_records(records["GNU.sparse.map"])
            size = _number(records.get("GNU.sparse.size"), b"0")
        name = records.get("GNU.sparse.name")
        return member._replace(
            name=_text(name) if name else member.name,
            size=size,
            regions=sparse.checked(regions, size, self._left),
        )


def _member(
    header: _Header, type_: FileType, size: int, records: dict[str, bytes]
) -> TarMember:
    name = _name(header, records)
    if type_ is FileType.FILE and name.endswith("/") and header.type_flag in b"0\0":
        type_ = FileType.DIRECTORY  # how archives older than ustar say it
    link_name = records.get("linkpath") or header.link_name.partition(b"\0")[0]
    device = None
    if type_ in _DEVICES:
        device = (number(header.major), number(header.minor))
    return TarMember(
        name,
        type_,
        number(header.mode) & 0o7777,
        _identity(records.get("uid"), header.uid),
        _identity(records.get("gid"), header.gid),
        size if type_ is FileType.FILE else 0,
        _mtime_ns(records.get("mtime"), header.mtime),
        _text(link_name),
        header.type_flag == b"1",
        device,
        _xattrs(records) if records else (),
    )


def _name(header: _Header, records: dict[str, bytes]) -> str:
    name = records.get("path")
    if not name:
        name = header.name.partition(b"\0")[0]
        if header.magic[:6] == b"ustar\0" and header.prefix[0]:
            name = header.prefix.partition(b"\0")[0] + b"/" + name
    return _text(name)


def _text(name: bytes) -> str:
    if b"\0" in name:
        raise InvalidLayer("a name in the archive contains a NUL")
    return name.decode("utf-8", "surrogateescape")


def _number(record: bytes | None, field: bytes) -> int:
    if not record:
        return number(field)
    if not record.isdigit():
        raise InvalidLayer(f"{record[:40]!r} is no number of a PAX record")
    return int(record)


def _identity(record: bytes | None, field: bytes) -> int:
    value = _number(record, field)
    if not 0 <= value <= MAXIMUM_ID:
        raise InvalidLayer(f"the archive has a file owned by {value}")
    return value


def _mtime_ns(record: bytes | None, field: bytes) -> int:
    return pax_time_ns(record) if record else number(field) * 10**9


def _xattrs(records: dict[str, bytes]) -> tuple[tuple[str, bytes], ...]:
    return tuple(
        sorted(
            (key.removeprefix(XATTR_PREFIX), value)
            for key, value in records.items()
            if key.startswith(XATTR_PREFIX)
        )
    )


def _is_sparse(records: dict[str, bytes]) -> bool:
    return "GNU.sparse.map" in records or records.get("GNU.sparse.major") == b"1"


def _verify_checksum(block: bytes, header: _Header) -> None:
    """Compare the header's checksum; some old tars summed signed bytes."""
    stored = number(header.checksum)
    unsigned = sum(block) - sum(header.checksum) + 256
    if stored == unsigned:
        return
    high = sum(byte > 127 for byte in block)  # noqa: PLR2004 - the sign bit
    if stored != unsigned - 256 * high:
        raise InvalidLayer(
            "a tar header's checksum is wrong",
            hint="the archive is damaged, or no tar archive",
        )
