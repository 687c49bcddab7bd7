"""Records of stages, kept where the layer cache is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from adapters.layer_cache import StoredLayerCache
from adapters.memory.ambient import FixedClock, RecordingReporter
from adapters.memory.layers import MemoryLayers
from adapters.storage.cache_layouts import LayoutEntries
from application.ports.layer_cache import FoundStep
from domain.build.cache_key import CacheKey
from domain.build.explanation import RecordedStep, StageRecord
from domain.image.digest import Digest

RECORD = StageRecord("salt", [RecordedStep("RUN", {"ENV A": "1"})])
NAME = "a" * 64
KEY = CacheKey("b" * 64)


def opened(path: Path, reporter: RecordingReporter | None = None) -> StoredLayerCache:
    """Open a cache, as each build does."""
    return StoredLayerCache(
        LayoutEntries(str(path)),
        MemoryLayers(FixedClock()),
        timedelta(days=1),
        reporter or RecordingReporter(),
    )


def test_a_record_is_there_for_the_next_build(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    cache.remember(NAME, RECORD)
    cache.finish()
    assert opened(tmp_path).last(NAME) == RECORD


def test_a_record_is_replaced(tmp_path: Path) -> None:
    for record in (RECORD, RECORD._replace(salt="other")):
        cache = opened(tmp_path)
        cache.remember(NAME, record)
        cache.finish()
    assert opened(tmp_path).last(NAME) == RECORD._replace(salt="other")


def test_a_stage_without_a_record_has_none(tmp_path: Path) -> None:
    reporter = RecordingReporter()
    assert opened(tmp_path, reporter).last(NAME) is None
    assert reporter.messages == []


@pytest.mark.parametrize("data", [b"", b"{}", b"something else"])
def test_a_damaged_record_is_told_and_not_used(tmp_path: Path, data: bytes) -> None:
    cache = opened(tmp_path)
    cache.remember(NAME, RECORD)
    cache.finish()
    [blob] = [
        path
        for path in tmp_path.rglob("blobs/sha256/*")
        if path.read_bytes() == RECORD.to_json()
    ]
    blob.write_bytes(data)
    reporter = RecordingReporter()
    assert opened(tmp_path, reporter).last(NAME) is None
    [(level, _)] = reporter.messages
    assert level == "warning"


def test_another_image_is_no_record(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    cache.store(KEY, None)
    cache.finish()
    (tmp_path / KEY.hex).rename(tmp_path / f"why-{NAME}")
    reporter = RecordingReporter()
    assert opened(tmp_path, reporter).last(NAME) is None
    assert len(reporter.messages) == 1


def test_a_step_says_how_long_it_took(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    cache.store(KEY, None, 12.34)
    cache.finish()
    assert opened(tmp_path).find(KEY) == FoundStep(seconds=12.3)


@pytest.mark.parametrize("text", ["-1.0", "nan", "inf", "soon"])
def test_a_senseless_time_is_none(tmp_path: Path, text: str) -> None:
    cache = opened(tmp_path)
    cache.store(KEY, None, 98765.0)
    cache.finish()
    _rewrite(tmp_path / KEY.hex, "98765.0", text)
    assert opened(tmp_path).find(KEY) == FoundStep()


def _rewrite(layout: Path, old: str, new: str) -> None:
    """Change a manifest, and what names it."""
    [manifest] = [
        path
        for path in layout.glob("blobs/sha256/*")
        if old.encode() in path.read_bytes() and b'"layers"' in path.read_bytes()
    ]
    data = manifest.read_bytes().replace(old.encode(), new.encode())
    digest = Digest.of(data)
    index = layout / "index.json"
    text = index.read_text().replace(manifest.name, digest.hex)
    size = manifest.stat().st_size
    index.write_text(text.replace(f'"size":{size}', f'"size":{len(data)}'))
    manifest.with_name(digest.hex).write_bytes(data)
