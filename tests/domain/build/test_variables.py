"""Which value an ARG has."""

import pytest

from domain.build.variables import BuildArguments, platform_arguments
from domain.image.platform import Platform

ARGUMENTS = BuildArguments(
    given={"given": "g", "empty": "", "https_proxy": "p", "NO_PROXY": "*"},
    predefined={"TARGETOS": "linux", "given": "no"},
    global_values={"global": "v", "given": "no", "TARGETOS": "plan9"},
)


@pytest.mark.parametrize(
    ("name", "default", "value"),
    [
        ("given", None, "g"),
        ("given", "default", "g"),
        ("empty", "default", ""),
        ("global", None, "v"),
        ("global", "default", "default"),
        ("other", "default", "default"),
        ("other", "", ""),
        ("other", None, None),
        ("TARGETOS", None, "plan9"),
    ],
)
def test_arg_in_a_stage(name: str, default: str | None, value: str | None) -> None:
    """--build-arg beats the default, the default a global ARG, that the predefined."""
    assert ARGUMENTS.declared(name, default) == value


@pytest.mark.parametrize(
    ("name", "default", "value"),
    [
        ("given", "default", "g"),
        ("other", "default", "default"),
        ("other", None, None),
        ("TARGETOS", None, "linux"),
        ("TARGETOS", "mine", "mine"),
        ("global", None, None),
    ],
)
def test_arg_before_from(name: str, default: str | None, value: str | None) -> None:
    assert ARGUMENTS.declared_globally(name, default) == value


def test_a_global_without_value_stays_undefined() -> None:
    assert BuildArguments().with_global("A", None).global_values == {}
    assert BuildArguments().with_global("A", "").global_values == {"A": ""}


def test_given_proxies_in_either_case() -> None:
    assert ARGUMENTS.proxies() == {"https_proxy": "p", "NO_PROXY": "*"}


def test_values_are_kept_out_of_repr() -> None:
    secret = BuildArguments(given={"TOKEN": "s3cret"}, global_values={"T": "s3cret"})
    assert "s3cret" not in repr(secret)


def test_platform_arguments() -> None:
    target = Platform(os="linux", architecture="arm", variant="v7")
    build = Platform(os="linux", architecture="amd64")
    assert platform_arguments(target, build) == {
        "TARGETPLATFORM": "linux/arm/v7",
        "TARGETOS": "linux",
        "TARGETARCH": "arm",
        "TARGETVARIANT": "v7",
        "BUILDPLATFORM": "linux/amd64",
        "BUILDOS": "linux",
        "BUILDARCH": "amd64",
        "BUILDVARIANT": "",
    }
