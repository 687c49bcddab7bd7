"""The step of Tekton from its words to its exit status, and its results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from application.options import BuildOptions
from domain.errors import KanipyError
from entrypoints.flags.tekton_table import TEKTON_FLAGS
from entrypoints.tekton import main, run
from entrypoints.version import VERSION
from tests.entrypoints.command_line import Performer

ENVIRONMENT = {"PATH": "/usr/bin", "HOME": "/nonexistent"}


def test_a_build_gets_its_options_and_warnings() -> None:
    builds = Performer[BuildOptions]()
    assert run(["--image=app", "--", "--tarPath=a"], {}, builds) == 0
    ((options, warnings),) = builds.asked
    assert options.output.step is not None
    assert options.output.tar_path == "a"
    assert warnings == ("--tarPath is deprecated: write --tar-path",)


def test_errors_and_mistakes_are_told_in_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert (
        run(["--image=app"], {}, Performer[BuildOptions](KanipyError("no", hint="do")))
        == 1
    )
    assert capsys.readouterr().err == "Error: no\nHint: do\n"
    builds = Performer[BuildOptions]()
    assert run(["--nonsense"], {}, builds) == 1
    assert builds.asked == []
    assert capsys.readouterr().err == (
        "Error: unknown flag --nonsense\nRun 'kanipy-tekton --help' for usage.\n"
    )


def _step(directory: Path, dockerfile: str, *extra: str) -> int:
    context = directory / "context"
    context.mkdir(exist_ok=True)
    (context / "Dockerfile").write_text(dockerfile)
    (context / "file").write_text("content")
    words = (
        "--image=app:1",
        f"--dockerfile={context / 'Dockerfile'}",
        f"--context={context}",
        f"--results={directory / 'results'}",
    )
    places = (f"--kaniko-dir={directory / 'work'}", "--no-push", *extra)
    return run((*words, "--", *places), ENVIRONMENT)


def _results(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.glob("results/*")}


def test_a_build_leaves_both_results(tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    extra = (f"--oci-layout-path={layout}",)
    assert _step(tmp_path, "FROM scratch\nCOPY file /\n", *extra) == 0
    [manifest] = json.loads((layout / "index.json").read_bytes())["manifests"]
    assert _results(tmp_path) == {
        "IMAGE_DIGEST": manifest["digest"].encode(),
        "IMAGE_URL": b"app:1",
    }


@pytest.mark.parametrize(
    ("dockerfile", "extra"),
    [
        ("FROM scratch\nCOPY nothing /\n", ()),
        ("FROM scratch\nCOPY file /\n", ("--digest-file=/proc/none",)),
        ("FROM scratch\nCOPY file /\n", ("--dryrun",)),
    ],
)
def test_what_builds_no_image_leaves_no_result(
    tmp_path: Path, dockerfile: str, extra: tuple[str, ...]
) -> None:
    status = _step(tmp_path, dockerfile, *extra)
    assert status == (0 if extra == ("--dryrun",) else 1)
    assert _results(tmp_path) == {}


def test_results_that_cannot_be_written_are_told_before_the_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "results").touch()
    assert _step(tmp_path, "FROM scratch\nCOPY nothing /\n") == 1
    told = capsys.readouterr().err
    assert f"Error: {tmp_path}/results: results cannot be written" in told
    assert "--results names another" in told


@pytest.mark.parametrize("word", ["--version", "version"])
def test_the_version_is_told(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 0
    assert capsys.readouterr().out == f"kanipy-tekton {VERSION}\n"


def test_the_help_has_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    for flag in TEKTON_FLAGS:
        assert f"--{flag.name}" in told
    assert max(len(line) for line in told.splitlines()) <= 80
    for heading in ("NAME", "ENVIRONMENT", "EXIT STATUS", "EXAMPLES"):
        assert heading in told.splitlines()
    assert "KANIPY_EXTRA_ARGS" in told


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_that_of_the_step(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "kanipy-tekton" in script
    assert "dockerconfig" in script
    assert "snapshot-mode" not in script
