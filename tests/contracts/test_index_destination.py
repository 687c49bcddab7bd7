"""An index gets a name where its images are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from adapters.http.client import HttpClient
from adapters.http.retries import Retries
from adapters.memory.credentials import MemoryCredentials
from adapters.memory.images import MemoryImageDestination
from adapters.registry.connection import RegistryConnections
from adapters.registry.destination import RegistryImageDestination
from application.ports.images import IndexDestination
from domain.image.manifest import Index
from domain.image.media_type import Vendor
from domain.image.reference import Reference
from tests.support.images import make_image, make_tar
from tests.support.registry_server import FakeRegistry

NO_WAIT = Retries(sleep=lambda _: None)
IMAGE = make_image(make_tar({"a": b"1"}))


@dataclass
class Place:
    """A destination, and what has its name."""

    destination: IndexDestination
    look: Callable[[], bytes | None]


def _registry() -> Iterator[Place]:
    with FakeRegistry() as server, HttpClient(retries=NO_WAIT) as http:
        connections = RegistryConnections(http, MemoryCredentials())
        reference = Reference.parse(f"{server.host}/app:1")

        def look() -> bytes | None:
            stored = server.manifests.get(("app", "1"))
            return stored.data if stored else None

        yield Place(RegistryImageDestination(reference, connections, NO_WAIT), look)


def _memory() -> Iterator[Place]:
    memory = MemoryImageDestination()
    yield Place(memory, lambda: memory.indexes[-1].raw if memory.indexes else None)


@pytest.fixture(params=["memory", "registry"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    yield from (_memory if request.param == "memory" else _registry)()


def index(vendor: Vendor) -> Index:
    return Index.create(vendor, [IMAGE.manifest.descriptor])


def test_an_index_is_there_byte_for_byte(place: Place) -> None:
    for vendor in Vendor:
        place.destination.check()
        place.destination.publish_index(index(vendor))
        assert place.look() == index(vendor).raw


def test_publishing_twice_is_as_good_as_once(place: Place) -> None:
    for _ in range(2):
        place.destination.publish_index(index(Vendor.OCI))
    assert place.look() == index(Vendor.OCI).raw


def test_checking_leaves_nothing_behind(place: Place) -> None:
    place.destination.check()
    assert place.look() is None
