"""Result files on disk: modes, and targets that cannot be replaced."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from adapters.isolation.system_calls import (
    MS_BIND,
    MS_RDONLY,
    MS_REMOUNT,
    mount,
    unmount,
)
from adapters.results import LocalResultFiles
from application.errors import OutputError


def write(path: Path | str, text: str = "sha256:abc") -> None:
    LocalResultFiles().write(str(path), text)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_made_directories_are_private_and_the_file_is_not(tmp_path: Path) -> None:
    write(tmp_path / "a/b/digest")
    assert mode(tmp_path / "a") == mode(tmp_path / "a/b") == 0o700
    assert mode(tmp_path / "a/b/digest") == 0o644


def test_a_reader_of_the_old_file_keeps_it_whole(tmp_path: Path) -> None:
    """The new file is another one, and appears in one step."""
    path = tmp_path / "digest"
    path.write_text("old")
    path.chmod(0o600)
    with path.open(encoding="utf-8") as reader:
        write(path)
        assert reader.read() == "old"
    assert path.read_text() == "sha256:abc"
    assert mode(path) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["digest"]


def test_a_mounted_file_is_written_in_place(tmp_path: Path) -> None:
    """As Kubernetes mounts /dev/termination-log."""
    source, target = tmp_path / "source", tmp_path / "termination-log"
    source.write_text("a longer text than the new one")
    target.touch()
    mount(str(source), str(target), "", MS_BIND)
    try:
        write(target)
    finally:
        unmount(str(target))
    assert source.read_text() == "sha256:abc"
    assert target.read_text() == ""
    assert sorted(tmp_path.iterdir()) == [source, target]


def test_a_device_is_written_and_stays_one() -> None:
    write("/dev/null")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_fifo_is_written_in_place(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(fifo.read_text()))
    reader.start()
    write(fifo)
    reader.join()
    assert read == ["sha256:abc"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_symlink_stays_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real/digest")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real/digest").read_text() == "sha256:abc"


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_redirected_standard_output_is_appended_to(tmp_path: Path, name: str) -> None:
    script = (
        "import sys; from adapters.results import LocalResultFiles;"
        "print('log', flush=True); LocalResultFiles().write(sys.argv[1], 'digest')"
    )
    log = tmp_path / "log"
    with log.open("wb") as target:
        subprocess.run(
            [sys.executable, "-c", script, name],
            cwd=Path(__file__).parents[2],
            stdout=target,
            check=True,
        )
    assert log.read_text() == "log\ndigest"


def test_a_directory_in_the_way_of_a_parent_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="Not a directory"):
        write(tmp_path / "file/digest")


@pytest.mark.parametrize(
    "name", ["/dev/stdout", "/dev/fd/1", "/dev/null", "{}/new/file", "{}/old"]
)
def test_the_check_lets_through_what_can_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "old").write_text("old")
    LocalResultFiles().check(name.format(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text() == "old"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("{}", "is a directory"),
        ("{}/file/digest", "is not a directory"),
    ],
)
def test_the_check_names_what_is_in_the_way(
    tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=message):
        LocalResultFiles().check(name.format(tmp_path))


def test_the_check_knows_directories_that_take_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "mounted").touch()
    mount(str(folder), str(folder), "", MS_BIND)
    mount(str(folder / "mounted"), str(folder / "mounted"), "", MS_BIND)
    mount("", str(folder), "", MS_BIND | MS_REMOUNT | MS_RDONLY)
    try:
        LocalResultFiles().check(str(folder / "mounted"))
        for name in ("digest", "new/digest"):
            with pytest.raises(OutputError, match=f"{folder} cannot be written"):
                LocalResultFiles().check(str(folder / name))
    finally:
        unmount(str(folder / "mounted"))
        unmount(str(folder))
