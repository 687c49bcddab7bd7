"""What a whole command line of the step of Tekton asks for."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from application.options import BuildOptions, StepOptions, Verbosity
from domain.errors import KanipyError
from domain.image.reference import Reference
from entrypoints.executor_flags import Build
from entrypoints.flags.commands import ShowHelp, ShowVersion
from entrypoints.flags.tekton_table import OWN_VARIABLES, TEKTON_FLAGS
from entrypoints.tekton_flags import parse_tekton_line

IMAGE = "--image=host:5000/team/app:1"


def _build(*words: str, files: Collection[str] = (), **environment: str) -> Build:
    request = parse_tekton_line(words, environment, lambda path: str(path) in files)
    assert isinstance(request, Build)
    return request


def _options(
    *words: str, files: Collection[str] = (), **environment: str
) -> BuildOptions:
    return _build(*words, files=files, **environment).options


def _failure(*words: str, **environment: str) -> KanipyError:
    with pytest.raises(KanipyError) as caught:
        _build(*words, **environment)
    return caught.value


def test_an_image_alone_is_built_as_the_catalogs_task_does() -> None:
    options = _options(IMAGE)
    assert options.output.destinations == (Reference.parse("host:5000/team/app:1"),)
    assert options.output.push
    assert options.input.dockerfile == "./Dockerfile"
    assert options.input.context.location == "./"
    assert options.output.step == StepOptions(
        directory="/tekton/results", url="host:5000/team/app:1"
    )
    assert not options.cache.enabled


@pytest.mark.parametrize(
    "image", ["app", "debian:12", "docker.io/team/app", "HOST.example/app"]
)
def test_the_result_is_the_reference_as_it_was_given(image: str) -> None:
    step = _options(f"--image={image}").output.step
    assert step is not None
    assert step.url == image


def test_flags_of_the_step_win_over_those_behind_them() -> None:
    words = ("--dockerfile=D", "--context=/src", "--results=/r")
    extra = ("--dockerfile=X", "-c=/x", "-d=other/app", "--target=a", "--reproducible")
    options = _options(IMAGE, *words, "--", *extra)
    assert (options.input.dockerfile, options.input.context.location) == ("D", "/src")
    assert [str(each) for each in options.output.destinations] == [
        "other/app:latest",
        "host:5000/team/app:1",
    ]
    assert (options.input.target, options.image.reproducible) == ("a", True)
    assert options.output.step == StepOptions(
        directory="/r", url="host:5000/team/app:1"
    )


def test_variables_stand_for_flags_that_are_absent_or_empty() -> None:
    options = _options(
        "--context=",
        "--results=/flag",
        "--",
        "--verbosity=debug",
        KANIPY_IMAGE="app:1",
        KANIPY_DOCKERFILE="D",
        KANIPY_CONTEXT="/src",
        KANIPY_RESULTS="/variable",
        KANIPY_EXTRA_ARGS="--label 'a=b c' --verbosity=error",
    )
    assert (options.input.dockerfile, options.input.context.location) == ("D", "/src")
    assert options.output.step == StepOptions(directory="/flag", url="app:1")
    assert options.image.labels == (("a", "b c"),)
    assert options.log.verbosity is Verbosity.DEBUG


def test_every_flag_of_the_step_has_a_variable() -> None:
    names = {flag.name for flag in TEKTON_FLAGS} - {"help", "version"}
    assert set(OWN_VARIABLES) == names


def test_a_cache_directory_takes_layers_and_warmed_images() -> None:
    cache = _options(IMAGE, "--cache=/ws").cache
    assert (cache.enabled, cache.directory) == (True, "/ws")
    assert cache.repository == "oci:/ws/layers"
    cache = _options(IMAGE, "--cache=/ws", "--", "--cache-repo=host/c").cache
    assert (cache.enabled, cache.directory) == (True, "/ws")
    assert cache.repository == "host/c"
    assert not _options(IMAGE, "--cache=", "--", "--cache=false").cache.enabled


@pytest.mark.parametrize(
    ("files", "config"),
    [
        ((), "/kaniko/.docker/"),
        (("/kaniko/.docker/config.json",), "/kaniko/.docker"),
        (("/root/.docker/config.json",), "/root/.docker"),
        (("/tekton/home/.docker/config.json",), "/tekton/home/.docker"),
        (("/tekton/creds/.docker/config.json",), "/tekton/creds/.docker"),
        (("/ws/config.json", "/kaniko/.docker/config.json"), "/ws"),
        (
            ("/root/.docker/config.json", "/kaniko/.docker/config.json"),
            "/kaniko/.docker",
        ),
    ],
)
def test_credentials_are_those_of_the_first_directory_with_some(
    files: tuple[str, ...], config: str
) -> None:
    variables = {"DOCKER_CONFIG": "/kaniko/.docker/", "HOME": "/root"}
    options = _options(IMAGE, "--dockerconfig=/ws", files=files, **variables)
    assert options.credentials.docker_config == config
    assert options.credentials.registry_auth_file == ""


def test_a_secret_of_kubernetes_is_read_by_its_own_key() -> None:
    files = ("/kaniko/.docker/.dockerconfigjson",)
    options = _options(IMAGE, files=files, DOCKER_CONFIG="/kaniko/.docker/")
    assert options.credentials.docker_config == "/kaniko/.docker"
    assert options.credentials.registry_auth_file == files[0]


def test_files_are_looked_for_on_disk(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    request = parse_tekton_line([IMAGE, f"--dockerconfig={tmp_path}"], {})
    assert isinstance(request, Build)
    assert request.options.credentials.docker_config == str(tmp_path)


def test_the_image_must_be_named() -> None:
    error = _failure("--context=.", "--", "--destination=app")
    assert error.message == "no image is named"


@pytest.mark.parametrize("word", ["--target=a", "--cache-repo=x", "--destination"])
def test_a_flag_of_the_executor_belongs_behind_the_dashes(word: str) -> None:
    error = _failure(IMAGE, word)
    assert "is a flag of the executor" in error.message
    assert error.hint is not None
    assert error.hint.endswith(f"-- {word}")


def test_an_unknown_flag_is_a_mistake_before_and_behind_the_dashes() -> None:
    assert _failure(IMAGE, "--nonsense").message == "unknown flag --nonsense"
    assert _failure(IMAGE, "--", "--nonsense").message == "unknown flag --nonsense"


@pytest.mark.parametrize("word", ["--help", "--version", "version"])
def test_what_follows_must_ask_for_a_build(word: str) -> None:
    error = _failure(IMAGE, "--", word)
    assert error.message == "what follows -- asks for no build"
    assert error.hint == f"leave out {word}"


def test_a_variable_that_cannot_be_split_is_named() -> None:
    message = _failure(IMAGE, KANIPY_EXTRA_ARGS="'open").message
    assert message.startswith("KANIPY_EXTRA_ARGS cannot be split: ")


def test_warnings_of_the_executor_are_passed_on() -> None:
    request = _build(IMAGE, "--", "--tarPath=x", GODEBUG="1")
    assert len(request.warnings) == 2


@pytest.mark.parametrize(
    ("word", "shown"),
    [("--help", ShowHelp()), ("version", ShowVersion()), ("--version", ShowVersion())],
)
def test_questions_about_the_program(word: str, shown: object) -> None:
    assert parse_tekton_line([word], {}) == shown
