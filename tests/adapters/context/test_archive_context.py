"""Archives as contexts: unpacked under numbers, confined, bounded."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
import zstandard

from adapters.context.archive_context import ArchiveSource
from adapters.context.local_archive import LocalArchive, StandardInput
from application.errors import ContextUnavailable
from application.ports.context import BuildContext
from tests.support.archives import M, directory, file, hard_link, symlink, tar


class GivenArchive:
    """Bytes in chunks that no header fits into."""

    place = "the place"

    def __init__(self, data: bytes) -> None:
        self._data = data

    def chunks(self) -> Generator[bytes, None, None]:
        for start in range(0, len(self._data), 700):
            yield self._data[start : start + 700]


def unpacked(place: Path, *members: M, sub_path: str = "") -> BuildContext:
    return ArchiveSource(GivenArchive(tar(*members)), place, sub_path).fetch()


def refused(place: Path, data: bytes, limit: int = 0) -> ContextUnavailable:
    with pytest.raises(ContextUnavailable) as caught:
        ArchiveSource(GivenArchive(data), place, limit=limit).fetch()
    assert caught.value.place == "the place"
    assert caught.value.hint
    return caught.value


def paths(context: BuildContext) -> list[str]:
    return [row.path for row in context.entries(lambda _: False)]


def content(context: BuildContext, path: str) -> bytes:
    with context.open(path) as stream:
        return stream.read()


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize(
    "compress", [bytes, *COMPRESSORS.values()], ids=["plain", *COMPRESSORS]
)
def test_the_compression_is_told_by_the_content(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    data = compress(tar(directory("./"), file("./d/f", b"x" * 3000, mode=0o4750)))
    context = ArchiveSource(GivenArchive(data), tmp_path).fetch()
    rows = {row.path: row for row in context.entries(lambda _: False)}
    assert list(rows) == ["", "d", "d/f"]
    assert (rows["d/f"].mode, rows["d/f"].mtime_ns) == (0o4750, 1_500_000_000 * 10**9)
    assert content(context, "d/f") == b"x" * 3000


def test_no_name_of_an_archive_becomes_a_name_on_disk(tmp_path: Path) -> None:
    unpacked(tmp_path, file("a/b", b"1"), symlink("l", "/etc"), file("c", b"2"))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["1", "3"]


@pytest.mark.parametrize(
    ("member", "what"),
    [
        (file("../x"), "leaves the build context"),
        (file("a/../../x"), "leaves the build context"),
        (file("/etc/x"), "is absolute"),
        (hard_link("x", "../../etc/passwd"), "leaves the build context"),
        (hard_link("x", "/etc/passwd"), "is absolute"),
        (hard_link("x", "nothing"), "hard link to 'nothing', which is no file"),
        (file("l/x"), "below a symlink"),
    ],
)
def test_what_leaves_the_context_ends_the_build(
    tmp_path: Path, member: M, what: str
) -> None:
    error = refused(tmp_path, tar(symlink("l", "/etc"), member))
    assert what in error.message


def test_a_symlink_is_followed_inside_the_context_alone(tmp_path: Path) -> None:
    members = (file("etc/passwd", b"mine"), symlink("l", "../../etc/passwd"))
    context = unpacked(tmp_path, *members, symlink("abs", "/etc/passwd"))
    assert content(context, "l") == content(context, "abs") == b"mine"


def test_devices_are_left_out_and_told(tmp_path: Path) -> None:
    told: list[str] = []
    data = tar(M("null", tarfile.CHRTYPE, device=(1, 3)), M("f", tarfile.FIFOTYPE))
    source = ArchiveSource(GivenArchive(data), tmp_path, tell=told.append)
    assert paths(source.fetch()) == ["", "f"]
    assert told == ["1 devices of the build context are left out"]


def test_a_later_member_replaces_an_earlier_one(tmp_path: Path) -> None:
    members = (file("a/b", b"1"), hard_link("h", "a/b"), file("a", b"2"))
    context = unpacked(tmp_path, *members, file("h2", b"3"), file("h2", b"4"))
    assert paths(context) == ["", "a", "h", "h2"]
    found = [content(context, path) for path in ("a", "h", "h2")]
    assert found == [b"2", b"1", b"4"]


def test_hard_links_are_one_file(tmp_path: Path) -> None:
    context = unpacked(tmp_path, file("a", b"1"), hard_link("b", "a"), file("c"))
    groups = {row.path: row.link_group for row in context.entries(lambda _: False)}
    assert groups["a"] == groups["b"] != ""
    assert groups["c"] == ""
    assert content(context, "b") == b"1"


def test_a_name_that_was_linked_and_replaced_is_another_file(tmp_path: Path) -> None:
    members = (file("a", b"1"), hard_link("b", "a"), hard_link("c", "a"))
    context = unpacked(tmp_path, *members, file("a", b"2"), hard_link("d", "a"))
    groups = {row.path: row.link_group for row in context.entries(lambda _: False)}
    assert groups["a"] == groups["d"] != groups["b"] == groups["c"] != ""
    assert (content(context, "d"), content(context, "b")) == (b"2", b"1")


@pytest.mark.parametrize("sub_path", ["a/b", "/a/b/", "l", "a/../a/b"])
def test_a_directory_of_it_is_the_context(tmp_path: Path, sub_path: str) -> None:
    members = (file("a/b/c/f", b"1"), file("x"), symlink("l", "a/b"))
    context = unpacked(
        tmp_path, *members, symlink("a/b/out", "../../x"), sub_path=sub_path
    )
    assert paths(context) == ["", "c", "c/f", "out"]
    assert content(context, "c/f") == b"1"
    with pytest.raises(ContextUnavailable):
        context.open("out")


@pytest.mark.parametrize(
    ("sub_path", "what"),
    [("no", 'no directory "no"'), ("f", 'no directory "f"'), ("../a", "leaves")],
)
def test_a_sub_path_must_be_a_directory_inside(
    tmp_path: Path, sub_path: str, what: str
) -> None:
    with pytest.raises(ContextUnavailable, match=what) as caught:
        unpacked(tmp_path, file("f"), file("a/f"), sub_path=sub_path)
    assert "--context-sub-path" in (caught.value.hint or "")


def test_a_bomb_ends_the_build(tmp_path: Path) -> None:
    data = gzip.compress(tar(file("zeros", bytes(8 << 20))))
    error = refused(tmp_path, data, limit=4 << 20)
    assert "more than 4194304 bytes" in error.message
    assert "--context-limit" in (error.hint or "")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 4 << 20


def test_a_sparse_bomb_ends_the_build(tmp_path: Path) -> None:
    """A file of a terabyte that holds nothing (PAX, GNU sparse 0.1)."""
    pax = (
        ("GNU.sparse.size", str(1 << 40)),
        ("GNU.sparse.numblocks", "0"),
        ("GNU.sparse.map", "0,0"),
    )
    data = tar(M("holes", pax=pax))
    assert "more than" in refused(tmp_path, data, limit=1 << 30).message


def test_holes_of_a_sparse_file_take_no_room(tmp_path: Path) -> None:
    pax = (
        ("GNU.sparse.size", str(64 << 20)),
        ("GNU.sparse.numblocks", "1"),
        ("GNU.sparse.map", "33554432,4"),
    )
    context = unpacked(tmp_path, M("holes", data=b"data", pax=pax))
    found = content(context, "holes")
    assert (len(found), found.strip(b"\0"), found[32 << 20]) == (64 << 20, b"data", 100)
    assert sum(path.stat().st_blocks for path in tmp_path.iterdir()) * 512 < 8 << 20


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "it is empty"),
        (bytes(1024), "it is empty"),
        (b"<html>" * 200, "it is no tar archive ("),
        (gzip.compress(tar(file("a", os.urandom(9000))))[:-400], "truncated"),
    ],
)
def test_what_is_no_archive_says_so(tmp_path: Path, data: bytes, what: str) -> None:
    assert what in refused(tmp_path, data).message


def test_all_bytes_that_come_in_are_told(tmp_path: Path) -> None:
    data = gzip.compress(tar(file("a", bytes(9000))))
    told: list[int] = []
    ArchiveSource(GivenArchive(data), tmp_path).fetch(told.append)
    assert sum(told) == len(data)


FULL = tar(file("a", b"x" * 600), file("b", b""))
MEMBERS = 512 * (3 + 1)
"""Bytes of both members, without what ends an archive."""


@pytest.mark.parametrize("size", [1536, MEMBERS])
def test_a_plain_archive_that_is_cut_between_members_is_refused(
    tmp_path: Path, size: int
) -> None:
    error = refused(tmp_path, FULL[:size])
    assert "cannot be used: it was cut off" in error.message


def test_one_block_is_end_enough(tmp_path: Path) -> None:
    archive = GivenArchive(FULL[: MEMBERS + 512])
    assert paths(ArchiveSource(archive, tmp_path).fetch()) == ["", "a", "b"]


@pytest.mark.parametrize("compress", [*COMPRESSORS.values()], ids=[*COMPRESSORS])
def test_what_is_compressed_ends_with_its_compression(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    data = compress(FULL[:MEMBERS])
    assert "truncated" in refused(tmp_path, data[:-1]).message
    place = tmp_path / "whole"
    place.mkdir()
    context = ArchiveSource(GivenArchive(data), place).fetch()
    assert paths(context) == ["", "a", "b"]


def test_a_file_that_is_missing_names_the_form(tmp_path: Path) -> None:
    source = ArchiveSource(LocalArchive("/nonexistent.tar"), tmp_path)
    with pytest.raises(ContextUnavailable, match="No such file") as caught:
        source.fetch()
    assert "tar:///PATH" in (caught.value.hint or "")


def test_standard_input_that_is_empty_names_the_flag_of_docker(tmp_path: Path) -> None:
    source = ArchiveSource(StandardInput(io.BytesIO()), tmp_path)
    with pytest.raises(ContextUnavailable, match="no data found") as caught:
        source.fetch()
    assert "--interactive" in (caught.value.hint or "")


def test_a_terminal_is_not_read(tmp_path: Path) -> None:
    primary, terminal = os.openpty()
    with os.fdopen(terminal, "rb") as stream:
        source = ArchiveSource(StandardInput(stream), tmp_path)
        with pytest.raises(ContextUnavailable, match="from a terminal") as caught:
            source.fetch()
        os.close(primary)
    assert "-c tar://stdin" in (caught.value.hint or "")
