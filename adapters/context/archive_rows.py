"""What the members of an archive come to: one row a path, as a context has them.

A name that leaves the context ends the build, and so does one below a symlink: no
archiver makes such members by itself. Nothing here touches a disk.
"""

from __future__ import annotations

from adapters.archive.member_path import MAXIMUM_PATH
from adapters.archive.tar_member import TarMember
from domain.errors import InvalidLayer
from domain.snapshot.entry import (
    ROOT,
    FileEntry,
    FileType,
    ancestors_of,
    parent_of,
)
from domain.snapshot.tree import FileTree

_HOSTILE = "do not use this archive: it is hostile or damaged"
_DEVICES = frozenset({FileType.CHARACTER_DEVICE, FileType.BLOCK_DEVICE})


class ArchiveRows:
    """Rows by path, and the name that the content of each file was stored under."""

    def __init__(self) -> None:
        self._rows: dict[str, FileEntry] = {"": ROOT}
        self._children: dict[str, set[str]] = {}
        self._stored: dict[str, str] = {}
        self._devices = 0
        self._groups = 0

    @property
    def devices(self) -> int:
        """How many devices were left out."""
        return self._devices

    def add(self, member: TarMember, stored: str) -> None:
        """Take in a member; a later one replaces an earlier one of its path.

        Args:
            member: The member.
            stored: What its content was stored under, "" where it has none.

        Raises:
            InvalidLayer: Its name leaves the context, or is below a symlink; or it
                is a hard link to nothing.
        """
        path = context_path(member.name)
        if member.is_hard_link:
            self._link(path, member.link_name)
            return
        if member.type in _DEVICES:
            self._devices += 1
            return
        xattrs = tuple(each for each in member.xattrs if _is_of_file(each[0]))
        self._put(member.entry(path)._replace(xattrs=xattrs))
        if stored:
            self._stored[path] = stored

    def tree(self) -> FileTree:
        """Return all rows."""
        return FileTree.of(self._rows.values())

    def stored(self) -> dict[str, str]:
        """Return what the content of each file was stored under, by path."""
        return self._stored

    def _link(self, path: str, link_name: str) -> None:
        target = context_path(link_name)
        row = self._rows.get(target)
        if row is None or row.type is FileType.DIRECTORY:
            raise InvalidLayer(
                f"{path[:200]!r} is a hard link to {link_name[:200]!r}, which is no"
                " file of the archive",
                hint="make the archive again",
            )
        if path == target:
            return
        if row.type is FileType.FILE and not row.link_group:
            self._groups += 1
            group = str(self._groups)
            row = self._rows[target] = row._replace(link_group=group)
        stored = self._stored.get(target)
        self._put(row._replace(path=path))
        if stored is not None:
            self._stored[path] = stored

    def _put(self, row: FileEntry) -> None:
        path = row.path
        if not path:
            if row.type is FileType.DIRECTORY:
                self._rows[""] = row
            return
        self._make_parents(path)
        if path in self._rows and row.type is not FileType.DIRECTORY:
            self._remove(path)
        self._stored.pop(path, None)
        self._rows[path] = row
        self._children.setdefault(parent_of(path), set()).add(path)

    def _make_parents(self, path: str) -> None:
        for parent in ancestors_of(path):
            row = self._rows.get(parent)
            if row is not None and row.type is FileType.SYMLINK:
                raise InvalidLayer(
                    f"the name {path[:200]!r} is below a symlink of the archive",
                    hint=_HOSTILE,
                )
            if row is None or row.type is not FileType.DIRECTORY:
                self._put(FileEntry(parent, FileType.DIRECTORY))

    def _remove(self, path: str) -> None:
        pending = [path]
        for each in pending:
            pending += self._children.pop(each, ())
            self._rows.pop(each, None)
            self._stored.pop(each, None)


def context_path(name: str) -> str:
    """Return the path of a name in the archive of a context.

    Raises:
        InvalidLayer: It is absolute, leaves the context, or is too long.
    """
    parts: list[str] = []
    for part in name.split("/"):
        if part == ".." and not parts:
            raise InvalidLayer(
                f"the name {name[:200]!r} leaves the build context", hint=_HOSTILE
            )
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    if name.startswith("/"):
        raise InvalidLayer(
            f"the name {name[:200]!r} is absolute",
            hint="make the archive with relative names: tar -C DIRECTORY -c .",
        )
    if len(name) > MAXIMUM_PATH:
        raise InvalidLayer(f"a name in the archive has {len(name)} characters")
    return "/".join(parts)


def _is_of_file(name: str) -> bool:
    """Return whether an attribute belongs to a file and not to a machine."""
    return name == "security.capability" or (
        name.startswith("user.") and not name.startswith("user.overlay.")
    )
