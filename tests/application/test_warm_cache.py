"""Which images the warmer fetches, renews, leaves, and what it tells."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from adapters.memory.ambient import RecordingReporter
from adapters.memory.dockerfile_reader import MemoryDockerfileReader
from adapters.memory.images import MemoryImageSource
from adapters.memory.warmed_images import MemoryWarmedImages
from application.errors import DockerfileUnavailable, Interrupted
from application.options import WarmOptions
from application.ports.context import BuildContext, DockerfileText
from application.ports.images import ResolvedImage
from application.warm_cache import WarmCache, Warmed
from domain.errors import DockerfileError, KanipyError
from domain.image.config import ImageConfig
from domain.image.digest import Digest
from domain.image.manifest import Manifest
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.values import replace
from tests.support.images import AMD64, ARM64


class Registry(MemoryImageSource):
    """Counts the images that are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.resolved: list[str] = []
        self.problem: KanipyError | None = None

    def resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:
        if self.problem is not None:
            raise self.problem
        self.resolved.append(f"{reference} {platform}")
        return super().resolve(reference, platform)


class Dockerfiles:
    def __init__(self, text: str) -> None:
        self._text = text

    def read(self, name: str, context: BuildContext) -> DockerfileText:
        if not self._text:
            raise DockerfileUnavailable("there is none", place=name, hint="else")
        return DockerfileText(path=name, data=self._text.encode(), ignore=None)


class Scene:
    """A registry with images, an empty store, and a warmer between them."""

    def __init__(self, *names: str, dockerfile: str = "") -> None:
        self.registry = Registry()
        self.store = MemoryWarmedImages()
        self.reporter = RecordingReporter()
        self.errors: list[KanipyError] = []
        self.dockerfile = dockerfile
        self.manifests = {name: self.put(name) for name in names}

    def put(self, name: str, author: str = "") -> Manifest:
        layer = self.registry.add_layer(f"layer of {name}".encode())
        config = ImageConfig(platform=AMD64, author=author or name)
        return self.registry.add_image(Reference.parse(name), config, [layer])

    def warm(self, *images: str, **options: Any) -> Warmed:  # noqa: ANN401 - fields
        given = WarmOptions(images=images)
        return WarmCache(
            options=replace(given, **options),
            registry=lambda: self.registry,
            store=self.store,
            dockerfiles=Dockerfiles(self.dockerfile),
            reader=MemoryDockerfileReader(),
            reporter=self.reporter,
            host_platform=AMD64,
        ).run(self.errors.append)

    def is_warm(self, name: str) -> bool:
        return self.store.find(self.manifests[name].digest, AMD64) is not None

    @property
    def infos(self) -> list[str]:
        return [text for level, text in self.reporter.messages if level == "info"]


def test_images_are_warm_with_their_tags() -> None:
    scene = Scene("debian:12", "example.com/a")
    assert scene.warm("debian:12", "example.com/a") == Warmed(done=2, failed=0)
    for name, manifest in scene.manifests.items():
        assert scene.is_warm(name)
        tag = scene.store.find_tag(Reference.parse(name), AMD64)
        assert tag is not None
        assert tag.digest == manifest.digest
    assert scene.infos[0] == "Warming debian:12 for linux/amd64"
    assert "MB fetched" in scene.infos[1]


def test_an_image_that_is_warm_is_left_and_its_tag_is_told_anew() -> None:
    scene = Scene("debian:12")
    scene.warm("debian:12")
    scene.store.passed = timedelta(hours=1)
    assert scene.warm("debian:12", "docker.io/library/debian:12").done == 2
    assert scene.registry.resolved == ["debian:12 linux/amd64"]
    assert len(scene.store.added) == 1
    tag = scene.store.find_tag(Reference.parse("debian:12"), AMD64)
    assert tag is not None
    assert tag.age == timedelta()


def test_a_digest_that_is_warm_needs_no_registry() -> None:
    scene = Scene("debian:12")
    digest = scene.manifests["debian:12"].digest
    scene.warm("debian:12")

    def no_registry() -> MemoryImageSource:
        raise AssertionError

    WarmCache(
        options=WarmOptions(images=(f"debian@{digest}",)),
        registry=no_registry,
        store=scene.store,
        dockerfiles=Dockerfiles(""),
        reader=MemoryDockerfileReader(),
        reporter=scene.reporter,
        host_platform=AMD64,
    ).run(scene.errors.append)
    assert scene.errors == []


def test_a_digest_has_no_tag_to_remember() -> None:
    scene = Scene("debian:12")
    reference = Reference.parse(f"debian@{scene.manifests['debian:12'].digest}")
    scene.registry.add_document(reference, scene.manifests["debian:12"])
    scene.warm(str(reference))
    assert scene.is_warm("debian:12")
    assert scene.store.find_tag(reference, AMD64) is None


