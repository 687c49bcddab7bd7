"""The warmer from its words to its exit status."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from application.options import WarmOptions
from domain.errors import KanipyError
from entrypoints.flags.warmer_table import WARMER_FLAGS
from entrypoints.version import VERSION
from entrypoints.warmer import main, run
from tests.entrypoints.command_line import Performer
from tests.support.images import SmallImage, make_image, make_tar
from tests.support.registry_server import FakeRegistry
from tests.support.web_server import Answer, WebServer

IMAGE = make_image(make_tar({"a": b"first"}), make_tar({"b": b"second"}))
_LIST_MODULES = """\
import sys
from entrypoints.warmer import main
status = main(sys.argv[1:])
print("modules", *sys.modules, file=sys.stderr)
sys.exit(status)
"""


@pytest.fixture
def server() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        for name in ("app", "tool"):
            _put(registry, name, IMAGE)
        yield registry


def _put(server: FakeRegistry, name: str, image: SmallImage) -> None:
    for data in image.blobs().values():
        server.put_blob(name, data)
    server.put_manifest(name, "1", image.manifest.raw, image.manifest.media_type)


def _run(cache: Path, *words: str) -> int:
    flags = (f"--cache-dir={cache}", "--log-format=text", *words)
    return run(flags, {"PATH": "/usr/bin", "HOME": "/nonexistent"})


def test_images_of_a_registry_are_warmed(
    tmp_path: Path, server: FakeRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (f"-i={server.host}/app:1", f"-i={server.host}/tool:1")
    assert _run(tmp_path / "cache", *words) == 0
    assert (tmp_path / "cache" / str(IMAGE.manifest.digest) / "oci-layout").is_file()
    assert "Warmed" in capsys.readouterr().err
    blobs = [line for line in server.lines if "/blobs/" in line]
    assert len(blobs) == 1 + 3  # to resolve the image, and to warm it once
    server.seen.clear()
    assert _run(tmp_path / "cache", *words) == 0
    assert {line.partition(" ")[0] for line in server.lines} == {"HEAD"}


@pytest.mark.parametrize(
    ("names", "flags", "status"),
    [
        (["app:1", "none:1"], [], 0),
        (["app:1", "none:1"], ["--strict"], 1),
        (["none:1", "none:2"], [], 1),
        (["app:1"], ["--strict"], 0),
    ],
)
def test_the_status_is_a_failure_where_all_failed_or_strictly_one(
    tmp_path: Path,
    server: FakeRegistry,
    capsys: pytest.CaptureFixture[str],
    names: list[str],
    flags: list[str],
    status: int,
) -> None:
    images = [f"--image={server.host}/{name}" for name in names]
    assert _run(tmp_path, *images, *flags) == status
    told = capsys.readouterr().err
    failed = [name for name in names if "none" in name]
    assert told.count("Error: ") == len(failed)
    assert told.count("Hint: check the name and the tag") == len(failed)
    assert (f"{server.host}/none: " in told) == bool(failed)
    assert ("1 of 2 images could not be warmed" in told) == (len(failed) == 1)


def test_a_registry_that_sends_other_bytes_is_named_with_a_remedy(
    tmp_path: Path, server: FakeRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    layer = IMAGE.manifest.layers[1]
    server.blobs["app", str(layer.digest)] = bytes(layer.size)
    assert _run(tmp_path, f"--image={server.host}/app:1") == 1
    told = capsys.readouterr().err
    assert f"Error: {server.host}/app:1: the layer's bytes are not" in told
    assert "Hint: the registry or a proxy damages it" in told


def test_the_base_images_of_a_dockerfile_are_warmed(
    tmp_path: Path, server: FakeRegistry
) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(
        f"ARG HOST\nARG TAG=2\nFROM $HOST/app:$TAG AS a\nFROM a\nFROM scratch\n"
        f"FROM {server.host}/app:${{TAG}}\n"
    )
    arguments = (f"--build-arg=HOST={server.host}", "--build-arg=TAG=1")
    assert _run(tmp_path / "cache", f"--dockerfile={dockerfile}", *arguments) == 0
    assert (tmp_path / "cache" / str(IMAGE.manifest.digest)).is_dir()


def test_a_dockerfile_may_lie_at_an_address(
    tmp_path: Path, server: FakeRegistry
) -> None:
    with WebServer() as web:
        text = f"FROM {server.host}/app:1\n".encode()
        web.answers["/Dockerfile"] = [Answer(body=text)]
        assert _run(tmp_path / "cache", f"-d={web.url}/Dockerfile") == 0
    assert (tmp_path / "cache" / str(IMAGE.manifest.digest)).is_dir()


def test_a_dockerfile_without_images_is_nothing_to_do(tmp_path: Path) -> None:
    (tmp_path / "D").write_text("FROM scratch\n")
    assert _run(tmp_path / "cache", f"-d={tmp_path / 'D'}") == 0


def test_a_missing_dockerfile_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(tmp_path, f"-d={tmp_path / 'none'}") == 1
    assert "Hint: give the path of a Dockerfile" in capsys.readouterr().err


def test_entries_can_be_read_by_everybody_whatever_the_umask(
    tmp_path: Path, server: FakeRegistry
) -> None:
    subprocess.run(
        [
            *("/bin/sh", "-c", 'umask 077; exec "$0" "$@"', sys.executable, "-m"),
            *("entrypoints.warmer", f"-i={server.host}/app:1", "-c", tmp_path / "c"),
        ],
        check=True,
        capture_output=True,
        cwd=Path(__file__).parents[2],
    )
    entry = tmp_path / "c" / str(IMAGE.manifest.digest)
    paths = [tmp_path / "c", entry, *entry.rglob("*")]
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o755, 0o644}


def test_errors_and_mistakes_are_told_in_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["-i=a"], {}, Performer[WarmOptions](KanipyError("no", hint="do"))) == 1
    assert capsys.readouterr().err == "Error: no\nHint: do\n"
    warmer = Performer[WarmOptions]()
    assert run(["--nonsense"], {}, warmer) == 1
    assert warmer.asked == []
    assert capsys.readouterr().err == (
        "Error: unknown flag --nonsense\nRun 'kanipy-warmer --help' for usage.\n"
    )


@pytest.mark.parametrize("word", ["--version", "version"])
def test_the_version_is_told(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 0
    assert capsys.readouterr().out == f"kanipy-warmer {VERSION}\n"


def test_the_help_has_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    for flag in WARMER_FLAGS:
        assert flag.hidden or f"--{flag.name}" in told
    assert max(len(line) for line in told.splitlines()) <= 80
    for heading in ("NAME", "ENVIRONMENT", "EXIT STATUS", "EXAMPLES"):
        assert heading in told.splitlines()
    assert "DOCKER'S HABITS" not in told
    assert "DOCKER_CONFIG" in told
    assert "KANIKO_NO_PUSH" not in told


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_that_of_the_warmer(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "kanipy-warmer" in script
    assert "cache-ttl" in script
    assert "_kanipy()" not in script
    assert "executor" not in script


def test_the_help_loads_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LIST_MODULES, "--help"],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    modules = set(done.stderr.split())
    assert not modules & {"adapters", "requests", "dependency_injector", "loguru"}
