"""Follows the frames of a zstd stream, because its decoder does not miss what was cut.

Reads lengths alone, and passes all bytes on (RFC 8878, section 3.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adapters.archive.chunks import ChunkStream

MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"
_DICTIONARY_SIZES = (0, 1, 2, 4)
_CONTENT_SIZES = (0, 2, 4, 8)
_HAS_CHECKSUM = 1 << 2
_SINGLE_SEGMENT = 1 << 5
_REPEATED_BYTE = 1
"""Type of a block that stores one byte, whatever its size."""


def starts_frame(start: bytes) -> bool:
    """Return whether bytes, four at least, are the start of a frame."""
    return start[:4] == MAGIC or _is_skippable(start)


def whole_frames(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Pass on a stream of frames; what is none ends the check, not the stream.

    Raises:
        InvalidLayer: The stream ends within a frame.
    """
    stream = ChunkStream(chunks)
    while (start := stream.take_or_end(4)) is not None:
        yield start
        if start == MAGIC:
            yield from _frame(stream)
        elif _is_skippable(start):
            yield from _sized(stream)
        else:
            yield from stream.rest()


def _is_skippable(start: bytes) -> bool:
    return start[1:4] == _SKIPPABLE and start[0] & 0xF0 == 0x50  # noqa: PLR2004 - RFC 8878


def _sized(stream: ChunkStream) -> Iterator[bytes]:
    size = stream.take(4)
    yield size
    yield from stream.pieces(int.from_bytes(size, "little"))


def _frame(stream: ChunkStream) -> Iterator[bytes]:
    [flags] = descriptor = stream.take(1)
    is_single = bool(flags & _SINGLE_SEGMENT)
    content = _CONTENT_SIZES[flags >> 6] or is_single
    window = not is_single
    yield descriptor + stream.take(window + _DICTIONARY_SIZES[flags & 3] + content)
    is_last = False
    while not is_last:
        header = stream.take(3)
        number = int.from_bytes(header, "little")
        is_last, kind, size = bool(number & 1), number >> 1 & 3, number >> 3
        yield header
        yield from stream.pieces(1 if kind == _REPEATED_BYTE else size)
    if flags & _HAS_CHECKSUM:
        yield stream.take(4)
