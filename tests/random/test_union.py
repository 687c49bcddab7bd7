"""Random stacks of layers are, in the model and on disk, what the rules say."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.archive.layer_reader import read_index
from adapters.filesystem.directory_root import DirectoryRoots
from domain.snapshot.tree import FileTree
from tests.support.archives import layer
from tests.support.disk_rows import disk_rows
from tests.support.union_model import random_layers, union

SEEDS = st.integers(0, 2**32)


@settings(max_examples=200)
@given(seed=SEEDS)
def test_the_model_is_the_union(seed: int) -> None:
    layers = random_layers(seed)
    tree = FileTree.empty()
    for members in layers:
        made = layer(*members)
        tree = tree.apply(read_index(made.open(), made.diff_id))
    found = [
        (
            entry.path,
            entry.type.name.lower().replace("directory", "dir"),
            entry.mode,
            entry.uid,
            entry.link_target,
        )
        for entry in tree.walk("")
        if entry.path
    ]
    assert sorted(found) == [
        (row.path, row.type, row.mode, row.uid, row.content * (row.type == "symlink"))
        for row in union(layers)
    ]


@settings(max_examples=40)
@given(seed=SEEDS)
def test_the_disk_is_the_union(seed: int) -> None:
    layers = random_layers(seed)
    with tempfile.TemporaryDirectory() as place:
        root = DirectoryRoots(place).create("union")
        for members in layers:
            made = layer(*members)
            root.extract(made.open(), "", made.diff_id)
        assert disk_rows(Path(root.path)) == union(layers)
        root.discard()
