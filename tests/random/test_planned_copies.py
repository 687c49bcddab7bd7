"""A COPY makes the same layer, byte for byte, whether there is a root or not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.memory_build import BASE_LAYERS, MemoryBuild
from tests.support.random_copies import layers_of, random_copies


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_layers_are_the_same_with_and_without_a_root(seed: int) -> None:
    steps = random_copies(seed)
    planned = layers_of(seed, steps, on_disk=False)
    for on_disk in (False, True):
        # A RUN before has the root made, a RUN behind has it made at once.
        before = layers_of(seed, ["RUN nothing", *steps], on_disk=on_disk)
        behind = layers_of(seed, [*steps, "RUN nothing"], on_disk=on_disk)
        assert before == planned, steps
        assert behind == planned, steps


@pytest.mark.parametrize("wanted", ["layers", "refusals"])
def test_the_seeds_above_give_both(wanted: str) -> None:
    found = [layers_of(seed, random_copies(seed), on_disk=False) for seed in range(20)]
    count = sum(isinstance(each, str) for each in found)
    assert 20 - count > 5 if wanted == "layers" else count > 0


def test_the_bases_are_left_alone() -> None:
    build = MemoryBuild("FROM base\nRUN nothing", commands={"nothing": lambda r, p: 0})
    build.run()
    digests = [each.digest for each in build.published.manifest.layers]
    assert digests == [each.descriptor.digest for each in BASE_LAYERS]
