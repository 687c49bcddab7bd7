"""Stacks of layers, at random, and their union by the letter of the specification.

The union is worked out with a dictionary of objects: hard links are names of the same
object. It shares nothing with the product's model, nor with what extracts layers.
"""

from __future__ import annotations

import random
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.support.archives import M, directory, file, hard_link, symlink, whiteout

NAMES = ("a", "b", "c", "dd", "é")
OPAQUE = ".wh..wh..opq"


@dataclass(eq=False)
class Node:
    """What a name stands for; two names of one object are hard links."""

    type: str
    mode: int
    uid: int
    content: str = ""


@dataclass(frozen=True, order=True)
class Row:
    """A name as it is compared: `first` is the first of all names of the same file."""

    path: str
    type: str
    mode: int
    uid: int
    content: str
    first: str


def union(layers: Sequence[Sequence[M]]) -> list[Row]:
    """Return the union of layers, sorted by path, without the root itself."""
    tree: dict[str, Node] = {}
    for members in layers:
        marks = [member for member in members if "/.wh." in f"/{member.name}"]
        for mark in marks:
            _hide(tree, mark.name)
        for member in members:
            if member not in marks:
                _put(tree, member)
    return rows(tree)


def rows(tree: Mapping[str, Node]) -> list[Row]:
    """Return the names of a tree as they are compared."""
    first: dict[int, str] = {}
    for path in sorted(tree):
        first.setdefault(id(tree[path]), path)
    return [
        Row(path, node.type, node.mode, node.uid, node.content, first[id(node)])
        for path, node in sorted(tree.items())
    ]


def _hide(tree: dict[str, Node], mark: str) -> None:
    parent, _, name = mark.rpartition("/")
    if name == OPAQUE:
        _remove_below(tree, parent)
        return
    path = f"{parent}/{name.removeprefix('.wh.')}".lstrip("/")
    tree.pop(path, None)
    _remove_below(tree, path)


def _remove_below(tree: dict[str, Node], directory: str) -> None:
    for path in [each for each in tree if each.startswith(f"{directory}/")]:
        del tree[path]


def _put(tree: dict[str, Node], member: M) -> None:
    if member.type == tarfile.LNKTYPE:
        node = tree[member.link]
    elif member.type == tarfile.DIRTYPE:
        node = Node("dir", member.mode, member.uid)
    elif member.type == tarfile.SYMTYPE:
        node = Node("symlink", 0o777, member.uid, member.link)
    else:
        node = Node("file", member.mode, member.uid, member.data.decode())
    if node.type != "dir":
        _remove_below(tree, member.name)
    tree[member.name] = node


def random_layers(seed: int) -> list[list[M]]:
    """Return one to five layers, each of which is sound on top of the others."""
    chance = random.Random(seed)
    layers: list[list[M]] = []
    for _ in range(chance.randint(1, 5)):
        layers.append(_random_layer(chance, layers))
    return layers


def _random_layer(chance: random.Random, below: Sequence[Sequence[M]]) -> list[M]:
    lower = {row.path: row for row in union(below)}
    members: dict[str, M] = {}
    for _ in range(chance.randint(1, 8)):
        path = "/".join(chance.choices(NAMES, k=chance.randint(1, 3)))
        if _is_free(path, members):
            _add_parents(path, members, chance)
            members[path] = _random_member(chance, path, members, lower)
    marks = [
        mark
        for path in lower
        if chance.random() < 0.2 and (mark := _random_mark(chance, path, members))
    ]
    ordered = list(members.values())
    # What removes things stands before what is new, as writers of layers have it.
    return [*marks, *ordered]


def _is_free(path: str, members: Mapping[str, M]) -> bool:
    """Tell whether a path may still be put into a layer: not twice, below no file."""
    parts = path.split("/")
    parents = ["/".join(parts[:depth]) for depth in range(1, len(parts))]
    return path not in members and all(
        parent not in members or members[parent].type == tarfile.DIRTYPE
        for parent in parents
    )


def _add_parents(path: str, members: dict[str, M], chance: random.Random) -> None:
    parts = path.split("/")
    for depth in range(1, len(parts)):
        parent = "/".join(parts[:depth])
        if parent not in members:
            members[parent] = directory(parent, chance.choice([0o755, 0o1777, 0o710]))


def _random_member(
    chance: random.Random,
    path: str,
    members: Mapping[str, M],
    lower: Mapping[str, Row],
) -> M:
    kind = chance.choice(["file", "file", "dir", "symlink", "link"])
    if kind == "dir":
        return directory(path, chance.choice([0o755, 0o700]), uid=chance.randint(0, 2))
    if kind == "symlink":
        return symlink(path, chance.choice(["a", "../b", "/c/dd", "nowhere"]))
    files = [m.name for m in members.values() if m.type == tarfile.REGTYPE]
    files += [
        name
        for name, row in lower.items()
        if row.type == "file" and _stays(name, path, members)
    ]
    if kind == "link" and files:
        return hard_link(path, chance.choice(files))
    data = chance.choice([b"", b"1", b"twenty-two"])
    return file(path, data, chance.choice([0o644, 0o4755]), uid=chance.randint(0, 2))


def _stays(name: str, path: str, members: Mapping[str, M]) -> bool:
    """Tell whether a file below is still there when `path` is linked to it."""
    parts = name.split("/")
    prefixes = {"/".join(parts[:depth]) for depth in range(1, len(parts) + 1)}
    if path in prefixes or name in members:
        return False
    return not any(
        prefix in members and members[prefix].type != tarfile.DIRTYPE
        for prefix in prefixes
    )


def _random_mark(chance: random.Random, path: str, members: dict[str, M]) -> M | None:
    linked = {m.link for m in members.values() if m.type == tarfile.LNKTYPE}
    if any(each == path or each.startswith(f"{path}/") for each in linked):
        return None
    member = members.get(path)
    if member is not None:
        is_directory = member.type == tarfile.DIRTYPE
        return file(f"{path}/{OPAQUE}") if is_directory else None
    if any(path.startswith(f"{each}/") for each in members if _hides(members[each])):
        return None
    parent = path.rpartition("/")[0]
    if parent and parent not in members:
        return None  # a layer has the parents of what it removes
    return whiteout(path)


def _hides(member: M) -> bool:
    return member.type != tarfile.DIRTYPE
