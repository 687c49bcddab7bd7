"""Where an image is looked for: mirrors in order, then the registry itself."""

from __future__ import annotations

import pytest

from domain.errors import InvalidReference
from domain.image.digest import Digest
from domain.image.reference import Reference
from domain.image.registry_map import (
    Mirror,
    RegistryMap,
    parse_maps,
    parse_mirrors,
)

DIGEST = Digest.of(b"x")


def _places(name: str, *maps: str, falls_back: bool = True) -> list[str]:
    rules = RegistryMap(mirrors=parse_maps(maps), falls_back=falls_back)
    return [place.canonical for place in rules.places(Reference.parse(name))]


@pytest.mark.parametrize(
    ("text", "registry", "prefix"),
    [
        ("mirror.example.com", "mirror.example.com", ""),
        ("mirror:5000/", "mirror:5000", ""),
        ("Mirror.Example.com/a/b/", "mirror.example.com", "a/b"),
        ("[::1]:5000/a", "[::1]:5000", "a"),
        ("registry-1.docker.io/a", "index.docker.io", "a"),
    ],
)
def test_a_mirror_is_a_host_and_perhaps_a_prefix(
    text: str, registry: str, prefix: str
) -> None:
    assert Mirror.parse(text) == Mirror(registry=registry, prefix=prefix)


@pytest.mark.parametrize(
    "text", ["https://mirror.example.com", "", "/a", "a b", "mirror/UPPER", "m/a//b"]
)
def test_what_is_no_mirror_is_refused(text: str) -> None:
    with pytest.raises(InvalidReference):
        Mirror.parse(text)


def test_a_scheme_is_told_with_what_to_write_instead() -> None:
    with pytest.raises(InvalidReference) as caught:
        Mirror.parse("https://mirror.example.com/a")
    assert "'mirror.example.com/a'" in str(caught.value.hint)


def test_mirrors_come_before_the_registry_in_the_order_they_were_given() -> None:
    assert _places(
        "debian:12", "docker.io=one;docker.io=two/a", "index.docker.io=3"
    ) == [
        "one/library/debian:12",
        "two/a/library/debian:12",
        "3/library/debian:12",
        "index.docker.io/library/debian:12",
    ]


def test_a_digest_is_kept_at_a_mirror() -> None:
    name = f"ghcr.io/a/b:1@{DIGEST}"
    assert _places(name, "ghcr.io=m:5000/g")[0] == f"m:5000/g/a/b:1@{DIGEST}"


def test_without_fallback_only_mirrors_are_asked() -> None:
    assert _places("ghcr.io/a", "ghcr.io=m", falls_back=False) == ["m/a:latest"]


def test_a_registry_without_a_mirror_is_asked_itself_in_any_case() -> None:
    assert _places("quay.io/a", "ghcr.io=m", falls_back=False) == ["quay.io/a:latest"]


def test_a_place_is_asked_once() -> None:
    assert _places("ghcr.io/a", "ghcr.io=m;ghcr.io=ghcr.io; ghcr.io=m ;") == [
        "m/a:latest",
        "ghcr.io/a:latest",
    ]


def test_a_mirror_is_of_docker_hub() -> None:
    rules = RegistryMap(mirrors=parse_mirrors(["m", "", "n/p"]))
    places = rules.places(Reference.parse("a/b"))
    assert [place.name for place in places] == [
        "m/a/b",
        "n/p/a/b",
        "index.docker.io/a/b",
    ]


@pytest.mark.parametrize("text", ["a", "=a", "a=", " = "])
def test_a_map_has_two_sides(text: str) -> None:
    with pytest.raises(ValueError, match="REGISTRY=HOST"):
        parse_maps([text])


def test_the_registry_of_a_map_has_no_path() -> None:
    with pytest.raises(InvalidReference):
        parse_maps(["ghcr.io/a=m"])
