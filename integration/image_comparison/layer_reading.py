"""The entries of one layer's tar, with digests taken on the way.

It decompresses by content (gzip, zstd or none) into an unnamed temporary file, so
that any size can be read. What entries mean to each other is for `flattening`.
"""

import gzip
import hashlib
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, cast

import zstandard

CHUNK = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
XATTR_PREFIX = "SCHILY.xattr."


class OpenLayer(NamedTuple):
    """A layer's tar, ready to be read, and the digest of its bytes."""

    tar: tarfile.TarFile
    diff_id: str


@contextmanager
def open_layer(blob: Path) -> Iterator[OpenLayer]:
    """Decompress a layer, take its diff ID, and open its tar."""
    with tempfile.TemporaryFile() as plain:
        with blob.open("rb") as stream:
            diff_id = _spool(_decompressed(stream), plain)
        with tarfile.open(
            fileobj=plain, mode="r:", encoding="utf-8", errors="surrogateescape"
        ) as tar:
            yield OpenLayer(tar, diff_id)


def content_digest(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    """Return the sha256 of a file's content in hex."""
    stream = tar.extractfile(member)
    digest = hashlib.sha256()
    while stream is not None and (chunk := stream.read(CHUNK)):
        digest.update(chunk)
    return digest.hexdigest()


def extended_attributes(member: tarfile.TarInfo) -> dict[str, str]:
    """Return an entry's extended attributes, values in hex."""
    return {
        key.removeprefix(XATTR_PREFIX): value.encode("utf-8", "surrogateescape").hex()
        for key, value in sorted(member.pax_headers.items())
        if key.startswith(XATTR_PREFIX)
    }


def _decompressed(stream: BinaryIO) -> IO[bytes]:
    magic = stream.read(len(ZSTD_MAGIC))
    stream.seek(0)
    if magic.startswith(GZIP_MAGIC):
        return cast("IO[bytes]", gzip.open(stream))
    if magic == ZSTD_MAGIC:
        return zstandard.ZstdDecompressor().stream_reader(
            stream, read_across_frames=True
        )
    return stream


def _spool(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        target.write(chunk)
    target.seek(0)
    return f"sha256:{digest.hexdigest()}"
