"""Draws file trees: rows from short lines of text, and short lines from rows.

    usr/bin/        0755
    usr/bin/tool    0755 1:2
    usr/link -> bin/tool

A line is a path (a trailing slash makes a directory), then in any order a mode,
an owner `uid:gid`, `=CONTENT` of a file, `&GROUP` of a hard link, `@SECONDS` of
its time. Parents that are not drawn are made, 0755 and root's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.layer_plan import (
    LayerPlan,
    LiteralContent,
    PlannedEntry,
    PlannedWhiteout,
    StoredContent,
)
from domain.snapshot.tree import FileTree

DRAWN_NS = 1_000_000_000 * 10**9
"""Time of what is drawn without one."""

_LINK = re.compile(r"(?P<path>.*?) -> (?P<target>\S+)(?P<facts>.*)")


def tree(drawing: str = "") -> FileTree:
    """Return the tree of a drawing."""
    return FileTree.of(rows(drawing))


def rows(drawing: str) -> list[FileEntry]:
    """Return the rows of a drawing, in its order."""
    return [row(line.strip()) for line in drawing.splitlines() if line.strip()]


def row(line: str) -> FileEntry:
    """Return the row of one line."""
    link = _LINK.fullmatch(line)
    if link:
        entry = FileEntry(
            link["path"], FileType.SYMLINK, 0o777, link_target=link["target"]
        )
        return _with_facts(entry, link["facts"].split())
    path, *facts = line.split()
    if path.endswith("/"):
        return _with_facts(FileEntry(path.strip("/"), FileType.DIRECTORY), facts)
    return _with_facts(FileEntry(path, FileType.FILE, 0o644), facts)


def _with_facts(entry: FileEntry, facts: Iterable[str]) -> FileEntry:
    entry = entry._replace(mtime_ns=DRAWN_NS)
    for fact in facts:
        if fact.startswith("="):
            data = fact[1:].encode()
            digest = hashlib.sha256(data).hexdigest()
            entry = entry._replace(size=len(data), sha256=digest)
        elif fact.startswith("&"):
            entry = entry._replace(link_group=fact[1:])
        elif fact.startswith("@"):
            entry = entry._replace(mtime_ns=int(fact[1:]) * 10**9)
        elif ":" in fact:
            uid, _, gid = fact.partition(":")
            entry = entry._replace(uid=int(uid), gid=int(gid))
        else:
            entry = entry._replace(mode=int(fact, 8))
    return entry


def draw(plan: LayerPlan) -> list[str]:
    """Return a line for each row of a plan.

    "d 0755 0:0 usr", "f 0644 0:0 usr/x <context:x", "l 0:0 usr/l -> x" and
    "- usr/gone". A file says where its content comes from, a further name of a
    hard-linked one has none; `&` marks both.
    """
    return [
        f"- {each.path}" if isinstance(each, PlannedWhiteout) else _drawn(each)
        for each in plan.rows
    ]


def _drawn(planned: PlannedEntry) -> str:
    entry, content = planned
    owner = f"{entry.uid}:{entry.gid}"
    if entry.type is FileType.SYMLINK:
        return f"l {owner} {entry.path} -> {entry.link_target}"
    letter = {FileType.FILE: "f", FileType.DIRECTORY: "d"}.get(entry.type, "s")
    words = [letter, f"{entry.mode:04o}", owner, entry.path]
    words += ["&"] if entry.link_group else []
    match content:
        case StoredContent(origin, path):
            words.append(f"<{origin}:{path}")
        case LiteralContent(data):
            words.append(f"={data.decode()!r}")
        case None:
            pass
    return " ".join(words)
