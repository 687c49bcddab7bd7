"""What the files that make the image must not say."""

import re
from pathlib import Path

import pytest

from tests.architecture.sources import IMAGE_FOLDER, ROOT

FILES = [
    ROOT / "Dockerfile",
    ROOT / ".dockerignore",
    *sorted(path for path in (ROOT / IMAGE_FOLDER).iterdir() if path.is_file()),
]
MACHINES = re.compile(
    r"x86|amd64|i[3-6]86|aarch|arm64|armv|armhf|s390|ppc|powerpc|riscv|mips|linux-gnu",
    re.IGNORECASE,
)
NEWER_SYNTAX = re.compile(r"^#\s*syntax|<<|--link|--parents|--exclude", re.MULTILINE)
"""What the builder of docker 20.10 does not know."""


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=_id)
def test_no_machine_is_named(path: Path) -> None:
    assert MACHINES.findall(path.read_text()) == []


def test_the_dockerfile_is_one_that_every_builder_knows() -> None:
    assert NEWER_SYNTAX.findall((ROOT / "Dockerfile").read_text()) == []


def test_the_final_stages_start_empty() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    bases = {
        words[3]: words[1]
        for words in (line.split() for line in lines)
        if words[:1] == ["FROM"]
    }
    for target in ("executor", "debug", "warmer"):
        base = bases[target]
        while base in bases:
            base = bases[base]
        assert base == "scratch"
