"""What only an overlay does: copying up, opaque directories, private attributes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.filesystem.overlay_root import OverlayRoot, OverlayRoots
from domain.snapshot.tree import FileTree
from tests.support.archives import M, directory, file, hard_link, layer


@pytest.fixture
def overlay(tmp_path: Path, own_mounts: None) -> Iterator[OverlayRoot]:
    root = OverlayRoots(str(tmp_path)).create("stage-0")
    yield root
    root.discard()


def extract(root: OverlayRoot, *members: M) -> FileTree:
    made = layer(*members)
    return FileTree.empty().apply(root.extract(made.open(), "", made.diff_id))


def lower(root: OverlayRoot) -> Path:
    return Path(root.path).parent / "lower"


def test_a_copied_up_file_that_did_not_change_is_no_change(
    overlay: OverlayRoot,
) -> None:
    tree = extract(overlay, file("f", b"x", mode=0o644))
    Path(overlay.path, "f").chmod(0o600)
    Path(overlay.path, "f").chmod(0o644)
    assert (Path(overlay.path).parent / "upper" / "f").exists()
    assert overlay.changes(tree).is_empty


def test_copying_up_a_name_of_a_hard_link_is_no_change(overlay: OverlayRoot) -> None:
    """Changing the owner of busybox to what it is does not copy it 300 times."""
    tree = extract(overlay, file("a", b"x"), hard_link("b", "a"))
    os.chown(f"{overlay.path}/b", 0, 0)
    assert (Path(overlay.path).parent / "upper" / "b").exists()
    assert overlay.changes(tree).is_empty


def test_attributes_of_the_overlay_stay_in_its_upper_directory(
    overlay: OverlayRoot,
) -> None:
    tree = extract(overlay, directory("d/e"), file("d/e/f"), file("d/g"))
    merged = Path(overlay.path, "d/e")
    (merged / "f").unlink()
    merged.rmdir()
    merged.mkdir()
    (merged / "new").write_bytes(b"")
    rows = overlay.changes(tree).rows
    assert len(rows) == 4  # d, d/e, the whiteout of d/e/f, d/e/new
    for path in ("d", "d/e", "d/e/new"):
        assert os.listxattr(lower(overlay) / path) == []
        assert os.listxattr(Path(overlay.path, path)) == []


def test_times_of_directories_survive_the_fold(overlay: OverlayRoot) -> None:
    tree = extract(overlay, directory("old"), file("old/f"))
    for path in ("old", "new", "new/inner"):
        Path(overlay.path, path).mkdir(exist_ok=True)
        Path(overlay.path, path, "x").write_bytes(b"")
    for path in ("new/inner", "new", "old"):
        os.utime(Path(overlay.path, path), ns=(5, 5))
    overlay.changes(tree)
    for path in ("new/inner", "new", "old"):
        assert Path(overlay.path, path).stat().st_mtime_ns == 5


def test_a_root_that_is_still_in_use_can_be_looked_at(overlay: OverlayRoot) -> None:
    tree = extract(overlay, file("f", b"x"))
    with Path(overlay.path, "f").open("ab") as stream:
        stream.write(b"y")
        stream.flush()
        assert len(overlay.changes(tree).rows) == 1
    assert Path(overlay.path, "f").read_bytes() == b"xy"


def test_the_root_directory_keeps_its_mode_and_owner(overlay: OverlayRoot) -> None:
    tree = extract(overlay, directory("./", 0o711, uid=3))
    now = Path(overlay.path).stat()
    assert (now.st_mode & 0o7777, now.st_uid) == (0o711, 3)
    assert overlay.changes(tree).is_empty
