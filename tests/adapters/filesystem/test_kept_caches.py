"""Caches of RUN that outlast a build."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.filesystem.kept_caches import KeptCacheDirectories
from adapters.memory.ambient import RecordingReporter
from domain.dockerfile.mount import Sharing

SHARED, PRIVATE, LOCKED = Sharing.SHARED, Sharing.PRIVATE, Sharing.LOCKED


@pytest.fixture
def cache_directory(tmp_path: Path) -> Path:
    made = tmp_path / "cache"
    made.mkdir()
    return made


@pytest.fixture
def caches(cache_directory: Path) -> KeptCacheDirectories:
    return opened(cache_directory)


def opened(directory: Path) -> KeptCacheDirectories:
    return KeptCacheDirectories(str(directory / "mounts"), RecordingReporter())


@pytest.fixture
def first(tmp_path: Path) -> Callable[[], str]:
    root = tmp_path / "first"
    (root / "tree").mkdir(parents=True)
    (root / "tree").chmod(0o770)
    (root / "tree/seed").write_text("seed")
    return lambda: str(root)


def new_work(tmp_path: Path, name: str = "work") -> str:
    work = tmp_path / name
    work.mkdir()
    return str(work)


@pytest.mark.parametrize("sharing", Sharing)
def test_a_cache_is_there_again(
    cache_directory: Path, first: Callable[[], str], sharing: Sharing
) -> None:
    with opened(cache_directory).held("id", sharing, first, None) as root:
        assert root is not None
        tree = Path(root, "tree")
        assert tree.stat().st_mode & 0o7777 == 0o770
        (tree / "seed").write_text("other")
    with opened(cache_directory).held("id", sharing, first, None) as root:
        assert root is not None
        assert Path(root, "tree/seed").read_text() == "other"
    with opened(cache_directory).held("another", sharing, first, None) as root:
        assert root is not None
        assert Path(root, "tree/seed").read_text() == "seed"


def test_a_copy_is_brought_back_with_all_it_has(
    caches: KeptCacheDirectories, first: Callable[[], str], tmp_path: Path
) -> None:
    with caches.held("id", SHARED, first, new_work(tmp_path)) as root:
        assert root is not None
        tree = Path(root, "tree")
        assert (tree / "seed").read_text() == "seed"
        (tree / "deep/er").mkdir(parents=True)
        (tree / "deep/er").chmod(0o711)
        (tree / "deep/link").symlink_to("/etc/passwd")
        (tree / "deep/hard").hardlink_to(tree / "seed")
        os.mkfifo(tree / "pipe")
        os.utime(tree / "seed", ns=(5, 10**18))
    with caches.held("id", SHARED, first, None) as root:
        assert root is not None
        tree = Path(root, "tree")
        assert (tree / "deep/er").stat().st_mode & 0o7777 == 0o711
        assert (tree / "deep/link").readlink() == Path("/etc/passwd")
        assert (tree / "deep/hard").samefile(tree / "seed")
        assert (tree / "pipe").is_fifo()
        assert (tree / "seed").stat().st_mtime_ns == 10**18


def test_what_a_failed_run_wrote_is_kept(
    caches: KeptCacheDirectories, first: Callable[[], str], tmp_path: Path
) -> None:
    def fail() -> None:
        with caches.held("id", LOCKED, first, new_work(tmp_path)) as root:
            assert root is not None
            Path(root, "tree/new").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with caches.held("id", LOCKED, first, None) as root:
        assert root is not None
        assert Path(root, "tree/new").exists()


def test_a_copy_that_was_not_changed_is_not_brought_back(
    caches: KeptCacheDirectories, first: Callable[[], str], tmp_path: Path
) -> None:
    with caches.held("id", SHARED, first, None) as root:
        assert root is not None
        number = Path(root).stat().st_ino
    with caches.held("id", SHARED, first, new_work(tmp_path)):
        pass
    with caches.held("id", SHARED, first, None) as root:
        assert root is not None
        assert Path(root).stat().st_ino == number


def test_shared_ones_are_used_together_and_private_ones_are_others(
    caches: KeptCacheDirectories, first: Callable[[], str]
) -> None:
    with (
        caches.held("id", SHARED, first, None) as one,
        caches.held("id", SHARED, first, None) as two,
        caches.held("id", PRIVATE, first, None) as three,
        caches.held("id", PRIVATE, first, None) as four,
    ):
        assert one == two
        assert len({one, three, four}) == 3
    with caches.held("id", PRIVATE, first, None) as five:
        assert five == one


def test_a_locked_one_is_waited_for(
    cache_directory: Path, first: Callable[[], str]
) -> None:
    reporter, got, order = RecordingReporter(), threading.Event(), []

    class Telling(RecordingReporter):
        def info(self, message: str) -> None:
            super().info(message)
            got.set()

    def other() -> None:
        told = KeptCacheDirectories(str(cache_directory / "mounts"), Telling())
        with told.held("id", LOCKED, first, None):
            order.append("other")

    mine = KeptCacheDirectories(str(cache_directory / "mounts"), reporter)
    thread = threading.Thread(target=other)
    with mine.held("id", LOCKED, first, None):
        thread.start()
        assert got.wait(30)
        order.append("mine")
    thread.join()
    assert order == ["mine", "other"]
    assert reporter.messages == []


def test_what_a_killed_build_was_replacing_is_there(
    caches: KeptCacheDirectories, first: Callable[[], str], tmp_path: Path
) -> None:
    with caches.held("id", SHARED, first, None) as root:
        assert root is not None
        Path(root, "tree/kept").touch()
    Path(root).rename(f"{root}.old")
    Path(f"{root}.new/tree").mkdir(parents=True)
    with caches.held("id", SHARED, first, new_work(tmp_path)) as copy:
        assert copy is not None
        assert Path(copy, "tree/kept").exists()
        Path(copy, "tree/more").touch()
    assert names(Path(root, "tree")) == ["kept", "more", "seed"]
    assert names(Path(root).parent) == ["0", "0.lock"]


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.parametrize("problem", ["missing", "file"])
def test_where_nothing_can_be_kept_it_is_said_once(
    tmp_path: Path, first: Callable[[], str], problem: str
) -> None:
    directory = tmp_path / "cache"
    if problem == "file":
        directory.mkdir()
        (directory / "mounts").touch()
    reporter = RecordingReporter()
    caches = KeptCacheDirectories(str(directory / "mounts"), reporter)
    for _ in range(2):
        with caches.held("id", SHARED, first, None) as root:
            assert root is None
    [(level, _)] = reporter.messages
    assert level == "info"
    assert not directory.exists() or problem == "file"
