"""The tar reader against archives of tarfile and GNU tar."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.archive.tar_member import TarMember
from adapters.archive.tar_reader import TarReader
from domain.errors import InvalidLayer
from domain.snapshot.entry import FileType
from tests.support.archives import (
    M,
    directory,
    file,
    hard_link,
    in_chunks,
    symlink,
    tar,
)

FORMATS = {
    "ustar": tarfile.USTAR_FORMAT,
    "gnu": tarfile.GNU_FORMAT,
    "pax": tarfile.PAX_FORMAT,
}


def members(data: bytes, chunk: int = 1 << 20) -> list[TarMember]:
    return list(TarReader(in_chunks(data, chunk)))


def contents(data: bytes, chunk: int = 1 << 20) -> dict[str, bytes]:
    reader = TarReader(in_chunks(data, chunk))
    return {member.name: b"".join(reader.content()) for member in reader}


@pytest.mark.parametrize("format_", FORMATS)
def test_every_kind_of_member_is_read(format_: str) -> None:
    data = tar(
        directory("d/", 0o1777, uid=3, gid=4),
        file("d/f", b"hello", 0o4755),
        symlink("d/s", "../t"),
        hard_link("d/h", "d/f"),
        M("fifo", tarfile.FIFOTYPE),
        M("null", tarfile.CHRTYPE, device=(1, 3)),
        M("disk", tarfile.BLKTYPE, device=(8, 1)),
        format=FORMATS[format_],
    )
    found = members(data)
    assert [m.type for m in found] == [
        FileType.DIRECTORY,
        FileType.FILE,
        FileType.SYMLINK,
        FileType.FILE,
        FileType.FIFO,
        FileType.CHARACTER_DEVICE,
        FileType.BLOCK_DEVICE,
    ]
    assert found[0][2:5] == (0o1777, 3, 4)
    assert (found[1].mode, found[1].size, found[1].mtime_ns) == (
        0o4755,
        5,
        1_500_000_000 * 10**9,
    )
    assert found[2].link_name == "../t"
    assert (found[3].is_hard_link, found[3].link_name) == (True, "d/f")
    assert (found[5].device, found[6].device) == ((1, 3), (8, 1))


@pytest.mark.parametrize("format_", ["gnu", "pax"])
def test_long_names_and_links_are_read(format_: str) -> None:
    long = "/".join(["component" * 3] * 12)
    data = tar(file(long, b"x"), symlink("s", long), format=FORMATS[format_])
    found = members(data)
    assert (found[0].name, found[1].link_name) == (long, long)


def test_the_prefix_of_ustar_is_put_before_the_name() -> None:
    long = "/".join(["component"] * 15)
    assert members(tar(file(long), format=tarfile.USTAR_FORMAT))[0].name == long


@pytest.mark.parametrize("format_", ["gnu", "pax"])
def test_large_ids_are_read(format_: str) -> None:
    data = tar(file("f", uid=2**31, gid=2**32 - 2), format=FORMATS[format_])
    assert members(data)[0][3:5] == (2**31, 2**32 - 2)


def test_an_id_that_chown_cannot_set_is_refused() -> None:
    with pytest.raises(InvalidLayer, match="owned by"):
        members(tar(file("f", uid=2**32 - 1)))


@pytest.mark.parametrize(
    ("text", "mtime_ns"),
    [
        ("1.5", 1_500_000_000),
        ("1.123456789", 1_123_456_789),
        ("1.1234567899", 1_123_456_789),
        ("0", 0),
        ("-1.25", -1_250_000_000),
        ("12345678901", 12345678901 * 10**9),
    ],
)
def test_pax_times_are_read_to_the_nanosecond(text: str, mtime_ns: int) -> None:
    assert members(tar(M("f", pax=(("mtime", text),))))[0].mtime_ns == mtime_ns


def test_gnu_times_before_the_epoch_are_read() -> None:
    data = tar(M("f", mtime=-5), format=tarfile.GNU_FORMAT)
    assert members(data)[0].mtime_ns == -5 * 10**9


def test_extended_attributes_are_read_sorted_with_binary_values() -> None:
    pax = (("SCHILY.xattr.user.z", "1"), ("SCHILY.xattr.user.a", "\udcff\0="))
    data = tar(M("f", pax=pax))
    assert members(data)[0].xattrs == (("user.a", b"\xff\0="), ("user.z", b"1"))


def test_global_records_hold_until_a_member_says_otherwise() -> None:
    first = tar(file("a"), file("b"))[:1024]
    global_header = _global_header({"uid": "7", "mtime": "9"})
    own = tar(M("c", pax=(("uid", "8"),)))
    found = members(global_header + first + own)
    assert [(m.uid, m.mtime_ns) for m in found] == [
        (7, 9 * 10**9),
        (7, 9 * 10**9),
        (8, 9 * 10**9),
    ]


def _global_header(records: dict[str, str]) -> bytes:
    return tarfile.TarInfo.create_pax_global_header(records)


@pytest.mark.parametrize("format_", ["gnu", "pax"])
def test_names_that_are_not_utf8_carry_surrogates(format_: str) -> None:
    data = tar(file("caf\udce9"), file("é" * 70), format=FORMATS[format_])
    assert [m.name for m in members(data)] == ["caf\udce9", "é" * 70]


def test_a_file_whose_name_ends_in_a_slash_is_a_directory() -> None:
    """Archives older than ustar have no other way to say it."""
    assert members(tar(M("old/")))[0].type is FileType.DIRECTORY


@given(
    st.lists(st.binary(max_size=2000), max_size=6),
    st.integers(min_value=1, max_value=3000),
)
def test_contents_do_not_depend_on_how_the_stream_is_cut(
    files: list[bytes], chunk: int
) -> None:
    data = tar(*(file(f"f{i}", data) for i, data in enumerate(files)))
    assert contents(data, chunk) == {f"f{i}": data for i, data in enumerate(files)}


def test_content_that_is_not_read_is_skipped() -> None:
    data = tar(file("a", b"x" * 5000), file("b", b"y"))
    reader = TarReader(in_chunks(data, 700))
    iterator = iter(reader)
    next(iterator)
    next(reader.content())
    assert next(iterator).name == "b"
    assert b"".join(reader.content()) == b"y"


def test_the_stream_is_read_to_its_end() -> None:
    rest = in_chunks(tar(file("a")) + b"trailing" * 1000, 100)
    list(TarReader(rest))
    assert next(rest, None) is None


def test_an_archive_may_end_without_zero_blocks() -> None:
    assert [m.name for m in members(tar(file("a"))[:512])] == ["a"]


def test_an_empty_stream_is_an_empty_archive() -> None:
    assert members(b"") == []


@pytest.mark.parametrize("length", [100, 511, 513, 900, 1023])
def test_a_truncated_archive_is_an_error(length: int) -> None:
    with pytest.raises(InvalidLayer, match="truncated"):
        members(tar(file("a", b"x" * 512))[:length])


def test_a_wrong_header_checksum_is_an_error() -> None:
    data = bytearray(tar(file("a")))
    data[0] ^= 1
    with pytest.raises(InvalidLayer, match="checksum"):
        members(bytes(data))


def test_a_checksum_over_signed_bytes_is_accepted() -> None:
    data = bytearray(tar(file("caf\udce9")))
    position = data.index(b"ustar\0") - 257
    header = data[position : position + 512]
    header[148:156] = b" " * 8
    signed = sum(byte - 256 if byte > 127 else byte for byte in header)
    data[position + 148 : position + 156] = b"%06o\0 " % signed
    assert members(bytes(data))[0].name == "caf\udce9"


@pytest.mark.parametrize(
    "body", [b"5 a=", b"99 path=x\n", b"x path=y\n", b"9 path=xy\n", b"6 abc\n"]
)
def test_malformed_pax_records_are_an_error(body: bytes) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, len(body)
    data = info.tobuf(tarfile.USTAR_FORMAT) + body.ljust(512, b"\0") + tar(file("a"))
    with pytest.raises(InvalidLayer):
        members(data)


def test_an_endless_extended_header_is_refused() -> None:
    """Its size is memory; docker's reader refuses at the same size."""
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 2**30
    with pytest.raises(InvalidLayer, match="extended header"):
        members(info.tobuf(tarfile.USTAR_FORMAT))


