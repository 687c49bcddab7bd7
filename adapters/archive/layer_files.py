"""Takes some files out of a layer, hard links understood."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from adapters.archive.channel import background
from adapters.archive.compression import decompressed
from adapters.archive.layer_reader import LayerReader
from adapters.archive.layer_rows import Link, Put
from application.errors import FilesystemError
from domain.snapshot.entry import FileType

Keep = Callable[[str, Iterator[bytes]], None]
"""Receives a path and its content, which it reads to its end."""

Same = Callable[[str, str], None]
"""Receives a path and another one that was kept and is the same file."""


def layer_files(
    open_blob: Callable[[], BinaryIO], paths: Iterable[str], keep: Keep, same: Same
) -> None:
    """Hand over the content of files of a layer.

    The layer is streamed once; a second time where a wanted name is a hard link
    to a file that was not wanted.

    Args:
        open_blob: Opens the compressed layer at its start.
        paths: Paths of files, or of hard links to files, of this layer.
        keep: Called for each file; of several members of a path the last counts.
        same: Called for each hard link.

    Raises:
        FilesystemError: The layer has no such file.
        InvalidLayer: It is damaged.
    """
    wanted = set(paths)
    kept: set[str] = set()
    links: dict[str, str] = {}
    tried: set[str] = set()
    goal = set(wanted)
    while goal:
        found = _pass(open_blob, goal, keep, links)
        kept |= found
        tried |= goal
        targets = {links[path] for path in goal - found if path in links}
        missing = (goal - found - links.keys()) | (targets - kept) & tried
        if missing:
            raise FilesystemError(
                "the layer has no such file", place=f"/{min(missing)}"
            )
        goal = targets - kept
    for path in sorted(wanted - kept):
        target = links[path]
        while target not in kept:
            target = links[target]
        same(path, target)


def _pass(
    open_blob: Callable[[], BinaryIO], goal: set[str], keep: Keep, links: dict[str, str]
) -> set[str]:
    found: set[str] = set()
    with open_blob() as blob, background(decompressed(blob)) as chunks:
        reader = LayerReader(chunks)
        for row in reader:
            if isinstance(row, Link) and row.path in goal:
                found.discard(row.path)
                links[row.path] = links.get(row.target, row.target)
            elif isinstance(row, Put) and row.entry.path in goal:
                links.pop(row.entry.path, None)
                if row.entry.type is FileType.FILE:
                    keep(row.entry.path, reader.content())
                    found.add(row.entry.path)
    return found
