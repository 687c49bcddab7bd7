"""Compression is recognised by content, bounded, and verified."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random

import pytest
import zstandard

from adapters.archive.chunks import CHUNK
from adapters.archive.compression import Codec, decompressed, is_compressed
from domain.errors import InvalidLayer
from domain.image.media_type import Compression

DATA = random.Random(1).randbytes(100_000) + bytes(CHUNK + 1)

FORMATS = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
}


def all_of(blob: bytes) -> bytes:
    return b"".join(decompressed(io.BytesIO(blob)))


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_recognised_by_its_first_bytes(name: str) -> None:
    assert all_of(FORMATS[name](DATA)) == DATA
    assert is_compressed(FORMATS[name](DATA)[:6]) == (name != "plain")


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd"])
def test_concatenated_members_are_one_content(name: str) -> None:
    compress = FORMATS[name]
    assert all_of(compress(b"one") + compress(b"two" * 9)) == b"one" + b"two" * 9


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd"])
def test_truncated_data_is_an_error(name: str) -> None:
    blob = FORMATS[name](DATA)
    for size in (7, 20, 5000, len(blob) - 9, len(blob) - 1):
        with pytest.raises(InvalidLayer, match="truncated"):
            all_of(blob[:size])


@pytest.mark.parametrize("level", [-5, 1, 19])
@pytest.mark.parametrize("checksum", [True, False])
@pytest.mark.parametrize("told", [True, False])
def test_zstd_that_is_cut_anywhere_is_an_error(
    level: int, *, checksum: bool, told: bool
) -> None:
    make = zstandard.ZstdCompressor(
        level=level, write_checksum=checksum, write_content_size=told
    )
    data = random.Random(2).randbytes(300) + bytes(200)
    skippable = b"\x5f\x2a\x4d\x18\x03\0\0\0abc"
    frames = [make.compress(data), skippable, make.compress(data * 9)]
    ends = {sum(map(len, frames[:count])) for count in range(len(frames) + 1)}
    blob = b"".join(frames)
    assert all_of(blob) == data * 10
    for size in set(range(7, len(blob))) - ends:
        with pytest.raises(InvalidLayer, match="truncated"):
            all_of(blob[:size])


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd"])
def test_damaged_data_is_an_error(name: str) -> None:
    blob = bytearray(FORMATS[name](DATA))
    middle = len(blob) // 2
    blob[middle : middle + 64] = bytes(64)
    with pytest.raises(InvalidLayer):
        all_of(bytes(blob))


def test_a_wrong_gzip_checksum_is_an_error() -> None:
    blob = bytearray(gzip.compress(DATA))
    blob[-6] ^= 1
    with pytest.raises(InvalidLayer, match="damaged"):
        all_of(bytes(blob))


def test_zeros_after_a_gzip_member_are_padding() -> None:
    assert all_of(gzip.compress(b"x") + bytes(600)) == b"x"


def test_other_bytes_after_a_gzip_member_are_an_error() -> None:
    with pytest.raises(InvalidLayer):
        all_of(gzip.compress(b"x") + b"what is this, more than enough of it?")


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd"])
def test_no_chunk_is_larger_than_a_mebibyte(name: str) -> None:
    """A small input that expands a thousandfold does not fill the memory."""
    blob = FORMATS[name](bytes(20 * CHUNK))
    assert max(map(len, decompressed(io.BytesIO(blob)))) <= CHUNK


def test_an_empty_stream_has_no_content() -> None:
    assert all_of(b"") == b""


CODECS = [
    Codec(),
    Codec(level=6),
    Codec(level=9),
    Codec(reproducible=True),
    Codec(compression=Compression.ZSTD),
    Codec(compression=Compression.NONE),
]


@pytest.mark.parametrize("codec", CODECS, ids=repr)
def test_what_a_codec_writes_is_read_back(codec: Codec) -> None:
    compressor = codec.compressor()
    blob = compressor.compress(DATA[:1000]) + compressor.compress(DATA[1000:])
    assert all_of(blob + compressor.flush()) == DATA


@pytest.mark.parametrize("codec", CODECS[:4], ids=repr)
def test_gzip_headers_hold_no_time(codec: Codec) -> None:
    assert codec.compressor().flush()[4:8] == bytes(4)


def test_the_reproducible_codec_is_the_standard_librarys_zlib() -> None:
    """Its bytes are the reference encoder's, on each processor the same."""
    compressor = Codec(level=6, reproducible=True).compressor()
    blob = compressor.compress(DATA) + compressor.flush()
    assert blob[10:] == gzip.compress(DATA, 6, mtime=0)[10:]
