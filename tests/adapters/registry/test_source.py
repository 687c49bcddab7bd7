"""Pulling: verified, resumed where it broke, refusals explained."""

from __future__ import annotations

import pytest

from adapters.http.client import HttpClient
from adapters.http.retries import Retries
from adapters.memory.credentials import MemoryCredentials
from adapters.registry.connection import RegistryConnections
from adapters.registry.source import RegistryImageSource
from application.errors import (
    DigestMismatch,
    ManifestUnknown,
    RegistryError,
    RegistryUnreachable,
)
from application.ports.images import ResolvedImage
from domain.errors import InvalidImage
from domain.image.descriptor import Descriptor
from domain.image.reference import Reference
from tests.adapters.registry.conftest import Connect
from tests.support.images import AMD64, SmallImage, make_image, make_tar
from tests.support.registry_server import FakeRegistry, Fault

BIG = bytes(range(256)) * 20_000


@pytest.fixture
def image(server: FakeRegistry) -> SmallImage:
    made = make_image(make_tar({"a": b"1"}))
    for data in made.blobs().values():
        server.put_blob("app", data)
    server.put_manifest("app", "1", made.manifest.raw, made.manifest.media_type)
    return made


@pytest.fixture
def source(connect: Connect, retries: Retries) -> RegistryImageSource:
    return RegistryImageSource(connect(), retries)


def _resolve(
    server: FakeRegistry, source: RegistryImageSource, name: str = "app:1"
) -> ResolvedImage:
    return source.resolve(Reference.parse(f"{server.host}/{name}"), AMD64)


def _read(server: FakeRegistry, source: RegistryImageSource, offset: int = 0) -> bytes:
    """Read the blob BIG of the repository from an offset."""
    image = _resolve(server, source)
    digest = server.put_blob("app", BIG)
    big = Descriptor(media_type="", digest=image.digest.parse(digest), size=len(BIG))
    server.seen.clear()
    with source.open_blob(image, big, offset) as stream:
        return stream.read()


@pytest.mark.usefixtures("image")
def test_an_image_is_resolved_once(
    server: FakeRegistry, source: RegistryImageSource
) -> None:
    assert _resolve(server, source) is _resolve(server, source)
    assert sum("manifests" in line for line in server.lines) == 1


def test_a_digest_is_asked_for_by_digest(
    server: FakeRegistry, source: RegistryImageSource, image: SmallImage
) -> None:
    digest = image.manifest.digest
    assert _resolve(server, source, f"app:other@{digest}").digest == digest
    assert f"GET /v2/app/manifests/{digest}" in server.lines


def test_a_manifest_that_is_not_its_digest_is_refused(
    server: FakeRegistry, source: RegistryImageSource, image: SmallImage
) -> None:
    digest = str(image.manifest.digest)
    server.manifests["app", digest].data += b" "
    with pytest.raises(DigestMismatch, match=digest):
        _resolve(server, source, f"app@{digest}")


def test_a_manifest_that_is_not_what_the_registry_tells_is_refused(
    server: FakeRegistry, source: RegistryImageSource, image: SmallImage
) -> None:
    told = {"Docker-Content-Digest": f"sha256:{'0' * 64}"}
    server.faults = [Fault("GET .*manifests", 200, told, image.manifest.raw)]
    with pytest.raises(DigestMismatch):
        _resolve(server, source)


@pytest.mark.usefixtures("image")
def test_a_manifest_without_a_size_limit_is_not_read_to_its_end(
    server: FakeRegistry, source: RegistryImageSource
) -> None:
    server.faults = [Fault("GET .*manifests", 200, body=bytes(9 << 20))]
    with pytest.raises(RegistryUnreachable, match="answer is too long"):
        _resolve(server, source)


