"""Builds with and without a cache, for minutes, by the check of the short tests."""

from soak.conftest import TimedSeeds
from tests.random.test_random_cached_builds import check


def test_a_cache_changes_no_image(timed_seeds: TimedSeeds) -> None:
    for seed in timed_seeds(0.25):
        check(seed)
