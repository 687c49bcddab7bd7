"""Mirrors: asked in order, passed over with a reason, never without a blob."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import BinaryIO

import pytest

from adapters.http.retries import Repeating, Retries, RetryPolicy
from adapters.memory.images import MemoryImageSource
from adapters.registry.mirrors import MirroredImageSource
from application.errors import (
    DigestMismatch,
    ManifestUnknown,
    RegistryError,
    RegistryUnreachable,
)
from application.ports.images import ResolvedImage
from domain.errors import UsageError
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.image.registry_map import RegistryMap, parse_maps
from tests.support.images import AMD64, SmallImage, make_image, make_tar

NAME = Reference.parse("ghcr.io/team/app:1")
IMAGE = make_image(make_tar({"a": b"1" * 100_000}))
OTHER = make_image(make_tar({"a": b"2"}))
LAYER = IMAGE.manifest.layers[0]


class Registries:
    """Registries by host; some fail as they are told to.

    Attributes:
        asked: Hosts, in the order they were asked for a manifest.
        blobs_of: Hosts, in the order they were asked for a blob.
        failures: What asking a host for a manifest raises, one after the other.
        broken: Hosts that break off after so many bytes of a blob.
    """

    def __init__(self) -> None:
        self.stores: dict[str, MemoryImageSource] = {}
        self.asked: list[str] = []
        self.blobs_of: list[str] = []
        self.failures: dict[str, list[Exception]] = {}
        self.broken: dict[str, int] = {}

    def put(self, name: str, image: SmallImage = IMAGE) -> None:
        reference = Reference.parse(name)
        store = self.stores.setdefault(reference.registry, MemoryImageSource())
        store.blobs.update(image.blobs())
        store.add_document(reference, image.manifest)

    def resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:
        return self._store(reference).resolve(reference, platform)

    def current_digest(self, reference: Reference) -> Digest | None:
        return self._store(reference).current_digest(reference)

    def open_blob(
        self, image: ResolvedImage, descriptor: Descriptor, offset: int = 0
    ) -> BinaryIO:
        host = image.reference.registry
        self.blobs_of.append(host)
        stream = self.stores[host].open_blob(image, descriptor, offset)
        if host not in self.broken:
            return stream
        return _Broken(stream.read(self.broken[host]), host)

    def _store(self, reference: Reference) -> MemoryImageSource:
        host = reference.registry
        self.asked.append(host)
        if self.failures.get(host):
            raise self.failures[host].pop(0)
        return self.stores.setdefault(host, MemoryImageSource())


class _Broken(io.BytesIO):
    def __init__(self, data: bytes, host: str) -> None:
        super().__init__(data)
        self._host = host

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data:
            raise RegistryUnreachable("broke", registry=self._host)
        return data


@pytest.fixture
def registries() -> Registries:
    return Registries()


@pytest.fixture
def warnings() -> list[str]:
    return []


def _mirrored(
    registries: Registries,
    warnings: list[str],
    *,
    falls_back: bool = True,
    attempts: int = 1,
) -> MirroredImageSource:
    maps = parse_maps(["ghcr.io=one.test;ghcr.io=two.test/cache"])
    rules = RegistryMap(mirrors=maps, falls_back=falls_back)
    retries = Retries(RetryPolicy(attempts=attempts), sleep=lambda _: None)
    repeating = Repeating(retries, (RegistryError,))
    return MirroredImageSource(registries, rules, warnings.append, repeating)


def _unknown(host: str) -> RegistryError:
    return ManifestUnknown("no such image", registry=host, hint="check the name")


def test_the_first_mirror_that_has_the_image_is_used(
    registries: Registries, warnings: list[str]
) -> None:
    registries.put("two.test/cache/team/app:1")
    registries.put("ghcr.io/team/app:1", OTHER)
    source = _mirrored(registries, warnings)
    image = source.resolve(NAME, AMD64)
    assert image.digest == IMAGE.manifest.digest
    assert image.reference == Reference.parse("two.test/cache/team/app:1")
    assert registries.asked == ["one.test", "two.test"]
    (told,) = warnings
    assert told.startswith("one.test/team/app:1 cannot be used: ")
    assert told.endswith("; two.test/cache/team/app:1 is asked")
    with source.open_blob(image, LAYER) as stream:
        assert LAYER.digest.matches(stream.read())
    assert registries.blobs_of == ["two.test"]


@pytest.mark.parametrize(
    "error",
    [
        RegistryUnreachable("down", registry="one.test"),
        RegistryError("broken", registry="one.test", status=500),
        DigestMismatch("wrong bytes"),
    ],
)
def test_the_registry_itself_comes_last(
    registries: Registries, warnings: list[str], error: Exception
) -> None:
    registries.put("ghcr.io/team/app:1")
    registries.failures["one.test"] = [error]
    image = _mirrored(registries, warnings).resolve(NAME, AMD64)
    assert image.reference == NAME
    assert registries.asked == ["one.test", "two.test", "ghcr.io"]


def test_the_error_is_that_of_the_registry_itself(
    registries: Registries, warnings: list[str]
) -> None:
    with pytest.raises(ManifestUnknown) as caught:
        _mirrored(registries, warnings).resolve(NAME, AMD64)
    assert caught.value.registry == "ghcr.io"
    assert caught.value.hint == "check the name"


def test_without_fallback_the_registry_itself_is_not_asked(
    registries: Registries, warnings: list[str]
) -> None:
    registries.put("ghcr.io/team/app:1")
    with pytest.raises(ManifestUnknown) as caught:
        _mirrored(registries, warnings, falls_back=False).resolve(NAME, AMD64)
    assert registries.asked == ["one.test", "two.test"]
    assert caught.value.registry == "two.test"
    assert "check the name; no mirror has it" in str(caught.value.hint)


def test_each_place_is_asked_as_often_as_was_said(
    registries: Registries, warnings: list[str]
) -> None:
    registries.put("two.test/cache/team/app:1")
    registries.failures["two.test"] = [_unknown("two.test"), _unknown("two.test")]
    _mirrored(registries, warnings, attempts=3).resolve(NAME, AMD64)
    assert registries.asked == ["one.test"] * 3 + ["two.test"] * 3


def test_a_mistake_of_the_person_is_told_at_once(
    registries: Registries, warnings: list[str]
) -> None:
    registries.failures["one.test"] = [UsageError("no such certificate file")]
    with pytest.raises(UsageError):
        _mirrored(registries, warnings).resolve(NAME, AMD64)
    assert registries.asked == ["one.test"]


def test_a_digest_is_asked_for_until_it_is_told(
    registries: Registries, warnings: list[str]
) -> None:
    source = _mirrored(registries, warnings)
    assert source.current_digest(NAME) is None
    registries.put("ghcr.io/team/app:1")
    registries.failures["one.test"] = [RegistryError("broken", registry="one.test")]
    assert source.current_digest(NAME) == IMAGE.manifest.digest
    assert registries.asked == ["one.test", "two.test", "ghcr.io"] * 2


@pytest.mark.parametrize("received", [0, 7, 65_536])
def test_a_blob_that_breaks_off_comes_from_the_next_place_from_there_on(
    registries: Registries, warnings: list[str], received: int
) -> None:
    registries.put("one.test/team/app:1")
    registries.put("two.test/cache/team/app:1")
    registries.broken["one.test"] = received
    source = _mirrored(registries, warnings)
    image = source.resolve(NAME, AMD64)
    with source.open_blob(image, LAYER) as stream:
        assert LAYER.digest.matches(stream.read())
    assert registries.blobs_of == ["one.test", "two.test"]
    assert "one.test/team/app:1 cannot give" in warnings[0]


def test_a_blob_that_no_place_has_is_an_error(
    registries: Registries, warnings: list[str]
) -> None:
    registries.put("one.test/team/app:1")
    source = _mirrored(registries, warnings)
    image = source.resolve(NAME, AMD64)
    for host in ("two.test", "ghcr.io"):
        registries.stores[host] = MemoryImageSource()
    absent = replace(LAYER, digest=Digest.of(b"absent"))
    with pytest.raises(RegistryError):
        source.open_blob(image, absent)
    assert registries.blobs_of == ["one.test", "two.test", "ghcr.io"]
