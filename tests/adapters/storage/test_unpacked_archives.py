"""Unpacking archives for ADD."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from adapters.storage.unpacked_archives import UnpackedArchives
from application.errors import FilesystemError
from domain.errors import InvalidLayer
from domain.snapshot.entry import FileType
from domain.snapshot.layer_plan import PlannedEntry, StoredContent


def _member(name: str, data: bytes = b"", **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def _archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def _file(name: str, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    return _member(name, data), data


def _unpack(
    tmp_path: Path, data: bytes
) -> tuple[UnpackedArchives, tuple[PlannedEntry, ...] | None]:
    archives = UnpackedArchives(tmp_path / "archives")
    return archives, archives.unpack(io.BytesIO(data), "archive:1")


def _content(archives: UnpackedArchives, row: PlannedEntry) -> bytes:
    assert isinstance(row.content, StoredContent)
    with archives.open_file(row.content) as stream:
        return stream.read()


@pytest.mark.parametrize(
    "compress",
    [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress],
)
def test_archives_are_recognised_by_content(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    archives, rows = _unpack(tmp_path, compress(_archive(_file("a/f", b"hello"))))
    assert rows is not None
    assert rows[0].entry.path == "a/f"
    assert rows[0].entry.sha256 == hashlib.sha256(b"hello").hexdigest()
    assert _content(archives, rows[0]) == b"hello"


@pytest.mark.parametrize(
    "data",
    [b"", b"plain text\n" * 100, gzip.compress(b"no tar"), b"\0" * 1024],
    ids=["empty", "text", "gzip of text", "an archive without members"],
)
def test_what_is_no_archive_gives_nothing(tmp_path: Path, data: bytes) -> None:
    assert _unpack(tmp_path, data)[1] is None


def test_names_are_clamped_to_the_root_of_the_archive(tmp_path: Path) -> None:
    rows = _unpack(tmp_path, _archive(_file("../../evil", b"x"), _file("/abs", b"")))[1]
    assert rows is not None
    assert [row.entry.path for row in rows] == ["evil", "abs"]
    assert [path.name for path in tmp_path.iterdir()] == ["archives"]


def test_names_of_members_never_become_names_on_disk(tmp_path: Path) -> None:
    _unpack(tmp_path, _archive(_file("a", b"1"), _file("b", b"2")))
    assert sorted(path.name for path in (tmp_path / "archives").iterdir()) == ["1", "2"]


def test_of_two_members_of_one_name_each_keeps_its_content(tmp_path: Path) -> None:
    archives, rows = _unpack(tmp_path, _archive(_file("a", b"1"), _file("a", b"2")))
    assert rows is not None
    assert [_content(archives, row) for row in rows] == [b"1", b"2"]


def test_hard_links_share_a_group_and_the_content(tmp_path: Path) -> None:
    link = _member("b", type=tarfile.LNKTYPE, linkname="./a")
    archives, rows = _unpack(tmp_path, _archive(_file("a", b"1"), (link, b"")))
    assert rows is not None
    assert rows[0].entry.link_group
    assert rows[0].entry.link_group == rows[1].entry.link_group
    assert rows[1].entry.path == "b"
    assert _content(archives, rows[1]) == b"1"


def test_a_hard_link_to_a_symlink_is_a_symlink(tmp_path: Path) -> None:
    target = _member("l", type=tarfile.SYMTYPE, linkname="t")
    link = _member("m", type=tarfile.LNKTYPE, linkname="l")
    rows = _unpack(tmp_path, _archive((target, b""), (link, b"")))[1]
    assert rows is not None
    assert rows[1].entry.type is FileType.SYMLINK
    assert rows[1].entry.link_group == ""


def test_a_hard_link_to_nothing_is_refused(tmp_path: Path) -> None:
    link = _member("b", type=tarfile.LNKTYPE, linkname="gone")
    with pytest.raises(InvalidLayer, match="not in the archive"):
        _unpack(tmp_path, _archive(_file("a", b""), (link, b"")))


def test_an_archive_that_ends_early_is_refused(tmp_path: Path) -> None:
    data = _archive(_file("a", b"x" * 4000))
    with pytest.raises(InvalidLayer):
        _unpack(tmp_path, data[:1500])


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "archives").write_text("in the way")
    with pytest.raises(FilesystemError, match="cannot be unpacked"):
        _unpack(tmp_path, _archive(_file("a", b"x")))
