"""Random COPYs over random trees, and the layers that a build makes of them."""

from __future__ import annotations

import random
import tempfile
from collections import defaultdict
from collections.abc import Mapping

from adapters.filesystem.directory_root import DirectoryRoots
from adapters.memory.context import MemoryBuildContext
from domain.errors import KanipyError
from domain.snapshot.entry import FileEntry, FileType
from tests.support.archives import layer
from tests.support.memory_build import MemoryBuild
from tests.support.union_model import NAMES, random_layers, union

TYPES = {
    "dir": FileType.DIRECTORY,
    "symlink": FileType.SYMLINK,
    "file": FileType.FILE,
}
TIME_NS = 1_400_000_000 * 10**9


class RealRoots(DirectoryRoots):
    """Roots on the disk, for commands that do not look at them."""

    created: defaultdict[str, None]


def random_context(seed: int) -> MemoryBuildContext:
    rows = union(random_layers(seed))
    files = {row.path: row.content.encode() for row in rows if row.type == "file"}
    return MemoryBuildContext(
        files,
        [
            FileEntry(
                row.path,
                TYPES[row.type],
                row.mode,
                mtime_ns=TIME_NS,
                size=len(row.content) if row.type == "file" else 0,
                link_target=row.content if row.type == "symlink" else "",
            )
            for row in rows
        ],
    )


def random_copies(seed: int) -> list[str]:
    """Return one to four instructions; nearly all of their sources exist."""
    chance = random.Random(seed)
    trees = {
        "": [row.path for row in union(random_layers(seed + 1))],
        "--from=other ": [row.path for row in union(random_layers(seed + 2))],
    }
    return [_random_copy(chance, trees) for _ in range(chance.randint(1, 4))]


def _random_copy(chance: random.Random, trees: Mapping[str, list[str]]) -> str:
    if chance.random() < 0.15:
        return f"WORKDIR /{_random_path(chance)}"
    flags = ["", "", "--chown=3:4 ", "--chmod=750 ", "--chmod=u+x,go=rX ", "--link "]
    origin = chance.choice(list(trees))
    there = ["*", "?", *trees[origin], *trees[origin]]
    sources = chance.choices(there, k=chance.choice([1, 1, 2]))
    if chance.random() < 0.05:
        sources = [_random_path(chance)]
    fresh = [f"/n{number}/x/" for number in range(4)]
    target = chance.choice(["/", f"/{_random_path(chance)}/", *fresh, "f"])
    return f"COPY {chance.choice(flags)}{origin}{' '.join(sources)} {target}"


def _random_path(chance: random.Random) -> str:
    return "/".join(chance.choices(NAMES, k=chance.randint(1, 2)))


def layers_of(seed: int, steps: list[str], *, on_disk: bool) -> list[str] | str:
    """Return the digests of all layers, or what is wrong."""
    text = "\n".join(["FROM other AS other", "FROM random", *steps])
    build = MemoryBuild(
        text,
        context=random_context(seed + 1),
        commands={"nothing": lambda root, process: None},
    )
    build.add_base("random", [layer(*each) for each in random_layers(seed)])
    build.add_base("other", [layer(*each) for each in random_layers(seed + 2)])
    with tempfile.TemporaryDirectory() as place:
        if on_disk:
            roots = RealRoots(place)
            roots.created = defaultdict(lambda: None)
            build.roots = roots  # type: ignore[assignment]
        try:
            build.run()
        except KanipyError as error:
            return error.message
    return [str(each.digest) for each in build.published.manifest.layers]
