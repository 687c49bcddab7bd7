"""On a terminal, what is under way moves; afterwards the terminal is as it was."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT
from tests.support.registry_server import FakeRegistry

HIDE, SHOW = b"\x1b[?25l", b"\x1b[?25h"


def on_terminal(directory: Path, *words: str) -> tuple[int, bytes]:
    """Run the executor on a terminal of its own; return its status and the screen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "entrypoints.executor", *words],
        cwd=directory,
        env={
            "PATH": "/usr/bin:/bin",
            "TERM": "xterm",
            "PYTHONPATH": str(ROOT),
            "HOME": str(directory),
        },
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    drawn = b""
    try:
        while piece := os.read(ours, 1 << 16):
            drawn += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return process.wait(), drawn


def build(directory: Path, instruction: str) -> tuple[int, bytes]:
    context = directory / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(f"FROM scratch\n{instruction}\n")
    (context / "file").write_bytes(b"content")
    output = f"--oci-layout-path={directory}/layout"
    work = f"--kaniko-dir={directory}/work"
    return on_terminal(directory, "--context=context", "--no-push", output, work)


def test_a_build_moves_and_gives_the_terminal_back(tmp_path: Path) -> None:
    status, drawn = build(tmp_path, "COPY file /")
    assert status == 0, drawn
    assert HIDE in drawn
    assert drawn.rindex(SHOW) > drawn.rindex(HIDE)
    assert b"[stage 0 1/1] COPY file /" in drawn
    assert b"Built image" in drawn


def test_a_build_that_fails_gives_it_back_before_it_says_why(tmp_path: Path) -> None:
    status, drawn = build(tmp_path, "COPY missing /")
    assert status == 1
    assert drawn.rindex(SHOW) > drawn.rindex(HIDE)
    assert drawn.index(b"Error: Dockerfile:2: ") > drawn.rindex(SHOW)


def test_pushing_gives_it_back(tmp_path: Path) -> None:
    build(tmp_path, "COPY file /")
    with FakeRegistry() as registry:
        words = ("push", "layout", f"--destination={registry.host}/app:1", "--insecure")
        status, drawn = on_terminal(tmp_path, *words)
    assert status == 0, drawn
    assert HIDE in drawn
    assert drawn.rindex(SHOW) > drawn.rindex(HIDE)
