"""What an ignore file leaves of the context."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from adapters.memory.context import MemoryBuildContext
from application.context_tree import read_context_tree
from domain.dockerfile.ignore import IgnoreRules
from domain.snapshot.entry import FileEntry, FileType

FILES = dict.fromkeys(
    [
        ".dockerignore",
        "Dockerfile",
        "a.log",
        "keep.log",
        "d/a.log",
        "d/f",
        "d/e/a.log",
        "d/e/f",
        "node_modules/x/y",
        "node_modules/keep/z",
    ],
    b"",
)


class WatchedContext(MemoryBuildContext):
    """Remembers which directories were passed over."""

    def __init__(self, files: dict[str, bytes], rows: list[FileEntry]) -> None:
        super().__init__(files, rows)
        self.skipped: list[str] = []

    def entries(self, skips: Callable[[FileEntry], bool]) -> Iterator[FileEntry]:
        def watched(directory: FileEntry) -> bool:
            skipped = skips(directory)
            if skipped:
                self.skipped.append(directory.path)
            return skipped

        return super().entries(watched)


def files(ignore: str) -> set[str]:
    context = MemoryBuildContext(FILES)
    tree = read_context_tree(context, IgnoreRules.parse(ignore.encode()))
    return {entry.path for entry in tree if entry.type is FileType.FILE}


@pytest.mark.parametrize(
    ("ignore", "gone"),
    [
        ("", set()),
        ("*.log", {"a.log", "keep.log"}),
        ("**/*.log", {"a.log", "keep.log", "d/a.log", "d/e/a.log"}),
        ("*.log\n!keep.log", {"a.log"}),
        ("d", {"d/a.log", "d/f", "d/e/a.log", "d/e/f"}),
        ("d\n!d/e/f", {"d/a.log", "d/f", "d/e/a.log"}),
        ("node_modules\n!node_modules/keep", {"node_modules/x/y"}),
        ("Dockerfile\n.dockerignore", {"Dockerfile", ".dockerignore"}),
        ("*", set(FILES)),
        ("*\n!d/f", set(FILES) - {"d/f"}),
    ],
)
def test_files_that_are_left_out(ignore: str, gone: set[str]) -> None:
    assert set(FILES) - files(ignore) == gone


def test_an_ignored_directory_that_is_needed_keeps_its_own_mode() -> None:
    secret = FileEntry("d", FileType.DIRECTORY, 0o700)
    context = MemoryBuildContext({"d/f": b"", "d/g": b""}, [secret])
    tree = read_context_tree(context, IgnoreRules.parse(b"d\n!d/f"))
    assert tree.get("d") == secret
    assert tree.children("d") == ["f"]


def test_an_ignored_directory_that_holds_nothing_is_left_out() -> None:
    context = MemoryBuildContext({"d/e/f": b""})
    tree = read_context_tree(context, IgnoreRules.parse(b"d\n!d/none"))
    assert tree.get("d") is None


def test_directories_in_which_nothing_can_be_wanted_are_not_entered() -> None:
    context = WatchedContext(FILES, [])
    read_context_tree(context, IgnoreRules.parse(b"node_modules\nd\n!d/e"))
    assert context.skipped == ["node_modules"]
