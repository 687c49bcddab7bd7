"""What only a real disk shows: modes, holes, sockets, clocks, descriptors."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from adapters.filesystem.directory_root import DirectoryRoot, DirectoryRoots
from adapters.filesystem.handles import Handles, remove_tree
from adapters.filesystem.stamps import Stamps
from adapters.filesystem.umask import umask_zero
from application.errors import FilesystemError
from application.ports.filesystem import RootFilesystem
from domain.snapshot.exclusion import Exclusions
from domain.snapshot.index import LayerIndex
from domain.snapshot.tree import FileTree
from tests.support.archives import M, directory, file, layer, symlink
from tests.support.descriptors import no_descriptor_left_open


def extract(root: RootFilesystem, *members: M) -> FileTree:
    made = layer(*members)
    return FileTree.empty().apply(root.extract(made.open(), "", made.diff_id))


def test_modes_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        root = DirectoryRoots(str(tmp_path)).create("stage-0")
        extract(root, file("f", mode=0o666), directory("d", 0o777), file("made/f"))
        modes = [
            os.stat(f"{root.path}/{n}").st_mode & 0o7777  # noqa: PTH116 - names
            for n in ("", "f", "d", "made")
        ]
        assert modes == [0o755, 0o666, 0o777, 0o755]
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(old)


def test_the_umask_comes_back_when_the_last_thread_leaves() -> None:
    old = os.umask(0o027)
    with umask_zero():
        with umask_zero():
            pass
        assert os.umask(0) == 0
    assert os.umask(old) == 0o027


def test_holes_of_sparse_files_stay_holes(root: RootFilesystem) -> None:
    size = 64 << 20
    pax = (
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.realsize", str(size)),
    )
    sparse_map = f"1\n{size - 4}\n4\n".encode().ljust(512, b"\0")
    tree = extract(root, M("f", data=sparse_map + b"tail", pax=pax))
    now = Path(root.path, "f").stat()
    assert now.st_size == size
    assert now.st_blocks * 512 < size // 2
    with Path(root.path, "f").open("rb") as stream:
        stream.seek(-6, os.SEEK_END)
        assert stream.read() == b"\0\0tail"
    row = tree.get("f")
    assert row is not None
    assert row.size == size
    assert root.changes(tree).is_empty


def test_sockets_are_left_out(root: RootFilesystem) -> None:
    tree = extract(root, file("f"))
    Path(root.path, "f").unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        fd = os.open(root.path, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{fd}/f")
        os.close(fd)
        rows = root.changes(tree).rows
    assert len(rows) == 1  # the file is gone
    assert root.changes(tree.apply(LayerIndex(whiteouts=("f",)))).is_empty


def test_symlinks_get_owner_and_time(root: RootFilesystem) -> None:
    tree = extract(root, symlink("s", "nowhere")._replace(uid=5, gid=6))
    now = Path(root.path, "s").lstat()
    assert (now.st_uid, now.st_gid) == (5, 6)
    assert now.st_mtime_ns == 1_500_000_000 * 10**9
    assert root.changes(tree).is_empty


def test_no_descriptors_are_left_open(root: RootFilesystem) -> None:
    with no_descriptor_left_open():
        tree = extract(root, file("a/b/c", b"x"), symlink("s", "a"))
        root.changes(tree)
        root.open("a/b/c").close()


def test_a_write_right_after_a_stamp_gets_a_later_time(tmp_path: Path) -> None:
    stamps = Stamps()
    path = tmp_path / "f"
    path.write_bytes(b"1")
    stamps.note("f", path.lstat())
    stamps.settle()
    assert time.clock_gettime_ns(5) > path.lstat().st_ctime_ns
    assert stamps.is_kept("f", path.lstat())
    path.write_bytes(b"2")
    assert not stamps.is_kept("f", path.lstat())


def test_deeply_nested_directories_are_walked_and_removed(tmp_path: Path) -> None:
    root = DirectoryRoot(str(tmp_path), Exclusions())
    deep = "/".join(["d"] * 600)
    tree = extract(root, file(f"{deep}/f"))
    assert root.changes(tree).is_empty
    with Handles(str(tmp_path)) as handles:
        directory_fd = handles.find("")
        assert directory_fd is not None
        remove_tree("d", directory_fd)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["..", "a/..", "a/../b", ".", "a//b"])
def test_handles_open_nothing_but_names(tmp_path: Path, path: str) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    with Handles(str(tmp_path)) as handles, pytest.raises(OSError, match="not a path"):
        handles.find(path)


def test_a_directory_of_a_later_layer_loses_the_attributes_of_the_earlier(
    root: RootFilesystem,
) -> None:
    with_attribute = directory("d")._replace(pax=(("SCHILY.xattr.user.a", "1"),))
    tree = extract(root, with_attribute, file("d/f"))
    assert os.listxattr(Path(root.path, "d")) == ["user.a"]
    made = layer(directory("d"))
    tree = tree.apply(root.extract(made.open(), "", made.diff_id))
    assert os.listxattr(Path(root.path, "d")) == []
    Path(root.path, "d").chmod(0o700)
    assert len(root.changes(tree).rows) == 1


def test_a_walk_that_takes_too_long_is_told(tmp_path: Path) -> None:
    slow = DirectoryRoots(str(tmp_path), timeout=-1.0).create("slow")
    tree = extract(slow, file("a", b""))
    with pytest.raises(FilesystemError) as caught:
        slow.changes(tree)
    assert "SNAPSHOT_TIMEOUT_DURATION" in (caught.value.hint or "")