@pytest.mark.parametrize(("more", "times"), [(0, 1), (1, 2)])
def test_an_entry_older_than_the_time_to_live_is_renewed(more: int, times: int) -> None:
    scene = Scene("debian:12")
    scene.warm("debian:12")
    scene.store.passed = timedelta(hours=2, seconds=more)
    scene.warm("debian:12", ttl=timedelta(hours=2))
    assert len(scene.store.added) == times
    if times > 1:
        assert scene.infos[-1].endswith("(all of it was here)")


def test_force_fetches_again() -> None:
    scene = Scene("debian:12")
    scene.warm("debian:12")
    scene.registry.opened.clear()
    scene.warm("debian:12", force=True)
    assert len(scene.registry.opened) == 2


def test_a_damaged_entry_is_fetched_again() -> None:
    scene = Scene("debian:12")
    scene.warm("debian:12")
    layer = scene.manifests["debian:12"].layers[0]
    scene.store.blobs[layer.digest] = b"other"
    scene.warm("debian:12")
    assert layer.digest.matches(scene.store.blobs[layer.digest])
    assert "debian:12 is fetched again" in scene.reporter.messages[-3][1]


def test_a_tag_that_has_moved_is_fetched() -> None:
    scene = Scene("debian:12")
    scene.warm("debian:12")
    moved = scene.put("debian:12", author="somebody else")
    scene.warm("debian:12")
    tag = scene.store.find_tag(Reference.parse("debian:12"), AMD64)
    assert tag is not None
    assert tag.digest == moved.digest


def test_one_image_that_fails_stops_no_other() -> None:
    scene = Scene("debian:12")
    outcome = scene.warm("example.com/no/such:1", "Not A Name", "debian:12")
    assert outcome == Warmed(done=1, failed=2)
    assert scene.is_warm("debian:12")
    unknown, no_name = scene.errors
    assert str(unknown).startswith("example.com/no/such: ")
    assert unknown.hint
    assert "Not A Name" in str(no_name)


def test_being_stopped_is_no_failure_of_an_image() -> None:
    scene = Scene("debian:12")
    scene.registry.problem = Interrupted(15)
    with pytest.raises(Interrupted):
        scene.warm("debian:12")
    assert scene.errors == []


def test_what_a_registry_damages_is_told_with_the_image() -> None:
    scene = Scene("debian:12")
    layer = scene.manifests["debian:12"].layers[0]
    scene.registry.blobs[layer.digest] = b"other"
    assert scene.warm("debian:12") == Warmed(done=0, failed=1)
    assert scene.errors[0].place == "memory"


DOCKERFILE = """\
ARG VERSION=12
ARG REGISTRY
FROM debian:${VERSION} AS base
FROM base AS derived
RUN true
FROM --platform=linux/arm64 ${REGISTRY}/tool AS tool
FROM scratch
COPY --from=derived / /
FROM debian:12
"""


def test_every_base_image_of_a_dockerfile_is_meant_once() -> None:
    scene = Scene("debian:12", "example.com/tool", dockerfile=DOCKERFILE)
    arguments = (("REGISTRY", "example.com"),)
    outcome = scene.warm(dockerfile="Dockerfile", build_args=arguments)
    assert outcome == Warmed(done=2, failed=0)
    assert scene.registry.resolved == [
        "debian:12 linux/amd64",
        "example.com/tool:latest linux/arm64",
    ]


def test_build_arguments_beat_the_defaults_of_a_dockerfile() -> None:
    scene = Scene("debian:13", dockerfile="ARG V=12\nFROM debian:$V\n")
    assert scene.warm(dockerfile="D", build_args=(("V", "13"),)).done == 1


def test_a_base_that_cannot_be_expanded_fails_alone_with_its_line() -> None:
    scene = Scene("debian:12", dockerfile="ARG X\nFROM $X\nFROM debian:12\nFROM a/B\n")
    assert scene.warm(dockerfile="D") == Warmed(done=1, failed=2)
    assert [error.place and error.place[:12] for error in scene.errors] == [
        "Dockerfile:2",
        "Dockerfile:4",
    ]


@pytest.mark.parametrize(
    ("text", "kind"), [("", DockerfileUnavailable), ("RUN x\n", DockerfileError)]
)
def test_a_dockerfile_that_is_none_ends_the_run(
    text: str, kind: type[KanipyError]
) -> None:
    scene = Scene("debian:12", dockerfile=text)
    with pytest.raises(kind) as caught:
        scene.warm("debian:12", dockerfile="no/Dockerfile")
    assert caught.value.hint


def test_the_platform_is_the_hosts_unless_another_is_asked_for() -> None:
    scene = Scene("debian:12")
    scene.warm("debian:12", platform=ARM64)
    assert scene.registry.resolved == ["debian:12 linux/arm64"]
    assert scene.store.find_tag(Reference.parse("debian:12"), ARM64) is not None


def test_nothing_wanted_is_nothing_done() -> None:
    scene = Scene(dockerfile="FROM scratch\n")
    assert scene.warm(dockerfile="D") == Warmed(done=0, failed=0)
    assert Digest.of(b"") not in scene.store.blobs