@pytest.mark.usefixtures("image")
def test_a_page_that_is_no_registry_s_is_an_invalid_image(
    server: FakeRegistry, source: RegistryImageSource
) -> None:
    headers = {"Content-Type": "text/html"}
    server.faults = [Fault("GET .*manifests", 200, headers, b"<html>")]
    with pytest.raises(InvalidImage, match="not valid JSON") as caught:
        _resolve(server, source)
    assert server.host in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (404, b"", ManifestUnknown, "GET answered 404"),
        (
            404,
            b'{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository"}]}',
            ManifestUnknown,
            "NAME_UNKNOWN: no such repository",
        ),
        (400, b'{"errors":[{"code":"TAG_INVALID"}]}', RegistryError, "TAG_INVALID"),
        (
            429,
            b'{"errors":[{"code":"TOOMANYREQUESTS","message":"slow\\u0007down"}]}',
            RegistryError,
            "TOOMANYREQUESTS: slow down",
        ),
        (500, b"[" * 50_000, RegistryError, "GET answered 500"),
        (500, b'{"errors":[]}', RegistryError, "GET answered 500"),
        (500, b'{"errors":[7]}', RegistryError, "GET answered 500"),
    ],
)
def test_refusals_carry_status_code_and_repository(
    server: FakeRegistry,
    source: RegistryImageSource,
    status: int,
    body: bytes,
    kind: type[RegistryError],
    message: str,
) -> None:
    server.faults = [Fault("GET .*manifests", status, body=body, times=9)]
    with pytest.raises(RegistryError, match=message) as caught:
        _resolve(server, source)
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.repository == "app"
    assert caught.value.place == f"{server.host}/app"


def test_a_rate_limit_comes_with_advice(
    server: FakeRegistry, source: RegistryImageSource
) -> None:
    server.faults = [Fault("GET .*manifests", 429, times=9)]
    with pytest.raises(RegistryError) as caught:
        _resolve(server, source)
    assert "--registry-mirror" in str(caught.value.hint)


def test_a_rate_limit_is_told_with_its_numbers(
    server: FakeRegistry, source: RegistryImageSource
) -> None:
    headers = {
        "RateLimit-Limit": "100;w=21600",
        "RateLimit-Remaining": "0;w=21600",
    }
    server.faults = [Fault("manifests", 429, headers, times=9)]
    with pytest.raises(RegistryError) as caught:
        source.resolve(Reference.parse(f"{server.host}/app:1"), AMD64)
    assert "(0 of 100 in 6 hours left)" in str(caught.value.hint)


@pytest.mark.usefixtures("image")
def test_what_is_left_of_a_limit_is_told_once(
    server: FakeRegistry, http: HttpClient
) -> None:
    told: list[str] = []
    server.further_headers = {
        "RateLimit-Limit": "100;w=21600",
        "RateLimit-Remaining": "76;w=21600",
    }
    connections = RegistryConnections(http, MemoryCredentials(), told.append)
    source = RegistryImageSource(connections)
    source.resolve(Reference.parse(f"{server.host}/app:1"), AMD64)
    assert told == [f"{server.host} limits requests: 76 of 100 in 6 hours left"]


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize("what", ["manifests/1", "manifests/sha256", "/token"])
def test_a_document_that_breaks_off_is_asked_for_again(
    server: FakeRegistry, source: RegistryImageSource, image: SmallImage, what: str
) -> None:
    server.authentication = "bearer"
    digest = image.manifest.digest
    server.faults = [Fault(f"GET .*{what}", cut_after=5)]
    name = f"{server.host}/app@{digest}" if "sha" in what else f"{server.host}/app:1"
    assert source.resolve(Reference.parse(name), AMD64).digest == digest


def test_the_digest_of_a_tag_is_asked_for_without_the_manifest(
    server: FakeRegistry, source: RegistryImageSource, image: SmallImage
) -> None:
    for name in ("app:1", f"app@{image.manifest.digest}"):
        reference = Reference.parse(f"{server.host}/{name}")
        assert source.current_digest(reference) == image.manifest.digest
    assert {line.partition(" ")[0] for line in server.lines} == {"HEAD"}


