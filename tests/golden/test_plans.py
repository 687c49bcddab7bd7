"""Dockerfiles and what a build of them does, compared with what was written down.

Each `plans/NAME.Dockerfile` has its `plans/NAME.txt`.
"""

from __future__ import annotations

import pytest

from tests.golden.dockerfiles import NAMES, PLANS, made, written_down
from tests.support.plan_listing import ListingReporter, listing


@pytest.mark.parametrize("name", NAMES)
def test_a_build_does_what_was_written_down(name: str) -> None:
    reporter = ListingReporter()
    found = listing(made(name, reporter=reporter), reporter)
    assert found == written_down(PLANS / f"{name}.txt", found)


def test_every_text_has_its_dockerfile() -> None:
    assert {path.stem for path in PLANS.glob("*.txt")} == set(NAMES) != set()