def test_a_nul_in_a_pax_name_is_refused() -> None:
    with pytest.raises(InvalidLayer, match="NUL"):
        members(tar(M("x", pax=(("path", "a\0b"),))))


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(InvalidLayer, match="unknown type"):
        members(tar(M("x", type=b"M")))


def test_a_volume_label_is_skipped() -> None:
    assert [m.name for m in members(tar(M("x", type=b"V"), file("a")))] == ["a"]


def _sparse_file(directory: Path) -> bytes:
    path = directory / "sparse"
    with path.open("wb") as stream:
        for start in range(40):
            stream.seek(start * 100_000)
            stream.write(os.urandom(5000))
        stream.truncate(5_000_000)
    return path.read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        ["--format=gnu"],
        ["--format=posix", "--sparse-version=0.0"],
        ["--format=posix", "--sparse-version=0.1"],
        ["--format=posix", "--sparse-version=1.0"],
    ],
    ids=["gnu", "0.0", "0.1", "1.0"],
)
def test_sparse_files_of_gnu_tar_are_read_with_their_holes(
    tmp_path: Path, options: list[str]
) -> None:
    data = _sparse_file(tmp_path)
    (tmp_path / "z").write_bytes(b"after")
    command = ["tar", "-cS", *options, "-C", str(tmp_path), "sparse", "z"]
    archive = subprocess.run(command, check=True, capture_output=True).stdout
    assert len(archive) < 1_000_000
    reader = TarReader(in_chunks(archive, 4096))
    found = {}
    for member in reader:
        digest = hashlib.sha256()
        for piece in reader.content():
            digest.update(piece)
        found[member.name] = (member.size, digest.hexdigest())
    assert found == {
        "sparse": (5_000_000, hashlib.sha256(data).hexdigest()),
        "z": (5, hashlib.sha256(b"after").hexdigest()),
    }


@pytest.mark.parametrize("text", ["5,1,0,1", "0,20", "0,-1", "x,1", "3", "0,2"])
def test_a_malformed_sparse_map_is_refused(text: str) -> None:
    pax = (("GNU.sparse.size", "10"), ("GNU.sparse.map", text))
    with pytest.raises(InvalidLayer, match="sparse"):
        members(tar(M("f", data=b"x", pax=pax)))


@given(st.binary(min_size=512, max_size=2048))
def test_random_bytes_end_in_an_answer_or_an_invalid_layer(data: bytes) -> None:
    try:
        members(data)
    except InvalidLayer as error:
        assert error.message  # noqa: PT017 - either outcome is right


@given(st.integers(0, 1535), st.integers(0, 255))
def test_a_damaged_archive_ends_in_an_answer_or_an_invalid_layer(
    position: int, value: int
) -> None:
    data = bytearray(tar(M("f", data=b"abc", pax=(("mtime", "1.5"),))))
    data[position] = value
    try:
        contents(bytes(data))
    except InvalidLayer as error:
        assert error.message  # noqa: PT017 - either outcome is right
