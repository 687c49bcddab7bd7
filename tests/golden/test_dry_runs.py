"""What a dry run tells of the Dockerfiles in `plans`, before a build and after one.

`make golden` writes the texts in `dry_runs` anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.memory.secrets import MemorySecrets
from application.options import CacheOptions
from domain.image.config import ContainerConfig
from tests.golden.test_plans import COMMANDS, CONTEXT, NAMES, PLANS
from tests.support.memory_build import MemoryBuild

DRY_RUNS = Path(__file__).parent / "dry_runs"


def made(name: str) -> MemoryBuild:
    build = MemoryBuild(
        (PLANS / f"{name}.Dockerfile").read_text(encoding="utf-8"),
        context=CONTEXT,
        ignore=".git\n*.md",
        commands=COMMANDS,
        secrets=MemorySecrets({"token": b"in no text"}),
        cache=CacheOptions(enabled=True),
    )
    triggers = ("ARG ONB=1", "COPY app /srv/app", "RUN echo triggered $ONB")
    build.add_base("onbuild", config=ContainerConfig(on_build=triggers))
    return build


def told(name: str) -> str:
    before = made(name).plan()
    built = made(name)
    built.run()
    after = made(name).after(built).plan()
    return "\n".join(["Before a build:", *before, "", "After it:", *after, ""])


@pytest.mark.parametrize("name", NAMES)
def test_a_dry_run_tells_what_was_written_down(name: str) -> None:
    expected = DRY_RUNS / f"{name}.txt"
    found = told(name)
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_every_text_has_its_dockerfile() -> None:
    assert {path.stem for path in DRY_RUNS.glob("*.txt")} == set(NAMES)
