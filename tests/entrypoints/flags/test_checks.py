"""Options that only make sense together."""

import pytest

from application.options import (
    BuildOptions,
    CacheOptions,
    ContextAddress,
    InputOptions,
    OutputOptions,
)
from domain.errors import UsageError
from domain.image.reference import Reference
from entrypoints.flags.checks import check
from tests.entrypoints.command_line import failure, options


def test_pushing_needs_a_destination() -> None:
    for words in ([], ["--tar-path=a.tar"], ["--destination="]):
        error = failure(*words)
        assert error.message == "you must provide --destination, or use --no-push"


def test_without_pushing_no_destination_is_needed() -> None:
    assert not options("--tar-path=a.tar").output.push


@pytest.mark.parametrize(
    "flag", ["image-name-with-digest-file", "image-name-tag-with-digest-file"]
)
def test_a_file_of_names_needs_a_destination(flag: str) -> None:
    error = failure("--no-push", f"--{flag}=/x")
    assert error.message == f"--{flag} needs a --destination"


def test_docker_images_have_no_zstd_layers() -> None:
    error = failure("-d=a", "--image-format=docker", "--compression=zstd")
    assert "exclude each other" in error.message
    options("--image-format=oci", "--compression=zstd")


def test_docker_archives_have_no_zstd_layers() -> None:
    error = failure("--no-push", "--tar-path=x", "--compression=zstd")
    assert error.message == "--tar-path and --compression=zstd exclude each other"
    options("--tar-path=x", "--compression=gzip")
    options("--image-format=docker", "--compression=gzip")


@pytest.mark.parametrize(
    ("words", "highest"),
    [
        (["--compression-level=10"], "9"),
        (["--compression=gzip", "--compression-level=10"], "9"),
        (["--compression=zstd", "--compression-level=23"], "22"),
    ],
)
def test_a_level_the_codec_does_not_have_is_an_error(
    words: list[str], highest: str
) -> None:
    error = failure("-d=a", *words)
    assert "too high" in error.message
    assert error.hint == f"the highest is {highest}"


def test_the_highest_level_of_zstd_is_accepted() -> None:
    made = options("--compression=zstd", "--compression-level=22")
    assert made.image.compression_level == 22


@pytest.mark.parametrize("context", ["-", "tar://stdin"])
def test_standard_input_is_read_once(context: str) -> None:
    error = failure("-d=a", "-f", "-", "-c", context)
    assert "both be read from standard input" in error.message


def _with_cache(cache: CacheOptions, output: OutputOptions) -> BuildOptions:
    return BuildOptions(
        input=InputOptions(context=ContextAddress.parse(".")),
        cache=cache,
        output=output,
    )


def test_a_cache_without_push_needs_a_repository() -> None:
    with pytest.raises(UsageError, match="specify cache repo with --cache-repo"):
        check(_with_cache(CacheOptions(enabled=True), OutputOptions()))


@pytest.mark.parametrize(
    ("cache", "output"),
    [
        (CacheOptions(enabled=True, push=False), OutputOptions()),
        (CacheOptions(enabled=True, repository="r"), OutputOptions()),
        (
            CacheOptions(enabled=True),
            OutputOptions(push=True, destinations=(Reference.parse("a"),)),
        ),
    ],
)
def test_a_cache_that_has_a_place_is_accepted(
    cache: CacheOptions, output: OutputOptions
) -> None:
    check(_with_cache(cache, output))
