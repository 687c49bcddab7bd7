"""Files that a RUN in the builder's own root may write to are as before it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.isolation import names


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    """Offer a root's /etc/hosts."""
    path = tmp_path / "etc/hosts"
    path.parent.mkdir()
    path.write_bytes(b"mine")
    return path


@pytest.mark.parametrize(
    "act",
    [
        lambda path: path.write_bytes(b"other"),
        lambda path: path.unlink(),
        lambda path: _replace(path, lambda new: new.symlink_to("target")),
        lambda path: _replace(path, os.mkfifo),
    ],
    ids=["written", "removed", "a symlink now", "a pipe now"],
)
def test_hosts_hold_again_what_they_held(
    act: Callable[[Path], object], hosts: Path
) -> None:
    (hosts.parent / "target").write_bytes(b"target")
    with names.kept(hosts.parents[1]):
        act(hosts)
    assert not hosts.is_symlink()
    assert hosts.read_bytes() == b"mine"
    assert (hosts.parent / "target").read_bytes() == b"target"


def test_what_was_not_written_is_not_touched(hosts: Path) -> None:
    os.utime(hosts, ns=(1, 1))
    with names.kept(hosts.parents[1]):
        hosts.read_bytes()
    assert hosts.stat().st_mtime_ns == 1


def test_a_symlink_is_left_alone(hosts: Path) -> None:
    target = hosts.parent / "target"
    hosts.rename(target)
    hosts.symlink_to("target")
    with names.kept(hosts.parents[1]):
        target.write_bytes(b"other")
    assert hosts.is_symlink()
    assert target.read_bytes() == b"other"


def test_a_root_without_its_directory_is_no_error(hosts: Path) -> None:
    with names.kept(hosts.parents[1]):
        hosts.unlink()
        hosts.parent.rmdir()
    assert not hosts.parent.exists()
