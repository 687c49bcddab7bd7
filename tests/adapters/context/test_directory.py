"""A local directory as the build context."""

import os
import socket
import stat
from pathlib import Path

import pytest

from adapters.context.directory import DirectorySource
from application.errors import ContextUnavailable
from domain.snapshot.entry import FileEntry, FileType

OPEN_FILES = Path("/proc/self/fd")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    directory = tmp_path / "context"
    directory.mkdir()
    return directory


def rows(root: Path, sub_path: str = "", skip: str = "-") -> dict[str, FileEntry]:
    context = DirectorySource(str(root), sub_path).fetch()
    found = context.entries(lambda entry: entry.path == skip)
    return {row.path: row for row in found}


def test_mode_owner_and_time_are_the_files_own(root: Path) -> None:
    (root / "f").write_bytes(b"x")
    os.chown(root / "f", 12, 34)
    (root / "f").chmod(0o4750)
    os.utime(root / "f", ns=(1, 1_234_567_890_123_456_789))
    row = rows(root)["f"]
    assert (row.mode, row.uid, row.gid) == (0o4750, 12, 34)
    assert row.mtime_ns == 1_234_567_890_123_456_789


def test_hard_links_share_a_group(root: Path, tmp_path: Path) -> None:
    """A name outside the context, or one that is skipped, does not count."""
    (root / "a").touch()
    (root / "d").mkdir()
    (root / "d/b").hardlink_to(root / "a")
    (root / "c").touch()
    (tmp_path / "elsewhere").hardlink_to(root / "c")
    found = rows(root)
    assert found["a"].link_group == found["d/b"].link_group != ""
    assert found["c"].link_group == found["d"].link_group == ""
    assert rows(root, skip="d")["a"].link_group == ""


def test_special_files_are_rows_and_sockets_are_not(root: Path) -> None:
    os.mkfifo(root / "fifo")
    os.mknod(root / "device", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "socket"))
        found = rows(root)
    assert found["fifo"].type is FileType.FIFO
    assert found["device"].type is FileType.CHARACTER_DEVICE
    assert found["device"].device == (1, 3)
    assert "socket" not in found


def test_names_that_are_no_utf8_are_kept(root: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    (root / name).write_bytes(b"x")
    assert name in rows(root)
    with DirectorySource(str(root)).fetch().open(name) as file:
        assert file.read() == b"x"


def test_attributes_of_this_machine_stay_behind(root: Path) -> None:
    (root / "f").touch()
    capability = bytes.fromhex("0100000200000400000000000000000000000000")
    for name, value in (
        ("user.note", b"n"),
        ("user.overlay.opaque", b"y"),
        ("trusted.note", b"t"),
        ("security.capability", capability),
    ):
        os.setxattr(root / "f", name, value)
    assert rows(root)["f"].xattrs == (
        ("security.capability", capability),
        ("user.note", b"n"),
    )


def test_deep_directories_are_walked(root: Path) -> None:
    deep = root
    for _ in range(300):
        deep = deep / "d"
        deep.mkdir()
    assert "/".join(["d"] * 300) in rows(root)


def test_every_descriptor_is_closed(root: Path) -> None:
    """Also when the walk is given up in the middle."""
    (root / "a/b").mkdir(parents=True)
    (root / "a/b/f").touch()
    before = list(OPEN_FILES.iterdir())
    rows(root)
    DirectorySource(str(root)).fetch().open("a/b/f").close()
    with pytest.raises(ContextUnavailable):
        DirectorySource(str(root)).fetch().open("a/b")
    assert len(list(OPEN_FILES.iterdir())) == len(before)


def test_a_fifo_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "fifo")
    with pytest.raises(ContextUnavailable, match="no regular file"):
        DirectorySource(str(root)).fetch().open("fifo")


def test_reading_leaves_the_directory_as_it_was(root: Path) -> None:
    (root / "f").write_bytes(b"x")
    os.utime(root, ns=(1, 2_000_000_000))
    before = sorted(root.iterdir())
    rows(root)
    with DirectorySource(str(root)).fetch().open("f") as file:
        file.read()
    assert (sorted(root.iterdir()), root.stat().st_mtime_ns) == (
        before,
        2_000_000_000,
    )


def test_a_sub_path_becomes_the_context(root: Path) -> None:
    (root / "sub/dir").mkdir(parents=True)
    (root / "sub/dir/f").touch()
    (root / "link").symlink_to("sub")
    for sub_path in ("sub/dir", "/sub/dir", "./sub/x/../dir", "link/dir"):
        (root / "sub/x").mkdir(exist_ok=True)
        assert set(rows(root, sub_path)) == {"", "f"}


@pytest.mark.parametrize(
    "sub_path", ["..", "../other", "out", "out/x", "sub/../../other"]
)
def test_a_sub_path_may_not_leave_the_context(
    root: Path, tmp_path: Path, sub_path: str
) -> None:
    (tmp_path / "other/x").mkdir(parents=True)
    (root / "sub").mkdir()
    (root / "out").symlink_to(tmp_path / "other")
    with pytest.raises(ContextUnavailable, match="leaves the build context") as refused:
        DirectorySource(str(root), sub_path).fetch()
    assert "--context-sub-path" in (refused.value.hint or "")


@pytest.mark.parametrize(
    ("path", "sub_path", "message", "hint"),
    [
        ("missing", "", "No such file or directory", "--context"),
        ("context/file", "", "no directory", "--context"),
        ("context", "missing", "No such file or directory", "--context-sub-path"),
        ("context", "file", "no directory", "--context-sub-path"),
        ("context", "loop", "loop", "--context-sub-path"),
    ],
)
def test_an_unusable_context_is_refused_with_a_remedy(
    root: Path, tmp_path: Path, path: str, sub_path: str, message: str, hint: str
) -> None:
    (root / "file").touch()
    (root / "loop").symlink_to("loop")
    with pytest.raises(ContextUnavailable, match=message) as refused:
        DirectorySource(str(tmp_path / path), sub_path).fetch()
    assert hint in (refused.value.hint or "")


def test_a_directory_that_is_gone_is_unavailable(root: Path) -> None:
    context = DirectorySource(str(root)).fetch()
    root.rmdir()
    with pytest.raises(ContextUnavailable):
        list(context.entries(lambda _: False))
