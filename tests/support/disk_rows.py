"""Reads a directory as the rows of `tests.support.union_model`."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tests.support.union_model import Node, Row, rows


def disk_rows(root: Path) -> list[Row]:
    """Return what is below a directory, sorted by path."""
    tree: dict[str, Node] = {}
    nodes: dict[int, Node] = {}
    for place, directories, files in os.walk(root):
        for name in (*directories, *files):
            path = Path(place, name)
            status = path.lstat()
            node = nodes.setdefault(status.st_ino, _node(path, status))
            tree[str(path.relative_to(root))] = node
    return rows(tree)


def _node(path: Path, status: os.stat_result) -> Node:
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        return Node("dir", mode, status.st_uid)
    if stat.S_ISLNK(status.st_mode):
        return Node("symlink", mode, status.st_uid, str(path.readlink()))
    return Node("file", mode, status.st_uid, path.read_text())
