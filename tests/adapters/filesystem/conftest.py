"""Roots on a real disk, of both kinds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.filesystem.directory_root import DirectoryRoot, DirectoryRoots
from adapters.filesystem.overlay_root import OverlayRoot, OverlayRoots


@pytest.fixture(params=["directory", "overlay"])
def root(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[DirectoryRoot | OverlayRoot]:
    roots: DirectoryRoots | OverlayRoots = DirectoryRoots(str(tmp_path / "roots"))
    if request.param == "overlay":
        request.getfixturevalue("own_mounts")
        roots = OverlayRoots(str(tmp_path / "roots"))
    made = roots.create("stage-0")
    yield made
    made.discard()
