"""Random layers and copies, for minutes, by the checks that the short tests make."""

import tempfile
from pathlib import Path

from adapters.archive.layer_reader import read_index
from adapters.filesystem.directory_root import DirectoryRoots
from domain.snapshot.tree import FileTree
from soak.conftest import TimedSeeds
from tests.support.archives import layer
from tests.support.disk_rows import disk_rows
from tests.support.random_copies import layers_of, random_copies
from tests.support.union_model import random_layers, union


def test_layers_are_the_same_with_and_without_a_root(timed_seeds: TimedSeeds) -> None:
    for seed in timed_seeds(0.25):
        steps = random_copies(seed)
        planned = layers_of(seed, steps, on_disk=False)
        behind = layers_of(seed, [*steps, "RUN nothing"], on_disk=True)
        before = layers_of(seed, ["RUN nothing", *steps], on_disk=True)
        assert (before, behind) == (planned, planned), (seed, steps)


def test_stacks_of_layers_are_their_union(timed_seeds: TimedSeeds) -> None:
    for seed in timed_seeds(0.25):
        layers = random_layers(seed)
        tree = FileTree.empty()
        with tempfile.TemporaryDirectory() as place:
            root = DirectoryRoots(place).create("union")
            for members in layers:
                made = layer(*members)
                tree = tree.apply(read_index(made.open(), made.diff_id))
                root.extract(made.open(), "", made.diff_id)
            expected = union(layers)
            assert disk_rows(Path(root.path)) == expected, seed
            paths = sorted(entry.path for entry in tree.walk("") if entry.path)
            assert paths == [row.path for row in expected], seed
            root.discard()
