"""Overlay mounts: the probe, odd paths, mount points inside a root."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.filesystem.directory_root import DirectoryRoots
from adapters.filesystem.mounts import mount, mount_overlay, overlay_works, unmount
from adapters.filesystem.overlay_root import OverlayRoots
from application.errors import FilesystemError
from domain.snapshot.tree import FileTree
from tests.support.archives import directory, file, layer

pytestmark = pytest.mark.usefixtures("own_mounts")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    mount("tmpfs", str(place), "tmpfs", "size=256k")
    yield place
    unmount(str(place))


def test_the_probe_says_yes_and_leaves_nothing_behind(tmp_path: Path) -> None:
    assert overlay_works(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_the_probe_says_no_on_top_of_an_overlay(tmp_path: Path) -> None:
    names = [tmp_path / name for name in ("lower", "upper", "work", "merged")]
    for path in names:
        path.mkdir()
    lower, upper, work, merged = map(str, names)
    mount_overlay(lower, upper, work, merged)
    try:
        assert not overlay_works(merged)
        assert list(Path(merged).iterdir()) == []
    finally:
        unmount(merged)


def test_nothing_of_a_root_is_synced_to_the_disk(tmp_path: Path) -> None:
    """A kernel from 5.10 on is told so; an older one would do it all the same."""
    root = OverlayRoots(str(tmp_path)).create("stage-0")
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    own = next(line for line in mounts if line.split()[4] == root.path)
    root.discard()
    assert {"volatile", "fsync=volatile"} & set(own.split()[-1].split(","))


def test_the_probe_says_no_where_nothing_can_be_written(tmp_path: Path) -> None:
    assert not overlay_works(str(tmp_path / "absent"))


def test_options_longer_than_the_kernel_takes_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long"):
        mount("x", str(tmp_path), "tmpfs", "x" * 5000)


@pytest.mark.parametrize("name", ["a:b", "a,b", "a\\b", "a b", "caf\udce9"])
def test_odd_names_of_work_directories_are_mounted(tmp_path: Path, name: str) -> None:
    root = OverlayRoots(str(tmp_path / name)).create("stage-0")
    made = layer(file("f", b"x"))
    root.extract(made.open(), "", made.diff_id)
    assert Path(root.path, "f").read_bytes() == b"x"
    root.discard()


def test_a_mount_point_in_a_root_is_left_out(tmp_path: Path) -> None:
    root = DirectoryRoots(str(tmp_path)).create("stage-0")
    made = layer(directory("data"), file("data/x"), file("etc/mounted", b"1"))
    tree = FileTree.empty().apply(root.extract(made.open(), "", made.diff_id))
    source = tmp_path / "source"
    source.write_bytes(b"other")
    data, mounted = f"{root.path}/data", f"{root.path}/etc/mounted"
    mount("tmpfs", data, "tmpfs", "")
    mount_bind(str(source), mounted)
    try:
        Path(data, "new").write_bytes(b"")
        assert root.changes(tree).is_empty
    finally:
        unmount(mounted)
        unmount(data)
    assert root.changes(tree).is_empty
    root.discard()


def mount_bind(source: str, target: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = (source.encode(), target.encode(), None, ctypes.c_ulong(4096), None)
    assert libc.mount(*arguments) == 0


def test_a_full_disk_is_an_error_with_a_remedy(small_disk: Path) -> None:
    root = DirectoryRoots(str(small_disk)).create("stage-0")
    made = layer(file("big", b"x" * 500_000))
    with pytest.raises(FilesystemError, match="No space left") as caught:
        root.extract(made.open(), "", made.diff_id)
    assert caught.value.hint
    root.discard()


def test_a_disk_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FilesystemError, match="cannot make a root"):
        DirectoryRoots(str(tmp_path / "file")).create("stage-0")
