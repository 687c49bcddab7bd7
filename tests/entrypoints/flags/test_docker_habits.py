"""What docker's users type becomes kaniko's flags, or names the flag to use."""

import pytest

from application.options import Compression, ImageFormat, LogFormat, Verbosity
from entrypoints.flags.docker_habits import REFUSED
from tests.entrypoints.command_line import failure, options

_ME = "--destination=a/b"


def _pushing(*words: str) -> bool:
    from_words = options("--no-push=false", *words)
    return from_words.output.push


def test_no_cache_turns_the_cache_off() -> None:
    assert not options("--cache", "--no-cache").cache.enabled
    assert not options("--no-cache=false").cache.enabled


def test_push_is_the_default_and_can_be_refused() -> None:
    assert _pushing(_ME)
    assert _pushing(_ME, "--push")
    assert not _pushing(_ME, "--push=false")


@pytest.mark.parametrize(
    ("words", "verbosity", "form"),
    [
        (["--progress=auto"], Verbosity.INFO, LogFormat.COLOR),
        (["--progress=tty"], Verbosity.INFO, LogFormat.COLOR),
        (["--progress=plain"], Verbosity.INFO, LogFormat.TEXT),
        (["--progress=rawjson"], Verbosity.INFO, LogFormat.JSON),
        (["--progress=json"], Verbosity.INFO, LogFormat.JSON),
        (["--progress=quiet"], Verbosity.ERROR, LogFormat.COLOR),
        (["--progress=none"], Verbosity.ERROR, LogFormat.COLOR),
        (["--progress=plain", "--log-format=json"], Verbosity.INFO, LogFormat.JSON),
        (["--progress=quiet", "-v", "debug"], Verbosity.DEBUG, LogFormat.COLOR),
    ],
)
def test_progress_chooses_how_messages_are_written(
    words: list[str], verbosity: Verbosity, form: LogFormat
) -> None:
    log = options(*words).log
    assert (log.verbosity, log.format) == (verbosity, form)


def test_an_oci_output_is_a_layout_and_does_not_push() -> None:
    output = options("--no-push=false", _ME, "-o", "type=oci,dest=out,tar=false").output
    assert (output.oci_layout_path, output.push) == ("out", False)


def test_a_docker_output_is_a_tar_and_does_not_push() -> None:
    output = options("--no-push=false", _ME, "-o", "type=docker,dest=a.tar").output
    assert (output.tar_path, output.push) == ("a.tar", False)


def test_an_output_and_push_do_both() -> None:
    assert _pushing(_ME, "--push", "-o", "type=docker,dest=a.tar")
    assert _pushing(_ME, "-o", "type=docker,dest=a.tar", "-o", "type=registry")


def test_an_image_output_pushes_when_it_says_so() -> None:
    assert _pushing("-o", "type=image,name=a/b,push=true")
    assert not _pushing("-o", "type=image,name=a/b")
    assert not _pushing(_ME, "-o", "type=image,push=true", "--push=false")


def test_an_output_may_name_several_destinations() -> None:
    output = options("-o", 'type=registry,"name=a/b,c/d"').output
    assert [str(reference) for reference in output.destinations] == [
        "a/b:latest",
        "c/d:latest",
    ]


def test_tags_beat_the_name_of_an_output() -> None:
    output = options("-t", "a/b", "-o", "type=registry,name=c/d").output
    assert [str(reference) for reference in output.destinations] == ["a/b:latest"]


def test_settings_of_an_output_are_those_of_the_image() -> None:
    image = options(
        "-o", "type=registry,compression=zstd,compression-level=7,oci-mediatypes=true"
    ).image
    assert image.compression is Compression.ZSTD
    assert (image.compression_level, image.format) == (7, ImageFormat.OCI)


def test_flags_beat_the_settings_of_an_output() -> None:
    image = options(
        "--compression=gzip",
        "--compression-level=2",
        "--image-format=docker",
        "-o",
        "type=registry,compression=zstd,compression-level=7,oci-mediatypes=true",
    ).image
    assert image.compression is Compression.GZIP
    assert (image.compression_level, image.format) == (2, ImageFormat.DOCKER)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("out", "is not key=value"),
        ("dest=x", 'type "" is not available'),
        ("type=tar,dest=x", 'type "tar" is not available'),
        ("type=local,dest=x", 'type "local" is not available'),
        ("type=docker", "type=docker needs dest=PATH"),
        ("type=oci,dest=-", "type=oci needs dest=PATH"),
        ("type=oci,dest=x.tar", "writes a directory here"),
        ("type=oci,dest=x,tar=true", "writes a directory here"),
        ("type=docker,dest=x,push=true", 'unknown setting "push"'),
        ("type=registry,compression=xz", "invalid compression"),
        ("type=registry,compression-level=high", "invalid compression-level"),
    ],
)
def test_an_output_that_cannot_be_made_is_an_error(value: str, message: str) -> None:
    error = failure(_ME, f"--output={value}")
    assert message in error.message


@pytest.mark.parametrize("value", ["type=tar,dest=x", "type=local,dest=x", "out"])
def test_an_unavailable_output_names_the_flags_to_use(value: str) -> None:
    hint = failure(_ME, f"--output={value}").hint or ""
    assert "--oci-layout-path" in hint
    assert "--tar-path" in hint


def test_an_empty_output_asks_for_nothing() -> None:
    assert _pushing(_ME, "--output=")


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_flag_without_counterpart_names_what_to_use(name: str) -> None:
    error = failure(_ME, f"--{name}=true")
    assert error.message == f"--{name} does not exist here"
    assert error.hint == REFUSED[name]


@pytest.mark.parametrize(
    "word", ["--load=false", "--quiet=false", "--cache-from=", "--pull", "--rm=false"]
)
def test_a_flag_that_asks_for_nothing_is_accepted(word: str) -> None:
    options(word)
