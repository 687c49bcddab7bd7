"""Stages of one layer make with a cache what they make without one.

The builds are those of `test_random_cached_builds`; whole stages are found or built.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random.test_random_cached_builds import check

SEEDS = st.integers(0, 2**32)


@settings(max_examples=100)
@given(seed=SEEDS)
def test_a_cache_changes_no_image_of_single_snapshots(seed: int) -> None:
    check(seed, single_snapshot=True)


def test_the_histories_find_stages() -> None:
    assert sum(check(seed, single_snapshot=True) for seed in range(20)) > 10
