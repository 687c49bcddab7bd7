"""A stage without RUN never extracts its base, however large that is."""

from pathlib import Path

import pytest

from integration.executor import named_base, write_context
from integration.image_comparison.comparison import load_image
from integration.recorded_build import Record, recorded_build
from integration.services.bases import wide_layout

FILES = 100_000


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Offer a base of many small files."""
    return wide_layout(tmp_path_factory.mktemp("wide") / "layout", FILES)


def build(base: str, dockerfile: str, directory: Path) -> Record:
    """Build in a process that tells what it did; `base` is the flag that names it."""
    context = write_context(directory / "context", dockerfile, {"app": b"app"})
    flags = (f"--oci-layout-path={directory / 'image'}", "--no-push", base)
    return recorded_build(context, directory / "work", *flags)


def test_copies_on_a_wide_base_are_planned(wide: Path, tmp_path: Path) -> None:
    dockerfile = """
        FROM wide AS first
        COPY app /wide/0/7
        WORKDIR /srv/app
        FROM wide
        COPY --chown=1:2 app /wide/
        COPY --from=first /wide/0/7 /srv/app /copied/
        ENV A=1
        """
    record = build(named_base("wide", wide, "wide"), dockerfile, tmp_path)
    assert record["roots"] == []
    assert set(record["effects"]) == {"ReadLayers", "WriteLayer"}
    files = load_image(f"oci:{tmp_path / 'image'}", tmp_path).files
    assert len([path for path in files if path.startswith("wide/")]) > FILES
    assert files["wide/app"].owner == "1:2"
    assert files["copied/7"].content == files["wide/app"].content
    assert "srv" not in files


def test_a_run_makes_one_root_and_is_seen_to(small_bases: Path, tmp_path: Path) -> None:
    """The check above can fail: what it looks for is there when something runs."""
    dockerfile = "FROM busybox\nCOPY app /\nRUN rm /app\nRUN true\n"
    base = named_base("busybox", small_bases, "busybox")
    record = build(base, dockerfile, tmp_path)
    assert len(record["roots"]) == 1
    assert record["effects"].count("Materialise") == 1
    assert record["effects"].count("RunProcess") == 2
