"""The tar writer: read back by us, by tarfile and by GNU tar."""

from __future__ import annotations

import io
import subprocess
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.archive.tar_reader import TarReader
from adapters.archive.tar_writer import END_OF_ARCHIVE, member_header, padding
from domain.snapshot.entry import FileEntry, FileType

_COMPONENT = st.text(
    st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"])
    | st.sampled_from(["\udcff", "\udc80"]),
    min_size=1,
    max_size=60,
).filter(lambda name: name not in (".", ".."))
PATHS = st.lists(_COMPONENT, min_size=1, max_size=5).map("/".join)
TIMES = st.integers(-(10**19), 10**19)
IDS = st.integers(0, 2**32 - 2)
XATTRS = st.dictionaries(
    st.text("abcdefghé.", min_size=1, max_size=9).map("user.".__add__),
    st.binary(max_size=40),
    max_size=3,
).map(lambda attributes: tuple(sorted(attributes.items())))
ENTRIES = st.builds(
    FileEntry,
    PATHS,
    st.sampled_from([FileType.DIRECTORY, FileType.FIFO, FileType.FILE]),
    st.integers(0, 0o7777),
    IDS,
    IDS,
    size=st.just(0),
    mtime_ns=TIMES,
    link_target=st.just(""),
    link_group=st.just(""),
    device=st.none(),
    xattrs=XATTRS,
    sha256=st.just(""),
)


def read_back(data: bytes) -> list[FileEntry]:
    return [m.entry(m.name.rstrip("/")) for m in TarReader([data])]


@given(ENTRIES)
def test_a_row_is_read_back_as_it_was(entry: FileEntry) -> None:
    assert read_back(member_header(entry) + END_OF_ARCHIVE) == [entry]


@given(ENTRIES)
def test_tarfile_reads_the_same(entry: FileEntry) -> None:
    data = member_header(entry) + END_OF_ARCHIVE
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        (member,) = archive.getmembers()
    assert member.name == entry.path.rstrip("/")
    assert (member.mode, member.uid, member.gid) == entry[2:5]
    assert (member.uname, member.gname) == ("", "")


@pytest.mark.parametrize("size", [0, 1, 512, 8**11 - 1, 8**11, 2**40])
def test_sizes_beyond_8_gib_are_written(size: int) -> None:
    header = member_header(FileEntry("f", FileType.FILE, size=size))
    with tarfile.open(fileobj=io.BytesIO(header)) as archive:
        member = archive.next()
    assert member is not None
    assert member.size == size


def test_a_plain_file_needs_no_extended_header() -> None:
    entry = FileEntry("usr/bin/env", FileType.FILE, size=3, mtime_ns=10**18)
    assert len(member_header(entry)) == 512


def test_directories_end_in_a_slash_and_nothing_starts_with_one() -> None:
    header = member_header(FileEntry("a/b", FileType.DIRECTORY))
    assert header.startswith(b"a/b/\0")


def test_hard_links_name_an_earlier_member_and_have_no_size() -> None:
    entry = FileEntry("b", FileType.FILE, size=5, xattrs=(("user.a", b""),))
    (member,) = TarReader([member_header(entry, hard_link_to="a")])
    assert (member.is_hard_link, member.link_name, member.size) == (True, "a", 0)


def test_links_and_devices_are_written() -> None:
    rows = [
        FileEntry("s", FileType.SYMLINK, 0o777, link_target="x" * 150),
        FileEntry("c", FileType.CHARACTER_DEVICE, device=(5, 1)),
        FileEntry("b", FileType.BLOCK_DEVICE, device=(8, 1_000_000)),
    ]
    data = b"".join(map(member_header, rows)) + END_OF_ARCHIVE
    assert read_back(data) == rows


def test_padding_fills_the_block() -> None:
    assert [len(padding(size)) for size in (0, 1, 511, 512, 513)] == [0, 511, 1, 0, 511]


def test_gnu_tar_lists_names_times_and_owners() -> None:
    rows = [
        FileEntry(
            "d" * 90 + "/é", FileType.DIRECTORY, mtime_ns=1_500_000_000_123456789
        ),
        FileEntry("plain", FileType.FILE, 0o640, 2**31, 7),
    ]
    data = b"".join(map(member_header, rows)) + END_OF_ARCHIVE
    command = [
        "tar",
        "-tv",
        "--full-time",
        "--utc",
        "--numeric-owner",
        "--quoting=literal",
    ]
    listing = subprocess.run(
        command, input=data, check=True, capture_output=True
    ).stdout
    lines = listing.decode().splitlines()
    assert lines[0].endswith("2017-07-14 02:40:00.123456789 " + "d" * 90 + "/é/")
    assert lines[1].startswith("-rw-r----- 2147483648/7")
