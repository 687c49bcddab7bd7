"""Maps of sparse files in tar archives, in GNU's four forms.

GNU tar manual, "Storing Sparse Files" (old format, PAX 0.0, 0.1 and 1.0).
"""

from __future__ import annotations

from adapters.archive.chunks import ChunkStream
from adapters.archive.numbers import number
from adapters.archive.tar_member import BLOCK
from domain.errors import InvalidLayer

Regions = tuple[tuple[int, int], ...]

_MAXIMUM_MAP = 1 << 20
"""Bytes of one map; Go's reader, and so docker, refuses longer ones."""


def checked(regions: Regions, size: int, stored: int) -> Regions:
    """Return the regions if they are ordered, inside the file and all there.

    Raises:
        InvalidLayer: They are not.
    """
    position = 0
    for offset, length in regions:
        if offset < position or length < 0 or offset + length > size:
            raise _bad()
        position = offset + length
    if sum(length for _, length in regions) != stored:
        raise _bad()
    return regions


def map_of_records(text: bytes) -> Regions:
    """Return the regions of a "GNU.sparse.map" record (0.0 and 0.1)."""
    parts = text.split(b",") if text else []
    if len(parts) % 2 or not all(part.isdigit() for part in parts):
        raise _bad()
    values = [int(part) for part in parts]
    return tuple(zip(values[::2], values[1::2], strict=True))


def map_of_content(stream: ChunkStream) -> tuple[Regions, int]:
    """Return the regions that stand before the content (1.0), and their length.

    Decimal lines: their count, then offset and size of each; padded to a block.
    """
    text = b""
    wanted = 1
    while text.count(b"\n") < wanted:
        text += stream.take(BLOCK)
        if len(text) > _MAXIMUM_MAP:
            raise _bad()
        first, newline, _ = text.partition(b"\n")
        if newline:
            if not first.isdigit() or int(first) > _MAXIMUM_MAP:
                raise _bad()
            wanted = 1 + 2 * int(first)
    lines = text.split(b"\n")[1:wanted]
    return map_of_records(b",".join(lines)), len(text)


def map_of_header(block: bytes, stream: ChunkStream) -> tuple[Regions, int]:
    """Return regions and real size of an old GNU header and its extensions."""
    regions = _pairs(block[386:482])
    size = number(block[483:495])
    extended = block[482]
    while extended:
        more = stream.take(BLOCK)
        regions += _pairs(more[:504])
        extended = more[504]
        if len(regions) * 24 > _MAXIMUM_MAP:
            raise _bad()
    return tuple(regions), size


def _pairs(data: bytes) -> list[tuple[int, int]]:
    pairs = []
    for start in range(0, len(data), 24):
        if data[start] == 0:
            break
        offset = number(data[start : start + 12])
        pairs.append((offset, number(data[start + 12 : start + 24])))
    return pairs


def _bad() -> InvalidLayer:
    return InvalidLayer("the map of a sparse file in the archive is malformed")
