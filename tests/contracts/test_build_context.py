"""What every build context does, in memory, in a directory and in an archive."""

import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from adapters.context.archive_context import ArchiveSource
from adapters.context.directory import DirectorySource
from adapters.context.local_archive import LocalArchive
from adapters.memory.context import MemoryBuildContext, MemoryContextSource
from application.errors import ContextUnavailable
from application.ports.context import BuildContext, ContextSource
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.tree import FileTree

MakeContext = Callable[[Mapping[str, bytes], Mapping[str, str]], BuildContext]
"""Makes a context of files (content by path) and symlinks (target by path)."""


def _in_memory(files: Mapping[str, bytes], links: Mapping[str, str]) -> BuildContext:
    rows = [
        FileEntry(path, FileType.SYMLINK, mode=0o777, link_target=target)
        for path, target in links.items()
    ]
    return MemoryBuildContext(files, rows)


def _on_disk(
    root: Path, files: Mapping[str, bytes], links: Mapping[str, str]
) -> BuildContext:
    root.mkdir()
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
        (root / path).chmod(0o644)
    for path, target in links.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(target)
    return DirectorySource(str(root)).fetch()


def _in_archive(
    root: Path, files: Mapping[str, bytes], links: Mapping[str, str]
) -> BuildContext:
    _on_disk(root, files, links)
    path = root.with_name("archive")
    with tarfile.open(path, "w:xz") as archive:
        archive.add(root, ".")
    root.with_name("contents").mkdir()
    return ArchiveSource(LocalArchive(str(path)), root.with_name("contents")).fetch()


@pytest.fixture(params=["memory", "directory", "archive"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> MakeContext:
    if request.param == "memory":
        return _in_memory
    if request.param == "archive":
        return lambda files, links: _in_archive(tmp_path / "context", files, links)
    return lambda files, links: _on_disk(tmp_path / "context", files, links)


def _nothing(entry: FileEntry) -> bool:
    return False


def test_rows_come_sorted_and_parents_first(make: MakeContext) -> None:
    context = make({"b/c/d": b"x", "a": b"", "b/a": b""}, {"b/link": "c"})
    rows = list(context.entries(_nothing))
    assert [row.path for row in rows] == ["", "a", "b", "b/a", "b/c", "b/c/d", "b/link"]
    assert FileTree.of(rows).is_directory("b/link")


def test_a_row_tells_type_mode_and_size(make: MakeContext) -> None:
    rows = {row.path: row for row in make({"f": b"four"}, {}).entries(_nothing)}
    assert (rows["f"].type, rows["f"].mode, rows["f"].size) == (FileType.FILE, 0o644, 4)
    assert rows[""].type is FileType.DIRECTORY


def test_symlinks_are_rows_and_not_followed(make: MakeContext) -> None:
    context = make({"d/f": b""}, {"link": "d", "out": "/etc", "loop": "loop"})
    rows = {row.path: row for row in context.entries(_nothing)}
    assert set(rows) == {"", "d", "d/f", "link", "loop", "out"}
    assert (rows["link"].link_target, rows["link"].mode) == ("d", 0o777)
    assert rows["out"].link_target == "/etc"


def test_a_directory_that_is_skipped_is_not_entered(make: MakeContext) -> None:
    asked = []

    def skips(entry: FileEntry) -> bool:
        asked.append(entry.path)
        return entry.path == "node_modules"

    context = make({"node_modules/x/y": b"", "src/f": b""}, {"l": "src"})
    assert [row.path for row in context.entries(skips)] == ["", "l", "src", "src/f"]
    assert asked == ["node_modules", "src"]


def test_a_file_is_read_from_its_beginning(make: MakeContext) -> None:
    with make({"d/f": b"content"}, {}).open("d/f") as file:
        assert file.read() == b"content"


def test_symlinks_are_followed_inside_when_opening(make: MakeContext) -> None:
    context = make({"d/f": b"content"}, {"l": "d", "d/m": "/l/f", "up": "../../d/f"})
    for path in ("l/f", "d/m", "up"):
        with context.open(path) as file:
            assert file.read() == b"content"


@pytest.mark.parametrize(
    "path", ["missing", "d", "out", "outdir/passwd", "../etc/passwd", "loop", "d/f/x"]
)
def test_what_is_no_file_of_the_context_cannot_be_opened(
    make: MakeContext, path: str
) -> None:
    links = {"out": "/etc/passwd", "outdir": "../../../../../etc", "loop": "loop"}
    context = make({"d/f": b""}, links)
    with pytest.raises(ContextUnavailable):
        context.open(path)


@pytest.fixture(params=["memory", "directory"])
def missing(request: pytest.FixtureRequest, tmp_path: Path) -> ContextSource:
    if request.param == "memory":
        return MemoryContextSource(ContextUnavailable("it does not exist"))
    return DirectorySource(str(tmp_path / "missing"))


def test_a_missing_context_is_said_so(missing: ContextSource) -> None:
    with pytest.raises(ContextUnavailable):
        missing.fetch()


def test_the_tests_run_where_a_hostile_link_would_lead() -> None:
    """Otherwise refusing /etc/passwd would show nothing."""
    assert os.access("/etc/passwd", os.R_OK)
