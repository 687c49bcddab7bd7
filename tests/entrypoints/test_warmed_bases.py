"""Which builds look for warmed base images."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.memory.ambient import RecordingReporter
from adapters.memory.images import MemoryImageSource
from application.options import CacheOptions
from entrypoints.cache_builders import warmed_bases


@pytest.mark.parametrize(
    ("enabled", "name", "is_asked", "told"),
    [
        (True, "here", True, []),
        (False, "here", False, []),
        (True, "missing", False, ["warning"]),
        (True, "", False, []),
    ],
)
def test_a_directory_is_read_where_caching_is_asked_for(
    tmp_path: Path, name: str, told: list[str], *, enabled: bool, is_asked: bool
) -> None:
    (tmp_path / "here").mkdir()
    reporter = RecordingReporter()
    directory = str(tmp_path / name) if name else ""
    cache = CacheOptions(enabled=enabled, directory=directory)
    found = warmed_bases(cache, MemoryImageSource, reporter)
    assert (found is not None) == is_asked
    assert [level for level, _ in reporter.messages] == told
