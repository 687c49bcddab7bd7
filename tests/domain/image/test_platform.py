"""Platforms are written in several ways; of several images the best is chosen."""

from __future__ import annotations

import pytest

from domain.errors import InvalidPlatform
from domain.image.platform import Platform

LINUX = Platform(os="linux", architecture="amd64")


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/arm/v6", "linux/arm/v6"),
        ("Linux/AMD64", "linux/amd64"),
        ("windows/amd64", "windows/amd64"),
        ("arm64", "linux/arm64"),
        ("windows", "windows/amd64"),
        ("linux", "linux/amd64"),
        ("linux/riscv64", "linux/riscv64"),
    ],
)
def test_platforms_are_normalised(text: str, rendered: str) -> None:
    assert str(Platform.parse(text, LINUX)) == rendered


@pytest.mark.parametrize("text", ["", "/", "linux/", "/amd64", "a/b/c/d", "linux//v7"])
def test_what_is_no_platform_is_refused(text: str) -> None:
    with pytest.raises(InvalidPlatform):
        Platform.parse(text, LINUX)


def test_one_part_needs_a_default() -> None:
    with pytest.raises(InvalidPlatform) as caught:
        Platform.parse("arm64")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("wanted", "offered", "best"),
    [
        ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v6"], "linux/arm/v6"),
        ("linux/arm/v7", ["linux/arm/v8", "linux/arm/v7"], "linux/arm/v7"),
        ("linux/arm/v6", ["linux/arm/v7"], None),
        ("linux/amd64/v3", ["linux/amd64", "linux/amd64/v2"], "linux/amd64/v2"),
        ("linux/amd64", ["linux/amd64/v2"], None),
        ("linux/arm64", ["linux/arm64/v8"], "linux/arm64"),
        ("linux/arm64", ["linux/arm/v7"], None),
        ("linux/amd64", ["windows/amd64", "linux/386"], None),
    ],
)
def test_the_best_runnable_variant_is_ranked_first(
    wanted: str, offered: list[str], best: str | None
) -> None:
    platforms = [Platform.parse(text) for text in offered]
    ranked = [
        (rank, str(candidate))
        for candidate in platforms
        if (rank := Platform.parse(wanted).rank(candidate)) is not None
    ]
    assert (min(ranked)[1] if ranked else None) == best


def test_another_version_of_the_system_is_second_choice() -> None:
    wanted = Platform(os="windows", architecture="amd64", os_version="10.0.1")
    other = Platform(os="windows", architecture="amd64", os_version="10.0.2")
    assert wanted.rank(wanted) == 0
    assert wanted.rank(other) == 1