@pytest.mark.parametrize("status", [200, 403, 404, 405])
def test_where_no_digest_is_told_the_manifest_has_to_tell(
    server: FakeRegistry, source: RegistryImageSource, status: int
) -> None:
    server.faults = [Fault("HEAD .*manifests", status)]
    reference = Reference.parse(f"{server.host}/app:1")
    assert source.current_digest(reference) is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_registry_out_of_order_tells_no_digest(
    server: FakeRegistry, source: RegistryImageSource, status: int
) -> None:
    server.faults = [Fault("HEAD .*manifests", status, times=9)]
    with pytest.raises(RegistryError, match="cannot look up 1") as caught:
        source.current_digest(Reference.parse(f"{server.host}/app:1"))
    assert caught.value.status == status


@pytest.mark.usefixtures("image")
def test_a_broken_download_is_taken_up_where_it_broke(
    server: FakeRegistry, source: RegistryImageSource, waits: list[float]
) -> None:
    image = _resolve(server, source)
    digest = server.put_blob("app", BIG)
    big = Descriptor(media_type="", digest=image.digest.parse(digest), size=len(BIG))
    server.seen.clear()
    sizes = (1_500_000, 1_000_000, 0)
    server.faults = [Fault("GET .*blobs", cut_after=size) for size in sizes]
    with source.open_blob(image, big) as stream:
        assert stream.read() == BIG
    ranges = [seen.headers.get("Range") for seen in server.seen]
    assert ranges == [None, "bytes=1500000-", "bytes=2500000-", "bytes=2500000-"]
    assert waits


@pytest.mark.usefixtures("image")
def test_an_answer_without_a_length_that_ends_early_is_taken_up_too(
    server: FakeRegistry, source: RegistryImageSource
) -> None:
    image = _resolve(server, source)
    digest = server.put_blob("app", BIG)
    big = Descriptor(media_type="", digest=image.digest.parse(digest), size=len(BIG))
    server.faults = [Fault("GET .*blobs", cut_after=3_000_000, has_length=False)]
    with source.open_blob(image, big) as stream:
        assert stream.read() == BIG


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize("supports_ranges", [True, False])
def test_a_blob_is_read_from_an_offset(
    server: FakeRegistry, source: RegistryImageSource, *, supports_ranges: bool
) -> None:
    server.supports_ranges = supports_ranges
    assert _read(server, source, 4_000_001) == BIG[4_000_001:]


@pytest.mark.usefixtures("image")
def test_a_download_that_never_recovers_is_unreachable(
    server: FakeRegistry, source: RegistryImageSource, waits: list[float]
) -> None:
    image = _resolve(server, source)
    digest = server.put_blob("app", BIG)
    big = Descriptor(media_type="", digest=image.digest.parse(digest), size=len(BIG))
    server.faults = [Fault("GET .*blobs", cut_after=0, times=99)]
    with (
        source.open_blob(image, big) as stream,
        pytest.raises(RegistryUnreachable, match="broke"),
    ):
        stream.read()
    assert waits == [1.0, 3.0]


@pytest.mark.usefixtures("image")
def test_a_missing_blob_is_an_error_at_once(
    server: FakeRegistry, source: RegistryImageSource
) -> None:
    image = _resolve(server, source)
    layer = image.manifest.layers[0]
    del server.blobs["app", str(layer.digest)]
    with pytest.raises(RegistryError, match="BLOB_UNKNOWN"):
        source.open_blob(image, layer)


@pytest.mark.usefixtures("image")
def test_blobs_may_lie_on_another_host_which_gets_no_token(
    server: FakeRegistry, source: RegistryImageSource
) -> None:
    server.authentication = "bearer"
    with FakeRegistry() as storage:
        storage.blobs = server.blobs
        server.blob_redirect = storage.url
        assert _read(server, source) == BIG
        assert all("Authorization" not in seen.headers for seen in storage.seen)


@pytest.mark.usefixtures("image")
def test_the_query_of_a_storage_url_is_never_printed(
    server: FakeRegistry, source: RegistryImageSource
) -> None:
    with FakeRegistry() as storage:
        gone = storage.url
    server.blob_redirect = gone
    with pytest.raises(RegistryUnreachable) as caught:
        _resolve(server, source)
    assert "signature" not in f"{caught.value} {caught.value.hint}"
