"""`--snapshot-mode` on file systems whose ctime is trusted, and where it is not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.filesystem.comparison import (
    Comparison,
    choose_comparison,
    trusts_ctime,
)
from adapters.filesystem.directory_root import DirectoryRoot, DirectoryRoots
from adapters.filesystem.stamps import Stamps
from application.options import SnapshotMode
from domain.snapshot.exclusion import Exclusions
from domain.snapshot.layer_plan import LayerPlan, PlannedWhiteout
from domain.snapshot.tree import FileTree
from tests.support.archives import directory, file, hard_link, layer, symlink

TIME = 1_500_000_000 * 10**9
"""The time of every member of a test layer."""


class RootWithoutCtime(DirectoryRoot):
    """A root on a file system that moves no ctime when a file changes."""

    def know(self, path: str) -> None:
        """Take what is on disk for what the disk made of the model."""
        self._stamps.note(path, Path(self.path, path).lstat())

    def hide_ctimes(self, inodes_later: int = 0) -> None:
        """Have the ctimes and inodes that are on disk now be those known."""
        for path in list(self._stamps):
            target = Path(self.path, path)
            old = self._stamps.get(path)
            if old is None or not os.path.lexists(target):
                continue
            now = target.lstat()
            inode = now.st_ino + inodes_later
            fields = (old.mode, inode, old.device, old.links, old.uid, old.gid)
            times = {
                "st_mtime_ns": old.mtime_ns,
                "st_ctime_ns": now.st_ctime_ns,
                "st_rdev": old.special,
            }
            seen = os.stat_result((*fields, old.size, 0, 0, 0), times)
            self._stamps.note(path, seen)


def rewrite(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    os.utime(path, ns=(TIME, TIME))


def replace_by_symlink(path: Path) -> None:
    path.unlink()
    path.symlink_to("elsewhere")
    os.utime(path, ns=(TIME, TIME), follow_symlinks=False)


DEEDS: dict[str, Callable[[Path], object]] = {
    "content": lambda path: rewrite(path, b"2"),
    "size": lambda path: rewrite(path, b"22"),
    "xattrs": lambda path: os.setxattr(path, "user.a", b"1"),
    "mode": lambda path: path.chmod(0o600),
    "owner": lambda path: os.chown(path, 7, 7),
    "time": lambda path: os.utime(path, ns=(0, 0)),
    "existence": lambda path: path.unlink(),
    "type": replace_by_symlink,
}
"""What may become other; whatever it is, the time is put back but for "time"."""

FOUND = {
    Comparison.CONTENTS: set(DEEDS),
    Comparison.STAT: set(DEEDS) - {"content", "xattrs"},
    Comparison.TIME: {"time", "existence", "type"},
}


def extracted(root: DirectoryRoot) -> FileTree:
    base = layer(
        file("f", b"1"),
        file("linked", b"1"),
        hard_link("name", "linked"),
        file("unchanged", b"1"),
        symlink("s", "f"),
    )
    return FileTree.empty().apply(root.extract(base.open(), "", base.diff_id))


def paths(plan: LayerPlan) -> list[str]:
    return [
        row.path if isinstance(row, PlannedWhiteout) else row.entry.path
        for row in plan.rows
    ]


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("comparison", FOUND)
def test_what_is_found_where_the_ctime_tells_nothing(
    comparison: Comparison, deed: str, tmp_path: Path
) -> None:
    root = RootWithoutCtime(str(tmp_path), Exclusions(), comparison=comparison)
    tree = extracted(root)
    DEEDS[deed](tmp_path / "f")
    root.hide_ctimes()
    is_found = deed in FOUND[comparison]
    assert paths(root.changes(tree)) == (["f"] if is_found else [])


@pytest.mark.parametrize("mode", SnapshotMode)
@pytest.mark.parametrize("deed", DEEDS)
def test_every_mode_finds_everything_where_the_ctime_is_trusted(
    mode: SnapshotMode, deed: str, tmp_path: Path
) -> None:
    """Also what keeps size and time, which kaniko's --use-new-run did not see."""
    roots = DirectoryRoots(str(tmp_path), mode=mode, probe=lambda _: True)
    root = roots.create("root")
    tree = extracted(root)
    DEEDS[deed](tmp_path / "root/f")
    assert paths(root.changes(tree)) == ["f"]


