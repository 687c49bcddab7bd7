"""ADD: which sources are unpacked, and how their contents get into the layer."""

from __future__ import annotations

import pytest

from adapters.memory.context import MemoryBuildContext
from domain.image.digest import Digest
from domain.snapshot.entry import FileEntry, FileType
from tests.support.archives import directory, file, hard_link, tar
from tests.support.memory_build import MemoryBuild, writes

ARCHIVE = tar(
    directory("t", 0o750, uid=10, gid=20),
    file("t/f", b"packed", 0o640, uid=10, gid=20),
    hard_link("t/h", "t/f"),
)
FILES = {"a.tar": ARCHIVE, "plain": b"plain", "d/b.tar": ARCHIVE}


def rows(text: str, context: MemoryBuildContext | None = None) -> list[str]:
    build = MemoryBuild(f"FROM base\n{text}", context=context or FILES)
    build.run()
    (made,) = build.new_rows()
    return made


UNPACKED = [
    "d 0755 0:0 x",
    "d 0750 10:20 x/t",
    "f 0640 10:20 x/t/f &",
    "f 0640 10:20 x/t/h &",
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ADD a.tar /x", UNPACKED),
        ("ADD *.tar /x/", UNPACKED),
        ("ADD --unpack=true a.tar /x", UNPACKED),
        ("ADD --unpack=false a.tar /x", ["f 0644 0:0 x"]),
        ("COPY a.tar /x", ["f 0644 0:0 x"]),
        ("ADD plain /x", ["f 0644 0:0 x"]),
        ("ADD d /x", ["d 0755 0:0 x", "f 0644 0:0 x/b.tar"]),
        ("ADD a.tar plain /x/", [*UNPACKED[:1], "f 0644 0:0 x/plain", *UNPACKED[1:]]),
        ("ADD --link a.tar /x", UNPACKED),
    ],
)
def test_what_is_unpacked(text: str, expected: list[str]) -> None:
    assert rows(text) == expected


def test_a_symlink_to_an_archive_is_unpacked() -> None:
    link = FileEntry("link", FileType.SYMLINK, link_target="a.tar")
    assert rows("ADD link /x", MemoryBuildContext(FILES, [link])) == UNPACKED


def test_contents_come_out_of_the_archive() -> None:
    build = MemoryBuild("FROM base\nADD a.tar /x", context=FILES)
    build.run()
    for name in ("x/t/f", "x/t/h"):
        entry = build.tree().get(name)
        assert entry is not None
        assert entry.sha256 == Digest.of(b"packed").hex


def test_an_archive_is_unpacked_into_the_root_that_a_run_sees() -> None:
    text = "FROM base\nADD a.tar /x\nRUN touch"
    build = MemoryBuild(text, context=FILES, commands={"touch": writes("x/t/new")})
    build.run()
    assert build.new_rows() == [
        UNPACKED,
        ["d 0755 0:0 x", "d 0750 10:20 x/t", "f 0644 0:0 x/t/new"],
    ]


def test_what_shall_not_be_unpacked_is_not_looked_into() -> None:
    text = "FROM base\nADD --unpack=false a.tar /x\nADD d /d"
    build = MemoryBuild(text, context=FILES)
    build.run()
    assert build.archives.read == []


@pytest.mark.parametrize("name", ["foo.git", "github.com", "a@b"])
def test_names_that_only_look_remote_are_files(name: str) -> None:
    assert rows(f"ADD {name} /x", MemoryBuildContext({name: b"1"})) == ["f 0644 0:0 x"]
