"""Makes archives and layers for tests, with the standard library's tarfile.

An implementation other than ours, so that our reader is not tested by our
writer alone.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.media_type import OCI_LAYER_GZIP


class M(NamedTuple):
    """A member: a name, and what tarfile calls the rest."""

    name: str
    type: bytes = tarfile.REGTYPE
    data: bytes = b""
    link: str = ""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: float = 1_500_000_000
    device: tuple[int, int] = (0, 0)
    pax: tuple[tuple[str, str], ...] = ()


def directory(name: str, mode: int = 0o755, **facts: int) -> M:
    return M(name, tarfile.DIRTYPE, mode=mode, **facts)  # type: ignore[arg-type]


def file(name: str, data: bytes = b"", mode: int = 0o644, **facts: int) -> M:
    return M(name, data=data, mode=mode, **facts)  # type: ignore[arg-type]


def symlink(name: str, target: str) -> M:
    return M(name, tarfile.SYMTYPE, link=target, mode=0o777)


def hard_link(name: str, target: str) -> M:
    return M(name, tarfile.LNKTYPE, link=target)


def whiteout(path: str) -> M:
    head, slash, tail = path.rpartition("/")
    return M(f"{head}{slash}.wh.{tail}")


def tar(*members: M, format: int = tarfile.PAX_FORMAT) -> bytes:  # noqa: A002
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for member in members:
            info = tarfile.TarInfo(member.name)
            info.type = member.type
            info.size = len(member.data)
            info.linkname = member.link
            info.mode, info.uid, info.gid = member.mode, member.uid, member.gid
            info.mtime = member.mtime
            info.devmajor, info.devminor = member.device
            info.pax_headers = dict(member.pax)
            archive.addfile(info, io.BytesIO(member.data))
    return buffer.getvalue()


class Layer(NamedTuple):
    """A layer's blob, and what it should be."""

    blob: bytes
    descriptor: Descriptor
    diff_id: Digest

    def open(self) -> io.BytesIO:
        return io.BytesIO(self.blob)


def layer(*members: M) -> Layer:
    return layer_of_tar(tar(*members))


def layer_of_tar(data: bytes) -> Layer:
    blob = gzip.compress(data, 1, mtime=0)
    digest = Digest("sha256", hashlib.sha256(blob).hexdigest())
    descriptor = Descriptor(media_type=OCI_LAYER_GZIP, digest=digest, size=len(blob))
    return Layer(blob, descriptor, Digest.of(data))


def in_chunks(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def read_tar(data: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return archive.getmembers()


def names(members: Iterable[tarfile.TarInfo]) -> list[str]:
    return [member.name for member in members]
