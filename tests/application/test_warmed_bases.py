"""When a base image comes out of the directory of warmed images."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.memory.ambient import RecordingReporter
from adapters.memory.images import MemoryImageSource
from adapters.memory.warmed_images import MemoryWarmedImages
from application.ages import describe_age
from application.errors import (
    DigestMismatch,
    ManifestUnknown,
    RegistryError,
    RegistryUnreachable,
    Unauthorized,
)
from application.ports.images import ImageRegistry, ResolvedImage
from application.resolve_base import ResolveBase
from application.warmed_bases import WarmedBases
from domain.errors import InvalidImage
from domain.image.config import ImageConfig
from domain.image.digest import Digest
from domain.image.manifest import Index
from domain.image.media_type import Vendor
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.values import replace
from tests.support.images import AMD64

TTL = timedelta(days=14)
TAG = Reference.parse("registry.test/base:1")


class Registry(MemoryImageSource):
    """Counts what it is asked for, and may be away."""

    def __init__(self) -> None:
        super().__init__()
        self.digests = 0
        self.resolved = 0
        self.tells_digests = True
        self.problem: RegistryError | None = None

    def current_digest(self, reference: Reference) -> Digest | None:
        self.digests += 1
        if self.problem:
            raise self.problem
        return super().current_digest(reference) if self.tells_digests else None

    def resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:
        self.resolved += 1
        if self.problem:
            raise self.problem
        return super().resolve(reference, platform)


class Scene:
    """A registry with one image, a directory, and what resolves bases from both."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.warmed = MemoryWarmedImages()
        self.reporter = RecordingReporter()
        layer = self.registry.add_layer(b"layer")
        config = ImageConfig(platform=AMD64, diff_ids=(Digest.of(b"layer"),))
        self.manifest = self.registry.add_image(TAG, config, [layer])
        self.pinned = replace(TAG, digest=self.manifest.digest)
        self.registry.add_document(self.pinned, self.manifest)

    def warm(self) -> None:
        self.warmed.add(self.registry.resolve(TAG, AMD64), self.registry)
        self.warmed.tag(TAG, AMD64, self.manifest.digest)
        self.registry.resolved = 0

    @property
    def bases(self) -> ResolveBase:
        return ResolveBase(
            registry=self._registry,
            named_images={},
            reporter=self.reporter,
            warmed=WarmedBases(
                images=self.warmed,
                ttl=TTL,
                registry=self._registry,
                reporter=self.reporter,
            ),
        )

    def _registry(self) -> ImageRegistry:
        return self.registry

    @property
    def told(self) -> list[tuple[str, str]]:
        """What was told besides the digest that was resolved."""
        return [m for m in self.reporter.messages if not m[1].startswith("Resolved")]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_digest_that_is_warmed_needs_no_registry(scene: Scene) -> None:
    scene.warm()
    base = scene.bases.resolve(str(scene.pinned), AMD64)
    assert (scene.registry.digests, scene.registry.resolved) == (0, 0)
    assert base.source is not scene.registry
    assert base.image.digest == scene.manifest.digest
    assert base.image.reference == scene.pinned
    ((level, text),) = scene.reporter.messages
    assert level == "info"
    assert text.endswith("which is warmed")


def test_of_a_tag_the_registry_is_asked_for_the_digest_alone(scene: Scene) -> None:
    scene.warm()
    base = scene.bases.resolve(str(TAG), AMD64)
    assert (scene.registry.digests, scene.registry.resolved) == (1, 0)
    assert base.source is not scene.registry
    assert scene.told == []


def test_an_index_stands_for_its_platforms_image(scene: Scene) -> None:
    entry = replace(scene.manifest.descriptor, platform=AMD64)
    index = Index.create(Vendor.OCI, [entry])
    scene.registry.add_document(TAG, index)
    scene.warm()
    for name in (str(TAG), str(replace(TAG, digest=index.digest))):
        base = scene.bases.resolve(name, AMD64)
        assert base.image.digest == scene.manifest.digest
    assert scene.registry.resolved == 0


def test_what_is_not_warmed_comes_from_the_registry(scene: Scene) -> None:
    assert scene.bases.resolve(str(TAG), AMD64).source is scene.registry
    ((level, text),) = scene.told
    assert level == "info"
    assert "not among the warmed images" in text


def test_a_tag_that_has_moved_comes_from_the_registry(scene: Scene) -> None:
    scene.warm()
    moved = scene.registry.add_image(TAG, ImageConfig(platform=AMD64, author="new"))
    base = scene.bases.resolve(str(TAG), AMD64)
    assert base.source is scene.registry
    assert base.image.digest == moved.digest


