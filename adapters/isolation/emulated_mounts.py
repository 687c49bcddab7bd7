"""Stands in for mounts where nothing can be mounted: things are moved into the root.

A tree is renamed to its target and back, so its size does not matter; what the
target held waits aside. Nothing is read-only, and a tmpfs has no limit.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import assert_never

from adapters.isolation.agent_relay import AgentRelay
from adapters.isolation.placing import Placement
from adapters.isolation.root_walk import Place, look
from adapters.isolation.saved_file import make_file, remove
from adapters.isolation.targets import target_in_the_way
from application.ports.process import (
    FileMount,
    ShownMount,
    SocketMount,
    TmpfsMount,
    TreeMount,
)

OPEN_TO_ALL = 0o1777
"""Mode of a new tmpfs."""


def place_mounts(
    mounts: Sequence[ShownMount], placement: Placement, stack: ExitStack
) -> None:
    """Put everything at its target; the placement takes it back.

    Args:
        mounts: Outer targets first.
        placement: Of the root.
        stack: Ends what serves sockets; left before the placement is.

    Raises:
        FilesystemError: Something else is in the way.
        OSError: Something cannot be moved or made.
    """
    placed: dict[str, str] = {}
    for mount in mounts:
        put, take = _acts(mount, placed, stack)
        is_directory = isinstance(mount, TmpfsMount) or (
            isinstance(mount, TreeMount) and mount.is_directory
        )
        found = placement.instead(
            mount.target, directory=is_directory, put=put, take=take
        )
        if found is None:
            raise target_in_the_way(mount.target)
        if isinstance(mount, TreeMount):
            placed.setdefault(mount.source, f"/{found}")


_Act = Callable[[Place], None]


def _acts(
    mount: ShownMount, placed: Mapping[str, str], stack: ExitStack
) -> tuple[_Act, _Act]:
    """Return what puts a mount at its place, and what takes it away."""
    match mount:
        case TreeMount(source=source) if source in placed:
            return _link_to(placed[source]), remove  # one tree cannot be at two places
        case TreeMount():
            return _tree(mount)
        case TmpfsMount():
            return _make_open_directory, remove
        case FileMount():
            return _file(mount), remove
        case SocketMount():
            return _socket(mount, stack), remove
        case _:
            assert_never(mount)


def _tree(mount: TreeMount) -> tuple[_Act, _Act]:
    """Move a tree there and back.

    A RUN that removed it, which it could not have done to a mount, leaves it empty.
    """

    def put(place: Place) -> None:
        os.rename(mount.source, place.name, dst_dir_fd=place.directory)

    def take(place: Place) -> None:
        present = look(place)
        if present and stat.S_ISDIR(present.st_mode) is mount.is_directory:
            os.rename(place.name, mount.source, src_dir_fd=place.directory)
            return
        remove(place)
        if mount.is_directory:
            os.mkdir(mount.source, 0o755)

    return put, take


def _link_to(path: str) -> _Act:
    return lambda place: os.symlink(path, place.name, dir_fd=place.directory)


def _make_open_directory(place: Place) -> None:
    os.mkdir(place.name, dir_fd=place.directory)
    os.chmod(place.name, OPEN_TO_ALL, dir_fd=place.directory)


def _file(mount: FileMount) -> _Act:
    owner = (mount.uid, mount.gid)
    return lambda place: make_file(place, mount.content, mount.mode, owner)


def _socket(mount: SocketMount, stack: ExitStack) -> _Act:
    def put(place: Place) -> None:
        owner = (mount.uid, mount.gid)
        relay = AgentRelay(place.directory, place.name, mount.source, mount.mode, owner)
        stack.callback(relay.close)

    return put
