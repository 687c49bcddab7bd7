"""`kanipy push` from its words to its exit status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from adapters.storage.oci_layout import OciLayoutImageDestination
from application.options import PushOptions
from domain.errors import KanipyError, UsageError
from entrypoints.executor import run
from entrypoints.flags.push_table import PUSH_FLAGS
from entrypoints.push import run as run_words
from entrypoints.push_flags import Push, parse_push_line
from tests.support.images import make_image, make_tar
from tests.support.registry_server import FakeRegistry

IMAGE = make_image(make_tar({"a": b"first"}), make_tar({"b": b"second"}))
DIGEST = str(IMAGE.manifest.digest)


@pytest.fixture
def server() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        yield registry


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    path = tmp_path / "layout"
    OciLayoutImageDestination(str(path)).publish(IMAGE.built, IMAGE.open_layer)
    return path


def push(tmp_path: Path, *words: str, environment: Mapping[str, str] = {}) -> int:
    work = f"--kaniko-dir={tmp_path / 'work'}"
    status = run(["push", *words, work, "--log-format=text"], environment)
    work_files = list((tmp_path / "work").glob("*"))
    assert work_files == []
    return status


def test_an_image_is_pushed_with_results(
    tmp_path: Path, layout: Path, server: FakeRegistry
) -> None:
    destinations = [f"-d={server.host}/app:1", f"-d={server.host}/team/app"]
    files = [
        f"--digest-file={tmp_path / 'digest'}",
        f"--image-name-with-digest-file={tmp_path / 'names'}",
        f"--image-name-tag-with-digest-file={tmp_path / 'tags'}",
    ]
    output = {"BUILDER_OUTPUT": str(tmp_path / "output")}
    assert push(tmp_path, str(layout), *destinations, *files, environment=output) == 0
    for name, tag in (("app", "1"), ("team/app", "latest")):
        assert server.manifests[name, tag].data == IMAGE.manifest.raw
    assert (tmp_path / "digest").read_text() == DIGEST
    first, second = f"{server.host}/app", f"{server.host}/team/app"
    assert (tmp_path / "names").read_text() == f"{first}@{DIGEST}\n{second}@{DIGEST}\n"
    assert (tmp_path / "tags").read_text() == (
        f"{first}:1@{DIGEST}\n{second}:latest@{DIGEST}\n"
    )
    assert (tmp_path / "output/images").read_text() == (
        f'{{"name":"{first}:1","digest":"{DIGEST}"}}\n'
        f'{{"name":"{second}:latest","digest":"{DIGEST}"}}\n'
    )


def test_a_missing_image_is_told(
    tmp_path: Path, server: FakeRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none.tar"
    assert push(tmp_path, str(path), f"-d={server.host}/app:1") == 1
    assert f"Error: {path}: cannot be read: No such file" in capsys.readouterr().err
    assert server.manifests == {}


# ---------------------------------------------------------------------------- words


def options(*words: str, environment: Mapping[str, str] = {}) -> PushOptions:
    request = parse_push_line(words, environment)
    assert isinstance(request, Push)
    return request.options


def test_words_become_options() -> None:
    given = options(
        "--insecure",
        "image.tar",
        "-d=a:1",
        "--skip-push-permission-check",
        "--push-retry=3",
        "--credential-helpers=ecr",
        environment={"KANIKO_DIR": "/work", "DOCKER_CONFIG": "/docker"},
    )
    assert given.image == "image.tar"
    assert [str(name) for name in given.output.destinations] == ["a:1"]
    assert given.output.push
    assert given.work_directory == "/work"
    assert given.registry.insecure_push
    assert given.registry.push_retries == 3
    assert not given.registry.check_push_permission
    assert given.credentials.docker_config == "/docker"
    assert given.credentials.helpers == ("ecr",)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-d=a"], "no image is named"),
        (["image"], "no destination is named"),
        (["image", "other", "-d=a"], 'unexpected argument "other"'),
        (["image", "-d=a", "--cache"], "unknown flag --cache"),
        (["image", "-d=a", "--digest-file=http://h/x"], "not sent over plain HTTP"),
    ],
)
def test_a_mistake_in_words_is_told(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        options(*words)


def test_variables_of_builds_are_not_remarked_on() -> None:
    environment = {"BENCHMARK_FILE": "/x", "GODEBUG": "/y"}
    request = parse_push_line(["image", "-d=a"], environment)
    assert isinstance(request, Push)
    assert [line.split()[0] for line in request.warnings] == ["GODEBUG"]


def test_the_word_push_behind_flags_is_a_mistake(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["--insecure", "push", "image"], {}) == 1
    assert capsys.readouterr().err.startswith("Error: push must be the first word\n")


@pytest.mark.parametrize("words", [["push", "--help"], ["help", "push"]])
def test_the_help_names_every_flag(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words, {}) == 0
    text = capsys.readouterr().out
    assert text.startswith("NAME\n    kanipy push - ")
    assert all(f"--{flag.name}" in text for flag in PUSH_FLAGS if not flag.hidden)
    assert max(map(len, text.splitlines())) <= 80


def test_an_error_points_to_the_help_of_push(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["push"], {}) == 1
    assert "Run 'kanipy push --help' for usage." in capsys.readouterr().err


def test_a_failure_of_pushing_is_the_exit_status() -> None:
    def fail(_options: PushOptions, _warnings: object) -> int:
        raise KanipyError("no")

    assert run_words(["image", "-d=a"], {}, fail) == 1
