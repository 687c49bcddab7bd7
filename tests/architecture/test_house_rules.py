"""House rules that no tool of the house checks."""

import ast
import importlib
import importlib.metadata
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import (
    IMAGE_FOLDER,
    PACKAGES,
    ROOT,
    TEST_FOLDERS,
    modules,
    parse,
)

FOLDERS = (*PACKAGES, *TEST_FOLDERS, IMAGE_FOLDER)
DOCUMENTS = (
    "*.md", "*.toml", "Makefile", "Dockerfile", ".ci/run", "docs/**/*.md",
    "examples/**/*",
)  # fmt: skip
UNWELCOME_NAMES = frozenset({"utils", "helpers", "common", "manager", "base", "misc"})
PROMISED_TARGETS = frozenset({
    "help", "setup", "format", "lint", "types", "layers", "unit", "contracts", "check",
    "test", "integration", "demo", "bench", "soak", "image", "clean",
})  # fmt: skip


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_owns_our_top_level_name(package: str) -> None:
    owners = importlib.metadata.packages_distributions().get(package, [])
    assert set(owners) <= {"kanipy"}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_imported_package_is_this_repository(package: str) -> None:
    origin = importlib.import_module(package).__file__
    assert origin is not None
    assert Path(origin).resolve().parent == ROOT / package


def test_every_module_says_what_it_is() -> None:
    files = [*modules(*FOLDERS), ROOT / "conftest.py"]
    assert [path for path in files if not ast.get_docstring(parse(path))] == []


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


def _make(*arguments: str) -> subprocess.CompletedProcess[str]:
    make = shutil.which("make")
    assert make is not None
    # An old-file stamp: a test never rebuilds the environment that it runs in.
    command = [make, "--no-print-directory", "-o", ".venv/.made", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_make_lists_every_target_by_default() -> None:
    listed = set(re.findall(r"^  ([a-z]+) +\S", _make().stdout, flags=re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text()
    defined = set(re.findall(r"^([a-z]+):(?!=)", makefile, flags=re.MULTILINE))
    assert listed >= defined | PROMISED_TARGETS


SKIPPING = '''"""A test that is skipped."""
import pytest


def test_skipped() -> None:
    pytest.skip("no reason")
'''


@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_a_skipped_test_fails_the_session_under_ci(
    tmp_path: Path, ci: str, status: int
) -> None:
    (tmp_path / "conftest.py").write_bytes((ROOT / "conftest.py").read_bytes())
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    outcome = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env={"CI": ci, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == status, outcome.stdout
