"""Builds with a cache make what builds without one make, whatever was built before.

Those with one build their stages side by side, the others one after the other.
"""

from __future__ import annotations

import random

import pytest

from application.options import CacheOptions
from domain.errors import KanipyError
from tests.support.memory_build import MemoryBuild, inputs
from tests.support.random_builds import (
    BASE,
    Case,
    commands_of,
    context_of,
    random_cases,
)

SEEDS = range(200)
BUILDS = 5
SHARE = 0.3


def outcome(made: MemoryBuild) -> object:
    """Build; return what came of it: the image to the last byte, or the failure."""
    try:
        made.run()
    except KanipyError as error:
        return type(error), str(error)
    return made.published.manifest.raw


def build(
    case: Case,
    cache: CacheOptions | None,
    after: MemoryBuild | None = None,
    *,
    single_snapshot: bool = False,
) -> tuple[MemoryBuild, object]:
    made = MemoryBuild(
        case.dockerfile,
        context=context_of(case.context),
        commands=commands_of(case.dockerfile),
        options=inputs(build_args=case.arguments),
        cache=cache,
        single_snapshot=single_snapshot,
        jobs=1 if cache is None else 3,
    )
    made.add_base("base", BASE)
    made.destination.has_origins = True
    if after is not None:
        made.after(after)
    return made, outcome(made)


def lose(made: MemoryBuild, draw: random.Random) -> None:
    """Lose something of a cache."""
    cache = made.cache
    for key in [key for key in cache.steps if draw.random() < SHARE]:
        del cache.steps[key]
    for digest in [digest for digest in cache.indexes if draw.random() < SHARE]:
        del cache.indexes[digest]


def check(seed: int, *, single_snapshot: bool = False) -> int:
    """Build a history with and without a cache; return how many steps were found."""
    draw = random.Random(seed)
    options = CacheOptions(enabled=True, copy_layers=draw.random() < 0.5)
    last: MemoryBuild | None = None
    found = 0
    for number, case in enumerate(random_cases(seed, BUILDS)):
        if last is not None and case.lost:
            lose(last, draw)
        _, expected = build(case, None, single_snapshot=single_snapshot)
        last, actual = build(case, options, last, single_snapshot=single_snapshot)
        assert actual == expected, f"seed {seed}, build {number}:\n{case.dockerfile}"
        found += len(last.cache.found)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cache_changes_no_image(seed: int) -> None:
    check(seed)


def test_the_histories_are_worth_their_time() -> None:
    """They find steps, and most of their builds end well."""
    assert sum(check(seed) for seed in range(20)) > 100
    ended = [
        isinstance(build(case, None)[1], bytes)
        for seed in range(20)
        for case in random_cases(seed, BUILDS)
    ]
    assert sum(ended) > len(ended) / 2
