"""Compression of layers and archives, as streams.

Reading recognises the compression by the first bytes, whatever a media type or
a file name says. Writing has one codec per choice of the user. Output per call
is bounded, so a small input that expands without end does not fill the memory.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol, cast

import zstandard
from isal import igzip_lib, isal_zlib
from zlib_ng import zlib_ng

from adapters.archive.chunks import CHUNK, ChunkReader
from adapters.archive.zstd_frames import starts_frame, whole_frames
from domain.errors import InvalidLayer
from domain.image.media_type import Compression
from domain.values import dataclass

_GZIP = b"\x1f\x8b"
_BZIP2 = b"BZh"
_XZ = b"\xfd7zXZ\x00"
MAGIC_LENGTH = 6
"""Bytes that tell how a file is compressed."""

_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    lzma.LZMAError,
    zstandard.ZstdError,
    cast("type[Exception]", igzip_lib.error),
)
_GZIP_WINDOW = 31
"""zlib's `wbits` for a gzip header (with mtime 0) around a 32 KiB window."""


class _Decompressor(Protocol):
    """The interface of bz2's, lzma's and igzip's decompressors."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def is_compressed(start: bytes) -> bool:
    """Return whether a file that starts with these bytes is compressed."""
    return _decompressor_of(start) is not None or starts_frame(start)


def layer_compression(start: bytes) -> Compression | None:
    """Return the compression of a blob that starts with these bytes.

    None where no layer of an image is compressed so: it is not compressed at all, or
    with bzip2 or xz.
    """
    if start.startswith(_GZIP):
        return Compression.GZIP
    return Compression.ZSTD if starts_frame(start) else None


def decompressed(blob: BinaryIO) -> Iterator[bytes]:
    """Yield the uncompressed content of a stream in chunks of at most 1 MiB.

    gzip, bzip2, xz and zstd are recognised; anything else is passed on as it
    is. Concatenated members are one content.

    Args:
        blob: Read to its end, not closed.

    Raises:
        InvalidLayer: The compressed data is damaged or truncated.
    """
    start = _read_start(blob)
    make = _decompressor_of(start)
    try:
        if make is not None:
            yield from _members(blob, start, make)
        elif starts_frame(start):
            yield from _zstd(blob, start)
        else:
            yield from _plain(blob, start)
    except InvalidLayer:
        raise
    except _ERRORS as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's, not the data's
        raise InvalidLayer(
            f"the compressed data is damaged: {error}",
            hint="fetch or make the archive again",
        ) from error


def _read_start(blob: BinaryIO) -> bytes:
    start = b""
    while len(start) < MAGIC_LENGTH:
        more = blob.read(MAGIC_LENGTH - len(start))
        if not more:
            break
        start += more
    return start


def _decompressor_of(start: bytes) -> Callable[[], _Decompressor] | None:
    if start.startswith(_GZIP):
        return lambda: igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    if start.startswith(_BZIP2):
        return bz2.BZ2Decompressor
    if start.startswith(_XZ):
        return lzma.LZMADecompressor
    return None


def _plain(blob: BinaryIO, start: bytes) -> Iterator[bytes]:
    chunk = start
    while chunk:
        yield chunk
        chunk = blob.read(CHUNK)


def _members(
    blob: BinaryIO, start: bytes, make: Callable[[], _Decompressor]
) -> Iterator[bytes]:
    """Yield the content of concatenated members; zero padding may follow."""
    data = start
    decompressor = make()
    while True:
        if decompressor.eof:
            data = (decompressor.unused_data or blob.read(CHUNK)).lstrip(b"\0")
            while not data:
                data = blob.read(CHUNK)
                if not data:
                    return
                data = data.lstrip(b"\0")
            decompressor = make()
        elif decompressor.needs_input:
            data = data or blob.read(CHUNK)
            if not data:
                raise InvalidLayer(
                    "the compressed data is truncated",
                    hint="fetch or make the archive again",
                )
        output = decompressor.decompress(data, CHUNK)
        data = b""
        if output:
            yield output


def _zstd(blob: BinaryIO, start: bytes) -> Iterator[bytes]:
    source = ChunkReader(whole_frames(_plain(blob, start)))
    reader = zstandard.ZstdDecompressor().stream_reader(
        source,  # type: ignore[arg-type] # needs only read()
        read_across_frames=True,
    )
    while chunk := reader.read(CHUNK):
        yield chunk


class Compressor(Protocol):
    """Compresses one blob."""

    def compress(self, data: bytes, /) -> bytes:
        """Take in the next bytes, return what is ready."""

    def flush(self) -> bytes:
        """End the blob, return the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """How layers are compressed.

    Attributes:
        compression: Format of the blob.
        level: 0 to 9 for gzip (1 is isal's, 4 and above zlib-ng's), 1 to 22 for
            zstd; None for the format's default (gzip 1, zstd 3).
        reproducible: Whether the bytes must not depend on the processor: isal
            and zlib-ng choose other matches on other instruction sets.
    """

    compression: Compression = Compression.GZIP
    level: int | None = None
    reproducible: bool = False

    def compressor(self) -> Compressor:
        """Return a compressor for one blob."""
        match self.compression:
            case Compression.GZIP:
                return _gzip(1 if self.level is None else self.level, self.reproducible)
            case Compression.ZSTD:
                level = 3 if self.level is None else self.level
                return zstandard.ZstdCompressor(level=level).compressobj()
            case Compression.NONE:
                return _Stored()


UNCOMPRESSED = Codec(compression=Compression.NONE)


class _Stored:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def _gzip(level: int, reproducible: bool) -> Compressor:  # noqa: FBT001 - private
    if reproducible:
        return zlib.compressobj(level, zlib.DEFLATED, _GZIP_WINDOW)
    if level < 4:  # noqa: PLR2004 - isal has levels 0 to 3
        return isal_zlib.compressobj(level, isal_zlib.DEFLATED, _GZIP_WINDOW)
    return zlib_ng.compressobj(level, zlib_ng.DEFLATED, _GZIP_WINDOW)