@pytest.mark.parametrize("mode", [SnapshotMode.REDO, SnapshotMode.TIME])
def test_a_ctime_that_jumps_has_no_content_read(
    mode: SnapshotMode, tmp_path: Path
) -> None:
    roots = DirectoryRoots(str(tmp_path), mode=mode, probe=lambda _: False)
    root = roots.create("root")
    tree = extracted(root)
    rewrite(tmp_path / "root/f", b"2")  # seen only by who reads it
    assert paths(root.changes(tree)) == []


def test_what_was_overlooked_is_in_the_layer_as_soon_as_its_time_changes(
    tmp_path: Path,
) -> None:
    roots = DirectoryRoots(str(tmp_path), mode=SnapshotMode.TIME, probe=lambda _: False)
    root = roots.create("root")
    tree = extracted(root)
    (tmp_path / "root/f").chmod(0o600)
    assert root.changes(tree).is_empty
    os.utime(tmp_path / "root/f", ns=(0, 0))
    (row,) = root.changes(tree).rows
    assert not isinstance(row, PlannedWhiteout)
    assert row.entry.mode == 0o600


def test_contents_are_compared_for_good(tmp_path: Path) -> None:
    """What was found once is known then; links and symlinks stay unchanged."""
    root = RootWithoutCtime(str(tmp_path), Exclusions(), comparison=Comparison.CONTENTS)
    tree = extracted(root)
    assert root.changes(tree).is_empty
    rewrite(tmp_path / "linked", b"2")
    root.hide_ctimes()
    assert paths(root.changes(tree)) == ["linked", "name"]


@pytest.mark.parametrize("comparison", FOUND)
def test_inodes_that_are_given_anew_are_no_change(
    comparison: Comparison, tmp_path: Path
) -> None:
    """Not of hard links either, whose names look like files of their own then."""
    root = RootWithoutCtime(str(tmp_path), Exclusions(), comparison=comparison)
    tree = extracted(root)
    (tmp_path / "name").unlink()
    rewrite(tmp_path / "name", b"1")
    root.hide_ctimes(inodes_later=1000)
    assert root.changes(tree).is_empty


def test_what_the_disk_refused_outlasts_new_inodes(tmp_path: Path) -> None:
    root = RootWithoutCtime(str(tmp_path), Exclusions(), comparison=Comparison.STAT)
    base = layer(directory("d"), file("d/f", b"1", uid=5))
    tree = FileTree.empty().apply(root.extract(base.open(), "", base.diff_id))
    os.chown(tmp_path / "d" / "f", 0, 0)
    root.know("d/f")
    root.hide_ctimes(inodes_later=1000)
    (tmp_path / "d" / "f").chmod(0o600)
    (_, row) = root.changes(tree).rows
    assert not isinstance(row, PlannedWhiteout)
    assert (row.entry.mode, row.entry.uid) == (0o600, 5)


def test_stamps_do_where_the_ctime_is_trusted() -> None:
    chosen = {
        (mode, trusts): choose_comparison(mode, trusts_ctime=trusts)
        for mode in SnapshotMode
        for trusts in (True, False)
    }
    assert {chosen[mode, True] for mode in SnapshotMode} == {Comparison.STAMPS}
    assert chosen[SnapshotMode.FULL, False] is Comparison.CONTENTS
    assert chosen[SnapshotMode.REDO, False] is Comparison.STAT
    assert chosen[SnapshotMode.TIME, False] is Comparison.TIME


def test_disks_are_trusted_and_what_is_unknown_is_not() -> None:
    assert trusts_ctime("/dev/shm")
    assert not trusts_ctime("/proc")
    assert not trusts_ctime("/does/not/exist")


def test_a_clock_that_is_ahead_is_not_waited_for() -> None:
    stamps = Stamps()
    times = {"st_ctime_ns": 4_000_000_000 * 10**9, "st_mtime_ns": 0, "st_rdev": 0}
    stamps.note("f", os.stat_result((0,) * 10, times))
    stamps.settle()  # would not come back
