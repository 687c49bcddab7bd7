"""What a dry run tells of the Dockerfiles in `plans`, before a build and after one.

`dry_runs` has the texts.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from application.options import CacheOptions
from tests.golden.dockerfiles import NAMES, made, written_down

DRY_RUNS = Path(__file__).parent / "dry_runs"
CACHE = CacheOptions(enabled=True)


def told(name: str) -> str:
    before = made(name, cache=CACHE).plan()
    built = made(name, cache=CACHE)
    built.run()
    after = made(name, cache=CACHE).after(built).plan()
    return "\n".join(["Before a build:", *before, "", "After it:", *after, ""])


@pytest.mark.parametrize("name", NAMES)
def test_a_dry_run_tells_what_was_written_down(name: str) -> None:
    found = told(name)
    assert found == written_down(DRY_RUNS / f"{name}.txt", found)


def test_every_text_has_its_dockerfile() -> None:
    assert {path.stem for path in DRY_RUNS.glob("*.txt")} == set(NAMES)
