"""Which image a name stands for, and where it is looked for."""

from __future__ import annotations

import pytest

from adapters.memory.ambient import RecordingReporter
from adapters.memory.images import MemoryImageSource
from application.errors import ManifestUnknown
from application.ports.images import ImageSource
from application.resolve_base import ResolveBase
from domain.errors import InvalidReference
from domain.image.config import ImageConfig
from domain.image.platform import Platform
from domain.image.reference import Reference
from tests.support.memory_build import AMD64

ARM64 = Platform(os="linux", architecture="arm64")


class AnySource(MemoryImageSource):
    """Has every image, and remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def resolve(self, reference, platform):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
        self.asked.append(f"{reference.canonical} {platform}")
        self.add_image(reference, ImageConfig(platform=platform))
        return super().resolve(reference, platform)


def resolver(
    registry: ImageSource, named: dict[str, ImageSource] | None = None
) -> ResolveBase:
    return ResolveBase(
        registry=lambda: registry,
        named_images=named or {},
        reporter=RecordingReporter(),
    )


def test_each_image_of_a_platform_is_resolved_once_however_it_is_spelt() -> None:
    registry = AnySource()
    bases = resolver(registry)
    first = bases.resolve("debian", AMD64)
    assert bases.resolve("docker.io/library/debian:latest", AMD64) is first
    bases.resolve("debian", ARM64)
    assert registry.asked == [
        "index.docker.io/library/debian:latest linux/amd64",
        "index.docker.io/library/debian:latest linux/arm64",
    ]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("debian:12", "index.docker.io/library/debian:12 linux/amd64"),
        ("my base", "context/my base linux/amd64"),
        ("MyBase", "context/MyBase linux/amd64"),
    ],
)
def test_named_images_come_first_also_those_whose_name_is_no_reference(
    name: str, asked: str
) -> None:
    registry, named = AnySource(), AnySource()
    found = resolver(registry, {name: named}).resolve(name, AMD64)
    assert found.source is named
    assert (registry.asked, named.asked) == ([], [asked])


def test_other_names_are_the_registrys() -> None:
    registry, named = AnySource(), AnySource()
    found = resolver(registry, {"debian:12": named}).resolve("debian:13", AMD64)
    assert found.source is registry
    assert named.asked == []


def test_a_name_that_is_no_reference_is_refused() -> None:
    with pytest.raises(InvalidReference):
        resolver(AnySource()).resolve("My Base", AMD64)


def test_an_unknown_image_is_what_the_source_says() -> None:
    with pytest.raises(ManifestUnknown):
        resolver(MemoryImageSource()).resolve("debian", AMD64)


def test_what_was_found_is_told_once() -> None:
    reporter = RecordingReporter()
    bases = ResolveBase(registry=AnySource, named_images={}, reporter=reporter)
    found = bases.resolve("debian", AMD64)
    bases.resolve("debian", AMD64)
    assert reporter.messages == [("info", f"Resolved debian to {found.image.digest}")]


def test_the_reference_that_was_asked_for_is_kept() -> None:
    found = resolver(AnySource()).resolve("debian:12", AMD64)
    assert found.image.reference == Reference.parse("debian:12")


@pytest.mark.parametrize(
    ("found", "wanted", "warned"),
    [
        (ARM64, AMD64, True),
        (AMD64, AMD64, False),
        (Platform(os="linux", architecture="arm", variant="v7"), ARM64, True),
        (AMD64, Platform(os="linux", architecture="amd64", variant="v3"), False),
        (Platform(os="", architecture=""), AMD64, False),
    ],
)
def test_an_image_for_elsewhere_is_warned_of(
    found: Platform,
    wanted: Platform,
    warned: bool,  # noqa: FBT001 - a parameter
) -> None:
    registry, reporter = MemoryImageSource(), RecordingReporter()
    registry.add_image(Reference.parse("debian"), ImageConfig(platform=found))
    bases = ResolveBase(registry=lambda: registry, named_images={}, reporter=reporter)
    bases.resolve("debian", wanted)
    told = [text for level, text in reporter.messages if level == "warning"]
    expected = f"debian is for {found}, not for {wanted}: "
    assert [text.startswith(expected) for text in told] == [True] * warned
