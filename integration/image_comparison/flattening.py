"""The file system that an image's layers add up to.

Layers are applied in memory as the OCI specification says: whiteouts and opaque
markers hide what lower layers have, never what their own layer has. Parents that
are symlinks are followed within the root. It judges only what makes a layer
unsound; the comparison is made elsewhere.
"""

import posixpath
import tarfile
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from integration.image_comparison.attributes import (
    Attributes,
    render_path,
    render_time,
)
from integration.image_comparison.differences import Difference
from integration.image_comparison.layer_reading import (
    OpenLayer,
    content_digest,
    extended_attributes,
)

WHITEOUT = ".wh."
SPECIAL_WHITEOUT = ".wh..wh."
OPAQUE = ".wh..wh..opq"
MOST_SYMLINKS = 255

TYPES = {
    tarfile.DIRTYPE: "dir",
    tarfile.SYMTYPE: "symlink",
    tarfile.FIFOTYPE: "fifo",
    tarfile.CHRTYPE: "chardev",
    tarfile.BLKTYPE: "blockdev",
}


@dataclass(slots=True, eq=False)
class Node:
    """One inode; the names of a hard-linked file share it."""

    type: str = "dir"
    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    size: int = 0
    content: str = ""
    target: str = ""
    device: str = ""
    xattrs: dict[str, str] = field(default_factory=dict)
    mtime: float = 0


class Tree:
    """A file system in memory: paths without leading slash, the root is ""."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {"": Node()}
        self._children: dict[str, set[str]] = {}

    def put(self, path: str, node: Node) -> None:
        """Set a path; a directory over a directory keeps its children."""
        old = self.nodes.get(path)
        if old is not None and not (old.type == node.type == "dir"):
            self.empty(path)
        if path:
            self._make_parents(path)
        self.nodes[path] = node

    def remove(self, path: str) -> None:
        """Remove a path and all below it; nothing happens where nothing is."""
        if path and path in self.nodes:
            self.empty(path)
            del self.nodes[path]
            self._children[posixpath.dirname(path)].discard(path)

    def empty(self, path: str) -> None:
        """Remove all below a path."""
        for child in list(self._children.get(path, ())):
            self.remove(child)

    def hide(self, path: str, kept: AbstractSet[str]) -> None:
        """Remove a path and all below it, except `kept` and what leads there."""
        self.hide_children(path, kept)
        if path not in kept and not self._children.get(path):
            self.remove(path)

    def hide_children(self, path: str, kept: AbstractSet[str]) -> None:
        """Remove all below a path, except `kept` and what leads there."""
        for child in list(self._children.get(path, ())):
            self.hide(child, kept)

    def resolve(self, path: str) -> str:
        """Follow symlinks in the parents of a path, never out of the root."""
        folder, name = posixpath.split(path)
        return posixpath.join(self.resolve_folder(folder), name)

    def resolve_folder(self, folder: str) -> str:
        """Follow every symlink of a path, never out of the root."""
        pending = folder.split("/")
        resolved = ""
        followed = 0
        while pending:
            part = pending.pop(0)
            if part == "..":
                resolved = posixpath.dirname(resolved)
            elif part not in {"", "."}:
                resolved = posixpath.join(resolved, part)
            node = self.nodes.get(resolved)
            if node and node.type == "symlink" and followed < MOST_SYMLINKS:
                followed += 1
                absolute = node.target.startswith("/")
                resolved = "" if absolute else posixpath.dirname(resolved)
                pending = [*node.target.split("/"), *pending]
        return resolved

    def _make_parents(self, path: str) -> None:
        parent = posixpath.dirname(path)
        if parent not in self.nodes or self.nodes[parent].type != "dir":
            self.put(parent, Node())
        self._children.setdefault(parent, set()).add(path)


def apply_layer(tree: Tree, layer: OpenLayer) -> list[Difference]:
    """Apply one layer to the tree and return what is unsound about it."""
    problems: list[Difference] = []
    made: set[str] = set()
    for member in layer.tar:
        path = _clean(member.name)
        if ".." in path.split("/"):
            problems.append(Difference("soundness", render_path(path), "leaves", None))
        elif posixpath.basename(path).startswith(WHITEOUT):
            _hide(tree, path, made)
        else:
            problems += _add(tree, layer.tar, (tree.resolve(path), member), made)
    return problems


def attributes_of(tree: Tree) -> dict[str, Attributes]:
    """Return every path with all that is compared of it."""
    groups: dict[int, list[str]] = {}
    for path, node in tree.nodes.items():
        if node.type == "file":
            groups.setdefault(id(node), []).append(render_path(path))
    first = {inode: min(names) for inode, names in groups.items() if len(names) > 1}
    return {
        render_path(path): _attributes(node, first.get(id(node), ""))
        for path, node in tree.nodes.items()
    }


def _clean(name: str) -> str:
    path = posixpath.normpath(name).lstrip("/")
    return "" if path == "." else path


def _hide(tree: Tree, path: str, made: set[str]) -> None:
    folder, name = posixpath.split(path)
    if name == OPAQUE:
        tree.hide_children(tree.resolve_folder(folder), made)
    elif not name.startswith(SPECIAL_WHITEOUT):
        hidden = posixpath.join(folder, name.removeprefix(WHITEOUT))
        tree.hide(tree.resolve(hidden), made)


def _add(
    tree: Tree,
    tar: tarfile.TarFile,
    entry: tuple[str, tarfile.TarInfo],
    made: set[str],
) -> Iterable[Difference]:
    path, member = entry
    if member.islnk():
        target = tree.resolve(_clean(member.linkname))
        if target in made:
            tree.put(path, tree.nodes[target])
            made.add(path)
            return
        yield Difference(
            "soundness",
            f"hardlink {render_path(path)}",
            render_path(target),
            "a file of the same layer",
        )
        if target in tree.nodes:
            tree.put(path, tree.nodes[target])
        return
    tree.put(path, _node(tar, member))
    made.add(path)


def _node(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Node:
    is_file = member.isreg()
    is_device = member.ischr() or member.isblk()
    return Node(
        type="file" if is_file else TYPES[member.type],
        mode=member.mode & 0o7777,
        uid=member.uid,
        gid=member.gid,
        size=member.size if is_file else 0,
        content=content_digest(tar, member) if is_file else "",
        target=member.linkname if member.issym() else "",
        device=f"{member.devmajor},{member.devminor}" if is_device else "",
        xattrs=extended_attributes(member),
        mtime=member.mtime,
    )


def _attributes(node: Node, hardlink: str) -> Attributes:
    is_file = node.type == "file"
    return Attributes(
        type=node.type,
        mode="" if node.type == "symlink" else f"{node.mode:04o}",
        owner=f"{node.uid}:{node.gid}",
        size=node.size if is_file else None,
        content=node.content,
        target=render_path(node.target),
        device=node.device,
        hardlink=hardlink,
        xattrs=node.xattrs,
        mtime=render_time(node.mtime) if is_file else None,
    )
