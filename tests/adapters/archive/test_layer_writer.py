"""Making a layer of a plan: the tar, the index, contents that change."""

from __future__ import annotations

import io
from collections.abc import Container
from typing import BinaryIO

import pytest

from adapters.archive.compression import UNCOMPRESSED, Codec, decompressed
from adapters.archive.layer_reader import read_index
from adapters.archive.layer_writer import write_layer
from application.errors import FilesystemError
from application.ports.layers import OpenContent, WrittenLayer
from domain.errors import BuildRuleError
from domain.image.digest import Digest
from domain.image.media_type import (
    DOCKER_LAYER_GZIP,
    OCI_LAYER,
    OCI_LAYER_GZIP,
    OCI_LAYER_ZSTD,
    Compression,
    Vendor,
)
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.index import LayerIndex
from domain.snapshot.layer_plan import (
    LayerPlan,
    LiteralContent,
    PlannedEntry,
    PlannedRow,
    PlannedWhiteout,
    StoredContent,
)
from tests.support.archives import names, read_tar


def literal(path: str, data: bytes, group: str = "") -> PlannedEntry:
    entry = FileEntry(path, FileType.FILE, 0o644, size=len(data), link_group=group)
    return PlannedEntry(entry, LiteralContent(data))


def stored(path: str, size: int) -> PlannedEntry:
    entry = FileEntry(path, FileType.FILE, 0o644, size=size)
    return PlannedEntry(entry, StoredContent("context", path))


def nothing(content: StoredContent) -> BinaryIO:
    raise AssertionError(content)


def serving(data: bytes) -> OpenContent:
    return lambda content: io.BytesIO(data)


def write(
    *rows: PlannedRow,
    contents: OpenContent = nothing,
    codec: Codec | None = None,
    avoid: Container[Digest] = (),
) -> tuple[WrittenLayer, bytes]:
    sink = io.BytesIO()
    layer = write_layer(
        LayerPlan(rows),
        contents,
        sink,
        codec=codec or Codec(),
        layer_time_ns=lambda mtime_ns: mtime_ns + 7,
        avoid=avoid,
    )
    return layer, sink.getvalue()


def tar_of(blob: bytes) -> bytes:
    return b"".join(decompressed(io.BytesIO(blob)))


def test_the_descriptor_and_diff_id_are_those_of_the_bytes() -> None:
    layer, blob = write(literal("a", b"hello"))
    assert layer.descriptor.digest == Digest.of(blob)
    assert layer.descriptor.size == len(blob)
    assert layer.diff_id == Digest.of(tar_of(blob))


def test_the_returned_index_is_what_reading_the_blob_gives() -> None:
    rows: list[PlannedRow] = [
        PlannedEntry(FileEntry("etc", FileType.DIRECTORY)),
        literal("etc/passwd", b"root", "g"),
        PlannedEntry(
            FileEntry("etc/same", FileType.FILE, 0o644, size=4, link_group="g")
        ),
        PlannedWhiteout("gone"),
        PlannedEntry(FileEntry("s", FileType.SYMLINK, 0o777, link_target="etc")),
        PlannedEntry(FileEntry("null", FileType.CHARACTER_DEVICE, device=(1, 3))),
        literal("lone", b"x", "h"),
    ]
    layer, blob = write(*rows)
    assert _without_groups(layer.index) == _without_groups(
        read_index(io.BytesIO(blob), layer.diff_id)
    )
    assert layer.index.accounts == {"etc/passwd": b"root"}
    groups = [layer.index.entries[p].link_group for p in ("etc/passwd", "etc/same")]
    assert groups[0] == groups[1] != ""
    assert layer.index.entries["lone"].link_group == ""


def _without_groups(index: LayerIndex) -> tuple[object, ...]:
    rows = [
        e._replace(link_group=str(bool(e.link_group))) for e in index.entries.values()
    ]
    return rows, index.whiteouts, index.opaques, index.accounts, index.links


def test_hard_links_follow_the_name_that_has_the_content() -> None:
    second = PlannedEntry(FileEntry("b", FileType.FILE, 0o644, size=4, link_group="g"))
    _, blob = write(literal("a", b"data", "g"), second)
    a, b = read_tar(tar_of(blob))
    assert a.isreg()
    assert b.islnk()
    assert b.linkname == "a"


