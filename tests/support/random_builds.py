"""Random Dockerfiles, each a small change of the one before, for tests of the cache.

What a RUN makes depends on all there is: every row and content of the root but its
times, and the variables it sees. So a step that was found on anything else shows.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from adapters.memory.context import MemoryBuildContext
from adapters.memory.filesystem import MemoryRoot
from domain.build.process import ProcessSpec
from domain.image.digest import Digest
from domain.snapshot.entry import FileEntry, FileType
from tests.support.archives import directory, file, layer, symlink
from tests.support.memory_build import Command

PATHS = ("a", "b", "d/a", "d/e/b", "srv/data", "srv/new", "www/new")
DIRECTORIES = ("d", "d/e", "srv", "new", "etc")
NAMES = ("f", "g", "d", "d/x")
ARGUMENTS = ("X", "Y")
TIME = 1_700_000_000
TIME_NS = TIME * 10**9
"""Of everything, that of `FixedClock` too: times are no part of keys."""

_FOLDERS = {"bin": 0o755, "etc": 0o755, "d": 0o711, "d/e": 0o755, "new": 0o755}
_FILES = ("bin/sh", "etc/passwd", "a", "b", "d/a", "d/e/b")
BASE = (
    layer(
        *(directory(path, mode, mtime=TIME) for path, mode in _FOLDERS.items()),
        *(file(path, path.encode(), mtime=TIME) for path in _FILES),
    ),
    layer(
        directory("srv", 0o711, mtime=TIME),
        file("srv/data", b"data", uid=5, gid=6, mtime=TIME),
        file("srv/new", b"new", mtime=TIME),
        symlink("www", "srv")._replace(mtime=TIME),
    ),
)
"""Has all the paths, at first."""


def context_of(files: Mapping[str, bytes]) -> MemoryBuildContext:
    """Return a context of files, and of their directories."""
    rows = [
        FileEntry(path, FileType.FILE, 0o644, size=len(data), mtime_ns=TIME_NS)
        for path, data in files.items()
    ]
    folder = FileEntry("d", FileType.DIRECTORY, 0o755, mtime_ns=TIME_NS)
    top = folder._replace(path="")
    return MemoryBuildContext(files, [top, folder, *rows])


class Case(NamedTuple):
    """What one build is given.

    Attributes:
        dockerfile: Text of the Dockerfile.
        context: Content by path.
        arguments: Build arguments.
        lost: Whether something of the cache is lost before it.
    """

    dockerfile: str
    context: Mapping[str, bytes]
    arguments: tuple[tuple[str, str], ...]
    lost: bool


def random_cases(seed: int, count: int) -> Iterator[Case]:
    """Yield builds of one history."""
    draw = random.Random(seed)
    stages = [_stage(draw, number) for number in range(draw.randint(1, 3))]
    context = {"f": b"1", "g": b"2", "d/x": b"x"}
    arguments = dict.fromkeys(ARGUMENTS, "1")
    for _ in range(count):
        text = "\n".join(line for stage in stages for line in stage)
        yield Case(
            text + "\n",
            dict(context),
            tuple(arguments.items()),
            lost=draw.random() < 0.5,
        )
        change = draw.randrange(5)
        if change == 0:
            context[draw.choice(sorted(context))] = b"%d" % draw.randrange(9)
        elif change == 1:
            arguments[draw.choice(ARGUMENTS)] = str(draw.randrange(9))
        else:
            _change(draw, stages)


def commands_of(text: str) -> dict[str, Command]:
    """Return what the RUNs of a Dockerfile do."""
    runs = [line for line in text.splitlines() if line.startswith("RUN ")]
    return {re.sub(r"^RUN (--\S+ )?", "", line): _command for line in runs}


def _command(root: MemoryRoot, process: ProcessSpec) -> None:
    verb, *paths = process.argv[-1].split()
    if verb == "mix":
        _write(root, paths[0], _seen(root, process))
    elif verb == "write":
        _write(root, paths[0], b"written")
    elif verb == "remove" and paths[0] in root.tree:
        root.remove(paths[0])
    elif verb == "mkdir":
        _directory(root, paths[0], int(paths[1], 8))
    elif verb == "link":
        _parents(root, paths[0])
        target = paths[1]
        root.make(
            FileEntry(
                paths[0],
                FileType.SYMLINK,
                0o777,
                link_target=target,
                mtime_ns=TIME_NS,
            )
        )


def _seen(root: MemoryRoot, process: ProcessSpec) -> bytes:
    rows = [row._replace(mtime_ns=0, link_group="") for row in root.tree]
    rows.sort()
    return Digest.of(repr((rows, process)).encode()).hex.encode()


def _write(root: MemoryRoot, path: str, data: bytes) -> None:
    _parents(root, path)
    root.write_file(path, data)
    row = root.tree.get(path)
    assert row is not None
    root.make(row._replace(mtime_ns=TIME_NS))


def _parents(root: MemoryRoot, path: str) -> None:
    parts = path.split("/")[:-1]
    for number in range(1, len(parts) + 1):
        _directory(root, "/".join(parts[:number]), 0o755)


def _directory(root: MemoryRoot, path: str, mode: int) -> None:
    row = root.tree.get(path)
    if row is None or row.type is not FileType.DIRECTORY or mode != 0o755:
        root.make(FileEntry(path, FileType.DIRECTORY, mode, mtime_ns=TIME_NS))


def _stage(draw: random.Random, number: int) -> list[str]:
    base = draw.choice(["base", *(f"s{earlier}" for earlier in range(number))])
    lines = [_instruction(draw, number) for _ in range(draw.randint(1, 5))]
    return [f"FROM {base} AS s{number}", *lines]


def _change(draw: random.Random, stages: Sequence[list[str]]) -> None:
    number = draw.randrange(len(stages))
    lines = stages[number]
    place = draw.randint(1, len(lines))
    made = _instruction(draw, number)
    if place == len(lines) or draw.random() < 0.3:
        lines.insert(place, made)
    elif len(lines) > 2 and draw.random() < 0.3:
        del lines[place]
    else:
        lines[place] = made


def _instruction(draw: random.Random, stage: int) -> str:
    path, folder = draw.choice(PATHS), draw.choice(DIRECTORIES)
    name = draw.choice(NAMES)
    mode = draw.choice(["700", "711", "755", "1777"])
    earlier = draw.randrange(stage) if stage else 0
    origin = f"s{earlier}" if stage else "base"
    choices = [
        f"RUN mix {path}",
        f"RUN mix {path}",
        f"RUN write {path}",
        f"RUN remove {draw.choice([path, folder])}",
        f"RUN mkdir {folder} {mode}",
        f"RUN link {draw.choice(['www', 'l'])} {draw.choice(DIRECTORIES)}",
        "RUN nothing",
        f"COPY {name} /{path}",
        f"COPY {name} /{folder}/",
        f"COPY --chown=3:4 {name} /{folder}/",
        f"COPY --chmod={mode[-3:]} {name} /{path}",
        f"ADD {name} /{path}",
        f"COPY --from={origin} /{draw.choice(['srv', 'etc', 'srv/data'])} /{folder}",
        f"COPY --from={origin} /{draw.choice([path, folder])} /{folder}/",
        f"COPY --from={origin} /{draw.choice([path, folder])} /{folder}/",
        f"WORKDIR /{folder}",
        f"ENV {draw.choice(ARGUMENTS)}={draw.randrange(3)}",
        f"ARG {draw.choice(ARGUMENTS)}",
        f"USER {draw.randrange(2)}",
        f"LABEL a={draw.randrange(3)}",
        f"RUN --mount=target=/m,source={name} mix {path}",
        f"RUN --mount=target=/m,from={origin},source=/{folder} mix {path}",
    ]
    return draw.choice(choices)
