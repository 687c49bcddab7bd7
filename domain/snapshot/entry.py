"""One path of a file system as a plain row.

A row describes; it holds no content and does no I/O. Rows are `NamedTuple`s
because a base image has a hundred thousand of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple


class FileType(Enum):
    """Kind of a path, named as in tar and `find -type`."""

    FILE = "file"
    DIRECTORY = "dir"
    SYMLINK = "symlink"
    FIFO = "fifo"
    CHARACTER_DEVICE = "chardev"
    BLOCK_DEVICE = "blockdev"


class FileEntry(NamedTuple):
    """What is known of one path.

    Attributes:
        path: Relative to the root, without leading or trailing slash, the root
            itself is "". Names that are not UTF-8 carry surrogate escapes.
        type: Kind of the path.
        mode: Permission bits with setuid, setgid and sticky (0 to 0o7777);
            0o777 for symlinks.
        uid: Numeric owner.
        gid: Numeric group.
        size: Bytes of content; 0 for everything but files.
        mtime_ns: Modification time, nanoseconds since the epoch.
        link_target: Text of a symlink, else "".
        link_group: Token shared by all names of one hard-linked file, "" for a
            file with one name. Unique within a `LayerIndex` as well as within
            a `FileTree`, not across them.
        device: (major, minor) of a device, else None.
        xattrs: (name, value) pairs sorted by name.
        sha256: Lower-case hex digest of the content, "" where it is not a file
            or the content has not been read yet.
    """

    path: str
    type: FileType
    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    size: int = 0
    mtime_ns: int = 0
    link_target: str = ""
    link_group: str = ""
    device: tuple[int, int] | None = None
    xattrs: tuple[tuple[str, bytes], ...] = ()
    sha256: str = ""


_PRIVATE_XATTRS = ("trusted.", "user.overlay.", "security.selinux", "security.ima")


def is_portable_xattr(name: str) -> bool:
    """Return whether an extended attribute belongs to a file, not to its host.

    What overlay mounts, labelling and integrity checking keep in attributes
    means nothing elsewhere, and could do harm in a root file system of ours.
    """
    return not name.startswith((*_PRIVATE_XATTRS, "security.evm"))


ROOT = FileEntry("", FileType.DIRECTORY)
"""The root of a file system for which no layer has an entry (`FROM scratch`)."""


def without_lone_links(rows: Sequence[FileEntry]) -> Iterator[FileEntry]:
    """Yield rows, in their order; a link group that one row alone has is left out.

    The file's other names lie outside of what the rows describe.
    """
    names = Counter(row.link_group for row in rows)
    for row in rows:
        alone = row.link_group and names[row.link_group] == 1
        yield row._replace(link_group="") if alone else row


def parent_of(path: str) -> str:
    """Return the parent directory of a path ("" for a top-level one)."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """Return the last component of a path."""
    return path.rpartition("/")[2]


def join(directory: str, name: str) -> str:
    """Join a directory ("" is the root) and a relative path ("" is itself)."""
    if not directory or not name:
        return directory or name
    return f"{directory}/{name}"


def ancestors_of(path: str) -> list[str]:
    """Return all parent directories but the root, the top one first.

    `ancestors_of("a/b/c")` is `["a", "a/b"]`.
    """
    parts = path.split("/")[:-1]
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
