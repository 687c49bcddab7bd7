"""A stage that makes one layer makes the files of one that makes many."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.memory.filesystem import MemoryRoot
from domain.build.process import ProcessSpec
from domain.errors import KanipyError
from domain.snapshot.entry import FileEntry, FileType
from tests.support.archives import layer
from tests.support.disks import flat
from tests.support.memory_build import Command, MemoryBuild
from tests.support.random_copies import random_context, random_copies
from tests.support.union_model import NAMES, random_layers


def random_deeds(chance: random.Random) -> Command:
    """Return a command that changes a few paths."""
    deeds = [
        (
            chance.choice(["write", "make", "remove", "link"]),
            *chance.choices(PATHS, k=2),
        )
        for _ in range(4)
    ]

    def command(root: MemoryRoot, process: ProcessSpec) -> None:
        for deed, path, other in deeds:
            work(root, deed, path, other)

    return command


PATHS = [*NAMES, *(f"{one}/{two}" for one in NAMES[:3] for two in NAMES[:3])]


def work(root: MemoryRoot, deed: str, path: str, other: str) -> None:
    """Do one thing; where a disk would refuse it, nothing."""
    parent = root.tree.get(path.rpartition("/")[0])
    if parent is None or parent.type is not FileType.DIRECTORY:
        return
    old, target = root.tree.get(path), root.tree.get(other)
    if deed == "remove" and old is not None:
        root.remove(path)
    elif deed == "write" and (old is None or _is_file(old)):
        root.write_file(path, other.encode())
    elif deed == "make" and old is None:
        root.make(FileEntry(path, FileType.DIRECTORY, 0o700))
    elif deed == "link" and old is None and _is_file(target):
        root.link(path, other)


def _is_file(row: FileEntry | None) -> bool:
    return row is not None and row.type is FileType.FILE


def random_stages(seed: int, *, single: bool) -> MemoryBuild | str:
    """Build two stages of random steps; return what is wrong if it is refused."""
    chance = random.Random(seed)
    commands = {f"deed {number}": random_deeds(chance) for number in range(4)}
    stages = []
    for base in ("random AS first", "first"):
        runs = [f"RUN {name}" for name in chance.sample(sorted(commands), k=2)]
        steps = [*random_copies(seed), *runs]
        chance.shuffle(steps)
        stages += [f"FROM {base}", *steps[: chance.randint(1, len(steps))]]
    build = MemoryBuild(
        "\n".join(["FROM other AS other", *stages]),
        context=random_context(seed + 1),
        commands=commands,
        single_snapshot=single,
    )
    build.add_base("random", [layer(*each) for each in random_layers(seed)])
    build.add_base("other", [layer(*each) for each in random_layers(seed + 2)])
    try:
        build.run()
    except KanipyError as error:
        return error.message
    return build


def image(build: MemoryBuild | str) -> dict[str, FileEntry] | str:
    return build if isinstance(build, str) else flat(build.tree())


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_the_image_is_the_one_of_many_layers(seed: int) -> None:
    many, one = (random_stages(seed, single=single) for single in (False, True))
    assert image(one) == image(many)
    if not isinstance(one, str):
        base = len(random_layers(seed))
        assert len(one.published.manifest.layers) <= base + 2


def test_the_seeds_above_make_layers() -> None:
    found = [random_stages(seed, single=True) for seed in range(20)]
    images = [each for each in found if not isinstance(each, str)]
    assert len(images) > 5
