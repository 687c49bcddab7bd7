"""The image's `git submodule` does what git's own does, for what the product asks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

SCRIPT = ROOT / "image" / "git_submodule.py"


def _run(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    git = tmp_path / "git"
    git.write_text('#!/bin/sh\necho "$@" "$GIT_PROTOCOL_FROM_USER"\n')
    git.chmod(0o755)
    return subprocess.run(
        [sys.executable, "-IS", SCRIPT, *words],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{tmp_path}:{os.defpath}"},
    )


def test_update_is_given_to_gits_helper(tmp_path: Path) -> None:
    words = ("--quiet", "update", "--init", "--recursive", "--force", "--depth=1")
    passed = "--quiet --init --recursive --force --depth=1"
    done = _run(tmp_path, *words)
    assert done.stdout == f"submodule--helper update {passed} -- 0\n", done.stderr


@pytest.mark.parametrize("words", [["status"], [], ["update", "--remote"]])
def test_anything_else_is_refused(tmp_path: Path, words: list[str]) -> None:
    done = _run(tmp_path, *words)
    assert done.returncode == 1
    assert done.stderr.startswith("git submodule")
    assert done.stdout == ""
