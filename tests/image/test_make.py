"""`make image` says what is missing before it begins."""

import os
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT


def _make(tmp_path: Path, client: str) -> subprocess.CompletedProcess[str]:
    """Run it with a docker client that is a shell script, which notes its words."""
    program = tmp_path / "client"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/words\n{client}\n')
    program.chmod(0o755)
    return subprocess.run(
        [sys.executable, "-m", "image.make", f"--docker={program}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": os.defpath,
            "DOCKER_HOST": "unix:///nowhere",
            "SSL_CERT_FILE": "/authorities",
            "https_proxy": "http://proxy",
            "PIP_INDEX_URL": "https://user:password@index",
        },
    )


def _words(tmp_path: Path) -> list[str]:
    return (tmp_path / "words").read_text().splitlines()


def test_a_daemon_that_does_not_answer_is_named(tmp_path: Path) -> None:
    done = _make(tmp_path, "exit 1")
    assert done.returncode == 1
    assert "no docker daemon answers at unix:///nowhere" in done.stderr
    assert "Hint: " in done.stderr
    assert _words(tmp_path) == ["version"]


def test_all_three_images_are_built_with_what_the_network_needs(tmp_path: Path) -> None:
    done = _make(tmp_path, "exit 0")
    assert done.returncode == 0, done.stderr
    builds = [line for line in _words(tmp_path) if line.startswith("build ")]
    assert [line.partition("--target=")[2].split()[:2] for line in builds] == [
        ["executor", "--tag=kanipy/executor:dev"],
        ["debug", "--tag=kanipy/executor:debug"],
        ["warmer", "--tag=kanipy/warmer:dev"],
    ]
    for line in builds:
        assert "--build-arg=BUILDER_BASE=debian:bookworm-slim" in line
        assert "--build-arg=https_proxy " in line
        assert "--secret=id=ca,src=/authorities" in line
        assert "--secret=id=pip_index_url,env=PIP_INDEX_URL" in line
        assert "password" not in line


def test_a_build_that_fails_ends_it(tmp_path: Path) -> None:
    done = _make(tmp_path, 'test "$1" != build')
    assert done.returncode == 1
    assert "docker build ended with status 1" in done.stderr
    assert len([line for line in _words(tmp_path) if line.startswith("build ")]) == 1
