"""`kanipy push` and `kanipy index` with registries that let in whom they know alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.executor import COMMAND, ENVIRONMENT, Executor, write_context
from integration.services.certificates import Authority, make_authority
from integration.services.guarded_registries import (
    KINDS,
    GuardedRegistry,
    guarded_registry,
)

PLATFORMS = ("linux/amd64", "linux/arm64")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(params=KINDS)
def place(
    request: pytest.FixtureRequest, tmp_path: Path, authority: Authority
) -> Iterator[GuardedRegistry]:
    with guarded_registry(request.param, tmp_path / "registry", authority) as running:
        yield running


def command(
    place: GuardedRegistry, *words: str | Path, knows: bool = True, status: int = 0
) -> str:
    """Run a command, with or without what the registry wants to see."""
    done = subprocess.run(
        [*COMMAND, *words, *(place.flags if knows else ()), "--log-format=text"],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={**ENVIRONMENT, **(place.environment if knows else {})},
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert "correct horse" not in done.stderr
    return done.stderr


def test_images_are_pushed_and_put_together(
    executor: Executor, place: GuardedRegistry, tmp_path: Path
) -> None:
    """Without what the registry wants to see nothing gets there."""
    layouts, sources = [], []
    for platform in PLATFORMS:
        name = platform.rpartition("/")[2]
        context = write_context(
            tmp_path / name, "FROM scratch\nCOPY f /f\n", {"f": name}
        )
        layouts.append(tmp_path / f"{name}-layout")
        executor.layout(context, layouts[-1], f"--custom-platform={platform}")
        sources.append(f"--from={place.host}/parts/{name}:1")
    names = [source.removeprefix("--from=") for source in sources]
    for layout, name in zip(layouts, names, strict=True):
        command(place, "push", layout, f"-d={name}", knows=False, status=1)
        assert place.open.repositories() == []
    for layout, name in zip(layouts, names, strict=True):
        command(place, "push", layout, f"-d={name}")
    whole = f"{place.host}/whole:1"
    command(place, "index", "create", whole, *sources, knows=False, status=1)
    assert place.open.manifest("whole", "1") is None
    command(place, "index", "create", whole, *sources)
    index = place.open.manifest("whole", "1")
    digests = [
        json.loads((layout / "index.json").read_bytes())["manifests"][0]["digest"]
        for layout in layouts
    ]
    assert [entry["digest"] for entry in index["manifests"]] == digests
    uploads = [line for line in place.log.read_text().splitlines() if "/whole/" in line]
    assert not [line for line in uploads if '"PATCH ' in line]