@pytest.mark.parametrize(("more", "is_used"), [(0, True), (1, False)])
def test_an_entry_is_good_for_the_time_to_live(
    scene: Scene, more: int, *, is_used: bool
) -> None:
    scene.warm()
    scene.warmed.passed = TTL + timedelta(seconds=more)
    base = scene.bases.resolve(str(scene.pinned), AMD64)
    assert (base.source is not scene.registry) == is_used
    if not is_used:
        ((level, text),) = scene.told
        assert level == "info"
        assert "14 days ago" in text


def _refusal(kind: type[RegistryError], status: int | None = None) -> RegistryError:
    return kind("it says no", registry="registry.test", status=status)


@pytest.mark.parametrize(
    "problem",
    [
        _refusal(RegistryUnreachable),
        _refusal(Unauthorized, 401),
        _refusal(RegistryError, 429),
        _refusal(RegistryError, 503),
    ],
)
def test_without_the_registry_a_tag_is_what_it_was(
    scene: Scene, problem: RegistryError
) -> None:
    scene.warm()
    scene.warmed.passed = timedelta(hours=3)
    scene.registry.problem = problem
    base = scene.bases.resolve(str(TAG), AMD64)
    assert base.image.digest == scene.manifest.digest
    ((level, text),) = scene.told
    assert level == "warning"
    assert "3 hours ago" in text
    assert "it says no" in text


def test_other_answers_are_the_registrys_word(scene: Scene) -> None:
    scene.warm()
    scene.registry.problem = _refusal(ManifestUnknown, 404)
    with pytest.raises(ManifestUnknown):
        scene.bases.resolve(str(TAG), AMD64)


@pytest.mark.parametrize("known", ["nothing", "old", "tag", "damaged"])
def test_without_the_registry_nothing_else_is_taken(scene: Scene, known: str) -> None:
    if known != "nothing":
        scene.warm()
    if known == "old":
        scene.warmed.passed = TTL + timedelta(seconds=1)
    if known == "tag":
        scene.warmed.remove(scene.manifest.digest)
    if known == "damaged":
        scene.warmed.blobs.clear()
    scene.registry.problem = _refusal(RegistryUnreachable)
    with pytest.raises(RegistryUnreachable):
        scene.bases.resolve(str(TAG), AMD64)


def test_a_damaged_entry_is_told_of_and_the_registry_asked(scene: Scene) -> None:
    scene.warm()
    scene.warmed.blobs[scene.manifest.config.digest] = b"{}"
    assert scene.bases.resolve(str(TAG), AMD64).source is scene.registry
    ((level, text),) = scene.told
    assert level == "warning"
    assert "is damaged" in text
    assert "--force" in text


def test_an_entry_that_does_not_fit_is_told_in_a_friendly_line(scene: Scene) -> None:
    class Misfit(MemoryImageSource):
        def resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:
            raise InvalidImage("holds layers in another form")

    scene.warm()
    scene.warmed.sources[scene.manifest.digest] = Misfit()
    assert scene.bases.resolve(str(TAG), AMD64).source is scene.registry
    ((level, text),) = scene.told
    assert level == "info"
    assert "holds layers in another form" in text


def test_a_registry_that_tells_no_digest_gives_the_image(scene: Scene) -> None:
    scene.warm()
    scene.registry.tells_digests = False
    assert scene.bases.resolve(str(TAG), AMD64).source is scene.registry
    assert scene.told == []


def test_damage_that_is_seen_later_is_told_once(scene: Scene) -> None:
    scene.warm()
    base = scene.bases.resolve(str(TAG), AMD64)
    assert base.spare is not None
    for _ in range(2):
        assert base.spare(DigestMismatch("other bytes")) is scene.registry
    ((level, text),) = scene.told
    assert level == "warning"
    assert "other bytes" in text


def test_a_named_context_comes_before_a_warmed_image(scene: Scene) -> None:
    scene.warm()
    named = MemoryImageSource()
    named.add_image(TAG, ImageConfig(platform=AMD64))
    bases = ResolveBase(
        registry=lambda: scene.registry,
        named_images={str(TAG): named},
        reporter=scene.reporter,
        warmed=WarmedBases(
            images=scene.warmed,
            ttl=TTL,
            registry=lambda: scene.registry,
            reporter=scene.reporter,
        ),
    )
    assert bases.resolve(str(TAG), AMD64).source is named
    assert scene.registry.digests == 0


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(days=3, minutes=5), "3 days"),
        (timedelta(days=1, hours=2, minutes=5), "1 day 2 hours"),
        (timedelta(minutes=1, seconds=30.5), "1 minute 30 seconds"),
        (timedelta(), "0 seconds"),
        (timedelta(seconds=-5), "0 seconds"),
    ],
)
def test_an_age_is_said_in_its_two_largest_units(age: timedelta, text: str) -> None:
    assert describe_age(age) == text
