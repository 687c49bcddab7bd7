"""What a whole command line of the warmer asks for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from application.options import LogFormat, Verbosity, WarmOptions
from domain.errors import KanipyError
from domain.image.platform import Platform
from entrypoints.flags.commands import ShowCompletion, ShowHelp, ShowVersion
from entrypoints.flags.flag import Flag
from entrypoints.flags.warmer_table import WARMER_FLAGS
from entrypoints.warmer_flags import Warm, parse_warmer_line

KANIKO = """\
build-arg cache-dir cache-ttl customPlatform dockerfile force image insecure-pull
insecure-registry log-format log-timestamp registry-certificate registry-client-cert
registry-map registry-mirror skip-default-registry-fallback skip-tls-verify-pull
skip-tls-verify-registry verbosity help
"""


def _warm(*words: str, **environment: str) -> Warm:
    request = parse_warmer_line(words, environment)
    assert isinstance(request, Warm)
    return request


def _options(*words: str, **environment: str) -> WarmOptions:
    return _warm(*words, **environment).options


@pytest.mark.parametrize("name", KANIKO.split())
def test_every_flag_of_kanikos_warmer_is_known(name: str) -> None:
    assert WARMER_FLAGS.long(name) is not None


def test_images_and_directory() -> None:
    options = _options("-i=a", "--image", "b@sha256:1", "-ic", "-c", "/x", "--image=")
    assert options.images == ("a", "b@sha256:1", "c")
    assert options.directory == "/x"
    assert _options("-i=a").directory == "/cache"


def test_a_dockerfile_with_its_arguments() -> None:
    words = ("-d", "D", "--build-arg=A=1=2", "--build-arg", "B", "--build-arg=C")
    options = _options(*words, B="b")
    assert options.dockerfile == "D"
    assert options.build_args == (("A", "1=2"), ("B", "b"))


def test_how_images_are_kept() -> None:
    options = _options("-i=a")
    assert options.ttl == timedelta(days=14)
    assert (options.force, options.strict) == (False, False)
    options = _options("-i=a", "--cache-ttl=6h", "-f", "--strict")
    assert options.ttl == timedelta(hours=6)
    assert options.force
    assert options.strict


@pytest.mark.parametrize("flag", ["--custom-platform", "--customPlatform"])
def test_both_spellings_of_the_platform_are_as_good(flag: str) -> None:
    request = _warm("-i=a", f"{flag}=linux/arm64")
    assert request.options.platform == Platform(os="linux", architecture="arm64")
    assert request.warnings == ()


def test_registries_and_logs() -> None:
    options = _options(
        *("-i=a", "--insecure-pull", "--insecure-registry=h:5000"),
        *("--skip-tls-verify-pull", "--skip-tls-verify-registry=s"),
        *("--registry-certificate=h=/ca", "--image-download-retry=3"),
        *("-v=debug", "--log-format=json", "--log-timestamp"),
        "--credential-helpers=env",
        UPSTREAM_CLIENT_TYPE="ci",
        DOCKER_CONFIG="/d",
        https_proxy="http://p",
    )
    registry, log = options.registry, options.log
    assert registry.insecure_pull
    assert registry.skip_tls_verify_pull
    assert registry.insecure_registries == ("h:5000",)
    assert registry.skip_tls_verify_registries == ("s",)
    assert registry.certificates == (("h", "/ca"),)
    assert (registry.download_retries, registry.client_type) == (3, "ci")
    assert log.verbosity is Verbosity.DEBUG
    assert (log.format, log.timestamps) == (LogFormat.JSON, True)
    assert options.credentials.docker_config == "/d"
    assert options.credentials.helpers == ("env",)
    assert options.network.https_proxy == "http://p"


def test_variables_that_are_ignored_are_told_unless_they_mean_nothing_here() -> None:
    (line,) = _warm("-i=a", OTEL_SERVICE_NAME="x", KANIKO_PRINT_PLAN="1").warnings
    assert line.startswith("OTEL_SERVICE_NAME ignored")


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ((), "no image is named", "--image"),
        (("--image=",), "no image is named", "--image"),
        (("-i=a", "b"), 'unexpected argument "b"', None),
        (("--destination=x",), "unknown flag --destination", None),
        (("--imag=x",), "unknown flag --imag", "--image"),
        (("-i=a", "--cache-ttl=3d"), "invalid argument", None),
        (("-i=a", "--custom-platform=linux/amd64,linux/arm64"), "one platform", "each"),
        (("-i=a", "--custom-platform=x"), "invalid platform", "os/architecture"),
        (("-i=a", "--registry-mirror=http://m"), "no scheme", "without a scheme"),
        (("-i=a", "--build-arg==x"), "needs a name", "KEY"),
    ],
)
def test_a_mistake_is_told_with_its_remedy(
    words: tuple[str, ...], message: str, hint: str | None
) -> None:
    with pytest.raises(KanipyError, match=message) as caught:
        parse_warmer_line(words, {})
    if hint is None:
        assert caught.value.hint is None or "context" not in caught.value.hint
    else:
        assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("--help",), ShowHelp()),
        (("-h", "-i=a"), ShowHelp()),
        (("help",), ShowHelp()),
        (("--version",), ShowVersion()),
        (("version",), ShowVersion()),
        (("completion", "zsh"), ShowCompletion("zsh")),
    ],
)
def test_questions_about_the_program(words: tuple[str, ...], shown: object) -> None:
    assert parse_warmer_line(words, {}) == shown


_PAGE = (Path(__file__).parents[2] / "docs" / "warmer.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("flag", list(WARMER_FLAGS), ids=lambda flag: flag.name)
def test_every_flag_is_described(flag: Flag) -> None:
    for name in (flag.name, *flag.aliases):
        assert f"`--{name}`" in _PAGE