def test_whiteouts_are_empty_marker_files_beside_the_path() -> None:
    _, blob = write(PlannedWhiteout("d/x"), PlannedWhiteout("y"))
    members = read_tar(tar_of(blob))
    assert names(members) == ["d/.wh.x", ".wh.y"]
    assert [m.size for m in members] == [0, 0]


def test_times_are_those_of_the_clock_in_blob_and_index() -> None:
    layer, blob = write(literal("a", b""))
    assert layer.index.entries["a"].mtime_ns == 7
    assert read_tar(tar_of(blob))[0].pax_headers["mtime"] == "0.000000007"


@pytest.mark.parametrize(
    ("codec", "vendor", "media_type"),
    [
        (Codec(), Vendor.OCI, OCI_LAYER_GZIP),
        (Codec(), Vendor.DOCKER, DOCKER_LAYER_GZIP),
        (Codec(compression=Compression.ZSTD), Vendor.OCI, OCI_LAYER_ZSTD),
        (Codec(compression=Compression.NONE), Vendor.OCI, OCI_LAYER),
    ],
)
def test_the_media_type_names_family_and_compression(
    codec: Codec, vendor: Vendor, media_type: str
) -> None:
    layer = write_layer(
        LayerPlan(),
        nothing,
        io.BytesIO(),
        codec=codec,
        layer_time_ns=lambda mtime_ns: mtime_ns,
        vendor=vendor,
    )
    assert layer.descriptor.media_type == media_type


def test_the_same_plan_gives_the_same_blob() -> None:
    rows = [literal("a", b"x" * 3_000_000), stored("b", 2_500_000)]
    contents = serving(bytes(2_500_000))
    assert write(*rows, contents=contents) == write(*rows, contents=contents)


@pytest.mark.parametrize(
    "codec",
    [
        Codec(),
        Codec(level=6),
        Codec(reproducible=True),
        Codec(compression=Compression.ZSTD),
    ],
)
def test_the_same_content_is_other_blobs_where_some_are_to_be_avoided(
    codec: Codec,
) -> None:
    row = literal("a", b"hello")
    plain, _ = write(row, codec=codec)
    second, _ = write(row, codec=codec, avoid={plain.descriptor.digest})
    both = {plain.descriptor.digest, second.descriptor.digest}
    third, blob = write(row, codec=codec, avoid=both)
    assert third.descriptor.digest == Digest.of(blob)
    assert third.descriptor.digest not in both
    assert third.descriptor.size == len(blob)
    assert third.diff_id == plain.diff_id == Digest.of(tar_of(blob))


def test_what_is_not_compressed_is_one_blob() -> None:
    row = literal("a", b"hello")
    plain, _ = write(row, codec=UNCOMPRESSED)
    second, _ = write(row, codec=UNCOMPRESSED, avoid={plain.descriptor.digest})
    assert second == plain


def test_a_file_that_grows_is_written_with_its_planned_size() -> None:
    layer, blob = write(stored("log", 5), contents=serving(b"12345678"))
    assert layer.index.entries["log"].sha256 == Digest.of(b"12345").hex
    assert read_tar(tar_of(blob))[0].size == 5


def test_a_file_that_shrinks_is_an_error_that_names_it() -> None:
    with pytest.raises(FilesystemError, match="/var/log") as caught:
        write(stored("var/log", 9), contents=serving(b"1234"))
    assert "5 bytes shorter" in caught.value.message


def test_a_content_that_cannot_be_read_is_an_error_that_names_it() -> None:
    def refuse(content: StoredContent) -> BinaryIO:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(FilesystemError, match="secret: cannot read: Permission"):
        write(stored("secret", 9), contents=refuse)


@pytest.mark.parametrize("path", [".wh.x", "d/.wh.x", ".wh.d/x"])
def test_a_name_that_means_a_deletion_is_refused(path: str) -> None:
    with pytest.raises(BuildRuleError, match="cannot be stored"):
        write(literal(path, b""))
