"""What the disk refuses to make stays in the model and is no deletion."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from adapters.archive.compression import Codec
from adapters.archive.layer_writer import write_layer
from adapters.filesystem.directory_root import DirectoryRoot
from application.ports.filesystem import RootFilesystem
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.layer_plan import LayerPlan, PlannedEntry, PlannedWhiteout
from domain.snapshot.tree import FileTree
from tests.support.archives import M, directory, file, hard_link, layer
from tests.support.privileges import (
    CAP_CHOWN,
    CAP_MKNOD,
    CAP_SETFCAP,
    without_capability,
)

CAPABILITY = "\x01\0\0\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
DEVICES = [
    directory("devices"),
    M("devices/null", tarfile.CHRTYPE, device=(1, 3)),
    M("devices/disk", tarfile.BLKTYPE, device=(8, 0)),
    hard_link("devices/null2", "devices/null"),
    file("f", b"x"),
]


def extract(root: RootFilesystem, *members: M) -> FileTree:
    made = layer(*members)
    return FileTree.empty().apply(root.extract(made.open(), "", made.diff_id))


def rows(plan: LayerPlan) -> dict[str, FileEntry | None]:
    """Return the rows by path, None for whiteouts."""
    return {
        row.path if isinstance(row, PlannedWhiteout) else row.entry.path: None
        if isinstance(row, PlannedWhiteout)
        else row.entry
        for row in plan.rows
    }


def after(root: RootFilesystem, before: FileTree, plan: LayerPlan) -> FileTree:
    written = write_layer(
        plan,
        lambda content: root.open(content.path),
        io.BytesIO(),
        codec=Codec(),
        layer_time_ns=lambda mtime_ns: mtime_ns,
    )
    return before.apply(written.index)


@pytest.fixture
def devices(root: RootFilesystem) -> FileTree:
    """The model of a root whose device nodes could not be made."""
    with without_capability(CAP_MKNOD):
        tree = extract(root, *DEVICES)
    assert list(Path(root.path, "devices").iterdir()) == []
    return tree


def test_device_nodes_that_cannot_be_made_are_no_deletions(
    root: RootFilesystem, devices: FileTree
) -> None:
    assert root.changes(devices).is_empty
    Path(root.path, "devices/new").write_bytes(b"")
    assert list(rows(root.changes(devices))) == ["devices", "devices/new"]
    assert "devices/null" in devices


def test_a_file_that_appears_in_their_place_is_a_change(
    root: RootFilesystem, devices: FileTree
) -> None:
    Path(root.path, "devices/null").write_bytes(b"")
    row = rows(root.changes(devices))["devices/null"]
    assert row is not None
    assert row.type is FileType.FILE


def test_what_appeared_in_their_place_may_go_again(
    root: RootFilesystem, devices: FileTree
) -> None:
    path = Path(root.path, "devices/null")
    path.write_bytes(b"")
    tree = after(root, devices, root.changes(devices))
    path.unlink()
    plan = rows(root.changes(tree))
    assert list(plan) == ["devices", "devices/null"]
    assert plan["devices/null"] is None


def test_they_go_with_their_directory(root: RootFilesystem, devices: FileTree) -> None:
    Path(root.path, "devices").rmdir()
    assert rows(root.changes(devices)) == {"devices": None}


def test_they_go_when_their_directory_is_made_anew(
    root: RootFilesystem, devices: FileTree
) -> None:
    path = Path(root.path, "devices")
    if isinstance(root, DirectoryRoot):
        path.rename(path.with_name("kept"))  # else its inode might be used again
    else:
        path.rmdir()
    path.mkdir()
    plan = root.changes(devices)
    gone = [row.path for row in plan.rows if isinstance(row, PlannedWhiteout)]
    assert gone == ["devices/disk", "devices/null", "devices/null2"]


def test_a_planned_device_node_is_not_on_disk_either(root: RootFilesystem) -> None:
    entry = FileEntry("null", FileType.CHARACTER_DEVICE, 0o666, device=(1, 3))
    plan = LayerPlan((PlannedEntry(entry),))
    with without_capability(CAP_MKNOD):
        root.apply(plan, lambda content: io.BytesIO())
    tree = after(root, FileTree.empty(), plan)
    assert tree.get("null") == entry
    assert root.changes(tree).is_empty


def test_device_nodes_are_made_where_that_is_allowed(root: RootFilesystem) -> None:
    tree = extract(root, *DEVICES)
    assert Path(root.path, "devices/null").is_char_device()
    assert Path(root.path, "devices/disk").is_block_device()
    assert root.changes(tree).is_empty


OWNED = [
    directory("d", uid=5, gid=6),
    file("d/f", b"x", 0o4755, uid=7),
    file("other", b"y", uid=7),
]


def test_an_owner_that_cannot_be_set_is_no_change(root: RootFilesystem) -> None:
    with without_capability(CAP_CHOWN):
        tree = extract(root, *OWNED)
    assert Path(root.path, "d/f").stat().st_uid == 0
    Path(root.path, "d/new").write_bytes(b"")
    plan = rows(root.changes(tree))
    assert list(plan) == ["d", "d/new"]
    assert plan["d"] is not None
    assert (plan["d"].uid, plan["d"].gid) == (5, 6)


def test_a_file_keeps_the_owner_of_the_model_when_its_content_changes(
    root: RootFilesystem,
) -> None:
    with without_capability(CAP_CHOWN):
        tree = extract(root, *OWNED)
    with Path(root.path, "other").open("ab") as stream:
        stream.write(b"more")
    row = rows(root.changes(tree))["other"]
    assert row is not None
    assert (row.uid, row.size) == (7, 5)


CAPABLE = M(
    "ping",
    data=b"binary",
    mode=0o755,
    pax=(("SCHILY.xattr.security.capability", CAPABILITY),),
)


def test_file_capabilities_are_set_after_the_owner(root: RootFilesystem) -> None:
    tree = extract(root, CAPABLE._replace(uid=3))
    row = tree.get("ping")
    assert row is not None
    assert row.xattrs
    assert root.changes(tree).is_empty


def test_capabilities_that_cannot_be_set_are_no_change(root: RootFilesystem) -> None:
    with without_capability(CAP_SETFCAP):
        tree = extract(root, CAPABLE)
    Path(root.path, "ping").chmod(0o700)
    row = rows(root.changes(tree))["ping"]
    assert row is not None
    assert row.mode == 0o700
    assert [name for name, _ in row.xattrs] == ["security.capability"]


def test_a_new_file_does_not_inherit_what_could_not_be_set(
    root: RootFilesystem,
) -> None:
    with without_capability(CAP_SETFCAP):
        tree = extract(root, CAPABLE)
    Path(root.path, "ping").unlink()
    Path(root.path, "ping").write_bytes(b"another program")
    row = rows(root.changes(tree))["ping"]
    assert row is not None
    assert row.xattrs == ()


def test_a_damaged_attribute_stays_in_the_model(root: RootFilesystem) -> None:
    pax = (("SCHILY.xattr.security.capability", "damaged"),)
    tree = extract(root, M("f", pax=pax))
    assert root.changes(tree).is_empty
    row = tree.get("f")
    assert row is not None
    assert row.xattrs == (("security.capability", b"damaged"),)
