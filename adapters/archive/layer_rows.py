"""The meaning of a layer's members: rows, hard links, whiteouts.

OCI image specification, "Image Layer Filesystem Changeset". Turns members into
paths of the root, in the order of the layer, and keeps the books that become
the `LayerIndex`. It touches no disk and reads no content.

A symlink that stands in the same layer is followed in the parents of later
names, bounded to the root, as docker and containerd do when they unpack over an
empty directory. So no path that leaves here has a parent that is a symlink of
this layer; a symlink of a *lower* layer at such a place is replaced by a
directory, which is what an overlay of the unpacked layers shows.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from adapters.archive.member_path import layer_path
from adapters.archive.tar_member import TarMember
from domain.errors import InvalidLayer
from domain.snapshot.entry import (
    FileEntry,
    FileType,
    is_portable_xattr,
    join,
    name_of,
    parent_of,
)
from domain.snapshot.index import (
    ACCOUNT_PATHS,
    MAXIMUM_ACCOUNT_FILE,
    OPAQUE_WHITEOUT,
    WHITEOUT_META_PREFIX,
    WHITEOUT_PREFIX,
    LayerIndex,
)

_MAXIMUM_SYMLINKS = 255
_HINT = "do not use this image: the layer is hostile or damaged"


class Put(NamedTuple):
    """A path that the layer creates; the content is read from the archive."""

    entry: FileEntry


class Link(NamedTuple):
    """A further name of an earlier file of the layer, or of a lower one.

    Attributes:
        path: The new name.
        target: The existing name.
    """

    path: str
    target: str


class Hide(NamedTuple):
    """A path of lower layers that goes."""

    path: str


class HideChildren(NamedTuple):
    """A directory whose children of lower layers go."""

    path: str


LayerRow = Put | Link | Hide | HideChildren


class LayerRows:
    """Understands the members of one layer, one after the other."""

    def __init__(self) -> None:
        self._entries: dict[str, FileEntry] = {}
        self._directories: set[str] = {""}
        self._whiteouts: dict[str, None] = {}
        self._opaques: dict[str, None] = {}
        self._links: dict[str, str] = {}
        self._accounts: dict[str, bytes] = {}
        self._symlinks: set[str] = set()
        self._groups = 0

    def add(self, member: TarMember) -> LayerRow | None:
        """Return what a member does, None where it does nothing.

        Raises:
            InvalidLayer: It would reach out of the root, or makes no sense.
        """
        path = self._resolve_parents(layer_path(member.name))
        name = name_of(path)
        if name.startswith(WHITEOUT_PREFIX):
            return self._hide(path, name)
        if WHITEOUT_META_PREFIX in path and _is_aufs(path):
            return None
        if member.is_hard_link:
            return self._link(path, member)
        if not path and member.type is not FileType.DIRECTORY:
            raise InvalidLayer(
                "the layer replaces the root by something else", hint=_HINT
            )
        entry = member.entry(path)
        if entry.xattrs:
            kept = tuple(pair for pair in entry.xattrs if is_portable_xattr(pair[0]))
            entry = entry._replace(xattrs=kept)
        self._put(entry)
        return Put(entry)

    def has_content(self, path: str, sha256: str, account: bytes | None) -> None:
        """Record the digest of the file that was added last.

        Args:
            path: The path of its row.
            sha256: Hex digest of its content.
            account: The content itself where `keeps_content` asks for it.
        """
        self._entries[path] = self._entries[path]._replace(sha256=sha256)
        if account is not None:
            self._accounts[path] = account

    def owns(self, path: str) -> bool:
        """Return whether the layer has the path, or something below it."""
        return path in self._entries or path in self._directories or path in self._links

    def names_directory(self, path: str) -> bool:
        """Return whether the layer has a row of its own for a directory."""
        return path in self._entries

    def index(self) -> LayerIndex:
        """Return the rows of all members added so far."""
        counts = Counter(e.link_group for e in self._entries.values() if e.link_group)
        lone = {group for group, count in counts.items() if count == 1}
        for path, entry in self._entries.items():
            if entry.link_group in lone:
                self._entries[path] = entry._replace(link_group="")
        return LayerIndex(
            entries=self._entries,
            whiteouts=tuple(self._whiteouts),
            opaques=tuple(self._opaques),
            links=self._links,
            accounts=self._accounts,
        )

    def _resolve_parents(self, path: str) -> str:
        """Follow this layer's symlinks in all components but the last."""
        if not self._symlinks or parent_of(path) in self._directories:
            return path
        pending = path.split("/")[::-1]
        current = ""
        followed = 0
        while len(pending) > 1:
            part = pending.pop()
            if part in ("", "."):
                continue
            candidate = parent_of(current) if part == ".." else join(current, part)
            if candidate not in self._symlinks:
                current = candidate
                continue
            followed += 1
            if followed > _MAXIMUM_SYMLINKS:
                raise InvalidLayer(f"too many symlinks in {path[:200]!r}", hint=_HINT)
            target = self._entries[candidate].link_target
            current = "" if target.startswith("/") else current
            pending += target.split("/")[::-1]
        return join(current, pending[0])

    def _hide(self, path: str, name: str) -> LayerRow | None:
        if name == OPAQUE_WHITEOUT:
            directory = parent_of(path)
            self._opaques[directory] = None
            return HideChildren(directory)
        if name.startswith(WHITEOUT_META_PREFIX):
            return None
        hidden = name.removeprefix(WHITEOUT_PREFIX)
        if hidden in ("", ".", ".."):
            raise InvalidLayer(f"{path[:200]!r} hides no file", hint=_HINT)
        target = join(parent_of(path), hidden)
        self._whiteouts[target] = None
        return Hide(target)

    def _link(self, path: str, member: TarMember) -> Link:
        target = self._resolve_parents(layer_path(member.link_name))
        nested = f"{path}/".startswith(f"{target}/") or target.startswith(f"{path}/")
        if not path or target in self._directories or nested:
            raise InvalidLayer(
                f"{path[:200]!r} is a hard link to {member.link_name[:200]!r}",
                hint=_HINT,
            )
        known = self._entries.get(target)
        if known is None:
            self._forget(path)
            self._note_parents(path)
            self._links[path] = self._links.get(target, target)
        elif known.type is FileType.FILE:
            if not known.link_group:
                self._groups += 1
                known = known._replace(link_group=str(self._groups))
                self._entries[target] = known
            self._put(known._replace(path=path))
        else:
            self._put(known._replace(path=path))
        if target in self._accounts and path in ACCOUNT_PATHS:
            self._accounts[path] = self._accounts[target]
        return Link(path, target)

    def _put(self, entry: FileEntry) -> None:
        path = entry.path
        if entry.type is FileType.DIRECTORY:
            self._hide_replaced(path)
        self._forget(path, keep_children=entry.type is FileType.DIRECTORY)
        self._note_parents(path)
        self._entries[path] = entry
        if entry.type is FileType.DIRECTORY:
            self._directories.add(path)
        elif entry.type is FileType.SYMLINK:
            self._symlinks.add(path)

    def _note_parents(self, path: str) -> None:
        """Make the parents directories, whatever the layer said before."""
        parent = parent_of(path)
        while parent not in self._directories:
            if self._hide_replaced(parent):
                self._forget(parent)
            self._directories.add(parent)
            parent = parent_of(parent)

    def _hide_replaced(self, path: str) -> bool:
        """Return whether a directory comes in place of something else.

        What that had replaced in lower layers, children of a directory perhaps,
        does not come back by it.
        """
        entry = self._entries.get(path)
        is_other = entry is not None and entry.type is not FileType.DIRECTORY
        if is_other or path in self._links:
            self._whiteouts[path] = None
            return True
        return False

    def _forget(self, path: str, *, keep_children: bool = False) -> None:
        """Drop an earlier row of the path, and of what was below it."""
        if path in self._directories and not keep_children:
            below = path + "/"
            self._directories.discard(path)
            known = [*self._entries, *self._links, *self._directories]
            for name in [name for name in known if name.startswith(below)]:
                self._drop(name)
                self._directories.discard(name)
        self._drop(path)

    def _drop(self, path: str) -> None:
        self._entries.pop(path, None)
        self._links.pop(path, None)
        self._accounts.pop(path, None)
        self._symlinks.discard(path)


def keeps_content(entry: FileEntry) -> bool:
    """Return whether an index keeps the bytes of this file."""
    return (
        entry.path in ACCOUNT_PATHS
        and entry.type is FileType.FILE
        and entry.size <= MAXIMUM_ACCOUNT_FILE
    )


def _is_aufs(path: str) -> bool:
    """Return whether a component is one of the names AUFS kept for itself."""
    return any(part.startswith(WHITEOUT_META_PREFIX) for part in path.split("/"))
