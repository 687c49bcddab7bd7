"""What every `Archives` does."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.memory.archives import MemoryArchives
from adapters.storage.unpacked_archives import UnpackedArchives
from application.ports.archives import Archives
from domain.errors import InvalidLayer
from domain.snapshot.entry import FileType
from domain.snapshot.layer_plan import PlannedEntry, StoredContent
from tests.support.archives import M, directory, file, hard_link, symlink, tar

KINDS: dict[str, Callable[[Path], Archives]] = {
    "memory": lambda path: MemoryArchives(),
    "unpacked": lambda path: UnpackedArchives(path / "archives"),
}


@pytest.fixture(params=KINDS)
def archives(request: pytest.FixtureRequest, tmp_path: Path) -> Archives:
    return KINDS[request.param](tmp_path)


def unpacked(archives: Archives, *members: M) -> dict[str, PlannedEntry]:
    rows = archives.unpack(io.BytesIO(tar(*members)), "archive:1")
    assert rows is not None
    return {row.entry.path: row for row in rows}


def read(archives: Archives, row: PlannedEntry) -> bytes:
    assert isinstance(row.content, StoredContent)
    with archives.open_file(row.content) as stream:
        return stream.read()


def test_members_keep_what_the_archive_says(archives: Archives) -> None:
    rows = unpacked(
        archives,
        directory("d", 0o750, uid=10, gid=20),
        file("d/f", b"content", 0o4755, uid=3, mtime=1_500_000_777),
        symlink("d/l", "f"),
    )
    made, kept, link = rows["d"].entry, rows["d/f"].entry, rows["d/l"].entry
    assert (made.type, made.mode, made.uid, made.gid) == (
        FileType.DIRECTORY,
        *(0o750, 10, 20),
    )
    assert (kept.mode, kept.uid, kept.size) == (0o4755, 3, 7)
    assert kept.mtime_ns == 1_500_000_777 * 10**9
    assert (link.type, link.link_target) == (FileType.SYMLINK, "f")
    assert read(archives, rows["d/f"]) == b"content"


def test_contents_have_the_origin_that_was_given(archives: Archives) -> None:
    content = unpacked(archives, file("f", b"1"))["f"].content
    assert isinstance(content, StoredContent)
    assert content.origin == "archive:1"


def test_contents_of_two_archives_stay_apart(archives: Archives) -> None:
    first = archives.unpack(io.BytesIO(tar(file("f", b"1"))), "archive:1")
    second = archives.unpack(io.BytesIO(tar(file("f", b"2"))), "archive:2")
    assert first is not None
    assert second is not None
    assert [read(archives, rows[0]) for rows in (first, second)] == [b"1", b"2"]


def test_compressed_archives_are_recognised_by_content(archives: Archives) -> None:
    data = gzip.compress(tar(file("f", b"1")))
    rows = archives.unpack(io.BytesIO(data), "archive:1")
    assert rows is not None
    assert rows[0].entry.path == "f"


@pytest.mark.parametrize(
    "data",
    [b"", b"plain text", gzip.compress(b"no archive"), b"x" * 2000],
    ids=["empty", "text", "compressed text", "long text"],
)
def test_what_is_no_archive_is_none(archives: Archives, data: bytes) -> None:
    assert archives.unpack(io.BytesIO(data), "archive:1") is None


def test_names_are_clamped_to_the_root(archives: Archives) -> None:
    names = [file("../../evil"), file("/abs"), file("./a/../b"), directory("./")]
    assert set(unpacked(archives, *names)) == {"evil", "abs", "b", ""}


def test_hard_links_share_a_group(archives: Archives) -> None:
    rows = unpacked(
        archives, file("f", b"1"), hard_link("g", "./f"), file("other", b"2")
    )
    assert rows["f"].entry.link_group == rows["g"].entry.link_group != ""
    assert rows["other"].entry.link_group == ""
    assert rows["g"].entry.size == 1


def test_a_hard_link_to_nothing_is_damage(archives: Archives) -> None:
    with pytest.raises(InvalidLayer, match="which is not in the archive"):
        unpacked(archives, file("f"), hard_link("g", "nothing"))
