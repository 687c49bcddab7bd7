"""House rules that no tool of the house checks."""

import importlib
import importlib.metadata
import re
from pathlib import Path

import pytest

from tests.architecture.sources import (
    IMAGE_FOLDER,
    PACKAGES,
    ROOT,
    TEST_FOLDERS,
    modules,
)

FOLDERS = (*PACKAGES, *TEST_FOLDERS, IMAGE_FOLDER)
DOCUMENTS = (
    "*.md", "*.toml", "Makefile", "Dockerfile", ".ci/run", "docs/**/*.md",
    "examples/**/*",
)  # fmt: skip
UNWELCOME_NAMES = frozenset({"utils", "helpers", "common", "manager", "base", "misc"})


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_owns_our_top_level_name(package: str) -> None:
    owners = importlib.metadata.packages_distributions().get(package, [])
    assert set(owners) <= {"kanipy"}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_imported_package_is_this_repository(package: str) -> None:
    origin = importlib.import_module(package).__file__
    assert origin is not None
    assert Path(origin).resolve().parent == ROOT / package


def test_no_module_has_a_name_that_says_nothing() -> None:
    files = modules(*FOLDERS)
    assert [path for path in files if path.stem in UNWELCOME_NAMES] == []


def test_no_file_mentions_the_machine_it_was_written_on() -> None:
    """No checkout path and no package mirror: the product speaks of itself alone."""
    documents = [p for d in DOCUMENTS for p in ROOT.glob(d) if p.is_file()]
    files = [*modules(*FOLDERS), *documents]
    checkout = rf"{re.escape(str(ROOT))}\b|" if len(ROOT.parts) > 2 else ""
    pattern = re.compile(rf"{checkout}--(extra-|)index-url|--find[-]links".encode())
    assert [path for path in files if pattern.search(path.read_bytes())] == []
