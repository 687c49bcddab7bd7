"""Pushing: only what is missing, in an order that never shows half an image."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, BinaryIO

import pytest

from adapters.http.client import HttpClient, HttpOptions
from adapters.http.retries import Repeating, Retries, RetryPolicy
from adapters.http.tls import HostOptions
from adapters.memory.credentials import MemoryCredentials
from adapters.registry.connection import RegistryConnections
from adapters.registry.destination import PushRules, RegistryImageDestination
from adapters.registry.known_blobs import KnownBlobs
from application.errors import (
    DigestMismatch,
    RegistryError,
    RegistryUnreachable,
    Unauthorized,
)
from application.ports.credentials import Credential
from application.ports.images import ResolvedImage
from domain.image.descriptor import Descriptor
from domain.image.reference import Reference
from tests.adapters.registry.conftest import Connect
from tests.support.images import SmallImage, make_image, make_tar
from tests.support.registry_server import FakeRegistry, Fault

Make = Callable[..., RegistryImageDestination]
IMAGE = make_image(make_tar({"a": b"1"}), make_tar({"b": b"2"}))
SIZES = sorted(len(data) for data in IMAGE.blobs().values())


@pytest.fixture
def make(server: FakeRegistry, connect: Connect, retries: Retries) -> Make:
    def destination(
        name: str = "app:1",
        **rules: Any,  # noqa: ANN401 - fields of several types
    ) -> RegistryImageDestination:
        reference = Reference.parse(f"{server.host}/{name}")
        return RegistryImageDestination(
            reference, connect(), retries, PushRules(**rules)
        )

    return destination


def _publish(destination: RegistryImageDestination, image: SmallImage = IMAGE) -> None:
    destination.publish(image.built, image.open_layer)


def _stored(server: FakeRegistry, repository: str = "app") -> bool:
    blobs = {d for name, d in server.blobs if name == repository}
    stored = server.manifests.get((repository, "1"))
    return (
        blobs == {str(d) for d in IMAGE.blobs()}
        and stored is not None
        and stored.data == IMAGE.manifest.raw
        and stored.media_type == IMAGE.manifest.media_type
    )


def test_the_manifest_comes_after_all_blobs(server: FakeRegistry, make: Make) -> None:
    _publish(make())
    assert _stored(server)
    assert server.lines[-1] == "PUT /v2/app/manifests/1"


def test_what_is_there_is_not_sent_again(server: FakeRegistry, make: Make) -> None:
    _publish(make())
    server.seen.clear()
    _publish(make("app:2"))
    methods = [line.split()[0] for line in server.lines]
    assert methods == ["HEAD", "HEAD", "HEAD", "HEAD", "PUT"]


def test_an_image_that_has_the_tag_already_costs_one_question(
    server: FakeRegistry, make: Make
) -> None:
    _publish(make())
    server.seen.clear()
    _publish(make())
    assert server.lines == ["HEAD /v2/app/manifests/1"]


def test_layers_are_not_opened_when_they_need_not_be_sent(
    server: FakeRegistry, make: Make
) -> None:
    for data in IMAGE.blobs().values():
        server.put_blob("app", data)
    opened: list[Descriptor] = []

    def open_layer(descriptor: Descriptor) -> BinaryIO:
        opened.append(descriptor)
        return IMAGE.open_layer(descriptor)

    make().publish(IMAGE.built, open_layer)
    assert opened == []


@pytest.mark.parametrize("relative", [True, False])
def test_the_location_of_an_upload_keeps_its_state(
    server: FakeRegistry, make: Make, *, relative: bool
) -> None:
    server.relative_locations = relative
    _publish(make())
    assert _stored(server)
    ends = [seen for seen in server.seen if "digest" in seen.query]
    assert all(seen.query["state"] == ["a=b"] for seen in ends)


def _from_base(server: FakeRegistry, host: str) -> ResolvedImage:
    for data in IMAGE.layers.values():
        server.put_blob("base", data)
    return ResolvedImage(
        reference=Reference.parse(f"{host}/base:1"),
        digest=IMAGE.manifest.digest,
        manifest=IMAGE.manifest,
        config=IMAGE.config,
    )


def _publish_on_base(
    destination: RegistryImageDestination, base: ResolvedImage
) -> None:
    origins = dict.fromkeys(IMAGE.layers, base)
    built = replace(IMAGE.built, origins=origins)
    destination.publish(built, IMAGE.open_layer)


def test_layers_of_a_base_in_the_same_registry_are_mounted(
    server: FakeRegistry, make: Make
) -> None:
    server.authentication = "bearer"
    _publish_on_base(make(), _from_base(server, server.host))
    assert _stored(server)
    assert sum(line.startswith("PATCH") for line in server.lines) == 1
    scopes = [s.query["scope"] for s in server.seen if s.path == "/token"]
    assert ["repository:app:pull,push", "repository:base:pull"] in scopes


def test_a_registry_that_cannot_mount_is_sent_the_layers(
    server: FakeRegistry, make: Make
) -> None:
    server.can_mount = False
    _publish_on_base(make(), _from_base(server, server.host))
    assert _stored(server)
    assert sum(line.startswith("POST") for line in server.lines) == 3


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refused_mount_becomes_an_upload(
    server: FakeRegistry, make: Make, status: int
) -> None:
    base = _from_base(server, server.host)
    server.faults = [Fault("POST .*mount=", status)]
    _publish_on_base(make(), base)
    assert _stored(server)


def test_a_token_that_is_refused_for_a_mount_is_not_needed_for_an_upload(
    server: FakeRegistry, make: Make
) -> None:
    server.authentication = "bearer"
    base = _from_base(server, server.host)
    server.faults = [Fault("GET /token.*base", 401, times=9)]
    _publish_on_base(make(), base)
    assert _stored(server)


def test_registries_that_may_not_be_asked_are_pushed_to(
    server: FakeRegistry, make: Make
) -> None:
    """Some accounts may push and not pull."""
    server.faults = [Fault("HEAD", 401, times=9)]
    _publish(make())
    assert _stored(server)


class _Pipe(io.BytesIO):
    """A stream that cannot seek."""

    def seekable(self) -> bool:
        return False

    def seek(self, offset: int, whence: int = 0) -> int:
        raise io.UnsupportedOperation


def test_pieces_are_made_of_streams_that_cannot_seek(
    server: FakeRegistry, make: Make
) -> None:
    piece = SIZES[-1] // 3
    server.largest_body = piece
    destination = make(piece=piece)
    with pytest.raises(RegistryError) as caught:
        destination.publish(
            IMAGE.built, lambda layer: _Pipe(IMAGE.layers[layer.digest])
        )
    assert caught.value.method == "PUT"
    assert {d for _, d in server.blobs} == {str(d) for d in IMAGE.blobs()}


def test_layers_of_another_registry_are_not_mounted(
    server: FakeRegistry, make: Make
) -> None:
    _publish_on_base(make(), _from_base(server, "elsewhere.test"))
    assert _stored(server)
    assert not any("mount" in seen.query for seen in server.seen)


def test_a_body_limit_on_the_way_is_met_with_pieces(
    server: FakeRegistry, make: Make
) -> None:
    piece = SIZES[-1] // 3
    server.largest_body = piece
    _publish_small_manifest(server, make(piece=piece))
    ranges = [
        s.headers["Content-Range"] for s in server.seen if "Content-Range" in s.headers
    ]
    assert f"0-{piece - 1}" in ranges
    assert f"{piece}-{2 * piece - 1}" in ranges


def _publish_small_manifest(
    server: FakeRegistry, destination: RegistryImageDestination
) -> None:
    """Publish where even the manifest would be too large: it is let through."""
    with pytest.raises(RegistryError) as caught:
        _publish(destination)
    assert caught.value.status == 413
    assert caught.value.method == "PUT"
    blobs = {d for name, d in server.blobs if name == "app"}
    assert blobs == {str(d) for d in IMAGE.blobs()}


@pytest.mark.parametrize(
    "fault",
    [
        Fault("PATCH"),
        Fault("PATCH", 500),
        Fault("PATCH", 404),
        Fault("PUT .*uploads", 502),
        Fault("PUT .*uploads"),
        Fault("PUT .*manifests", 503),
        Fault("POST .*uploads", 429, {"Retry-After": "2"}),
        Fault("HEAD .*blobs", 405),
        Fault("HEAD .*blobs", 403),
    ],
)
def test_an_upload_that_fails_once_is_repeated(
    server: FakeRegistry, make: Make, fault: Fault
) -> None:
    server.faults = [replace(fault)]
    _publish(make())
    assert _stored(server)
    assert server.faults[0].times == 0


@pytest.mark.parametrize("status", [0, 500])
def test_an_upload_that_always_fails_ends_with_an_error_and_without_a_tag(
    server: FakeRegistry, make: Make, status: int
) -> None:
    server.faults = [Fault("PATCH", status, times=99)]
    with pytest.raises(RegistryError) as caught:
        _publish(make())
    assert isinstance(caught.value, RegistryUnreachable) is (status == 0)
    assert ("app", "1") not in server.manifests


def test_a_lasting_refusal_is_not_repeated(server: FakeRegistry, make: Make) -> None:
    body = b'{"errors":[{"code":"DENIED","message":"quota"}]}'
    server.faults = [Fault("PATCH", 403, body=body, times=99)]
    with pytest.raises(Unauthorized, match="DENIED: quota"):
        _publish(make())
    assert sum(line.startswith("PATCH") for line in server.lines) <= 3


def test_a_token_that_runs_out_during_an_upload_is_renewed(
    server: FakeRegistry, make: Make
) -> None:
    server.authentication = "bearer"
    realm = f'Bearer realm="{server.url}/token"'
    server.faults = [Fault("PATCH", 401, {"WWW-Authenticate": realm})]
    _publish(make())
    assert _stored(server)


def test_the_registry_must_have_stored_what_was_sent(
    server: FakeRegistry, make: Make
) -> None:
    told = {"Docker-Content-Digest": f"sha256:{'0' * 64}"}
    server.faults = [Fault("PUT .*manifests", 201, told)]
    with pytest.raises(DigestMismatch, match="stored"):
        _publish(make())


def test_an_upload_stays_with_tls_where_the_registry_does_not_know_of_it(
    retries: Retries,
) -> None:
    with FakeRegistry(tls=True) as server:
        server.relative_locations = False
        server.claimed_url = f"http://{server.host}"
        options = HttpOptions(other_hosts=HostOptions(skip_verify=True))
        with HttpClient(options, retries) as http:
            connections = RegistryConnections(http, MemoryCredentials())
            reference = Reference.parse(f"{server.host}/app:1")
            _publish(RegistryImageDestination(reference, connections, retries))
        assert _stored(server)


def test_an_upload_without_a_location_is_an_error(
    server: FakeRegistry, make: Make
) -> None:
    server.faults = [Fault("POST", 202, times=9)]
    with pytest.raises(RegistryError, match="without a Location"):
        _publish(make())


def test_a_location_on_another_host_gets_no_credential(
    server: FakeRegistry, connect: Connect, retries: Retries
) -> None:
    server.authentication, server.users = "basic", {"user": "hunter2"}
    user = Credential(username="user", password="hunter2")
    reference = Reference.parse(f"{server.host}/app:1")
    destination = RegistryImageDestination(reference, connect(user), retries)
    with FakeRegistry() as other:
        other.uploads["x"] = bytearray()
        location = {"Location": f"{other.url}/v2/app/blobs/uploads/x"}
        server.faults = [Fault("POST .*uploads", 202, location)]
        destination.check()
        assert other.lines == ["DELETE /v2/app/blobs/uploads/x"]
        assert all("Authorization" not in seen.headers for seen in other.seen)


def test_the_check_starts_an_upload_and_cancels_it(
    server: FakeRegistry, make: Make
) -> None:
    make().check()
    assert [line.split()[0] for line in server.lines] == ["POST", "DELETE"]
    assert server.uploads == {}


def test_a_registry_that_cannot_cancel_passes_the_check(
    server: FakeRegistry, make: Make
) -> None:
    server.faults = [Fault("DELETE")]
    make().check()


def test_the_check_fails_as_the_push_would(server: FakeRegistry, make: Make) -> None:
    server.authentication, server.readers_only = "bearer", True
    with pytest.raises(Unauthorized) as caught:
        make().check()
    assert caught.value.hint


def test_pieces_become_smaller_until_they_are_let_through(
    server: FakeRegistry, make: Make
) -> None:
    image = make_image(make_tar({"a": os.urandom(5 << 20)}))
    server.largest_body = 2 << 20
    _publish(make(piece=16 << 20), image)
    sent = [len(s.body) for s in server.seen if s.method == "PATCH"]
    assert max(sent) == 1 << 20
    assert ("app", "1") in server.manifests


def test_pieces_are_not_smaller_than_the_registry_wants_them(
    server: FakeRegistry, make: Make
) -> None:
    image = make_image(make_tar({"a": os.urandom(3 << 20)}))
    server.largest_body = 2 << 20
    server.further_headers = {"OCI-Chunk-Min-Length": str(3 << 19)}
    _publish(make(piece=1 << 20), image)
    sent = [len(s.body) for s in server.seen if s.method == "PATCH"]
    assert max(sent) == 3 << 19


def test_pieces_that_are_never_let_through_end_with_the_reason(
    server: FakeRegistry, make: Make
) -> None:
    server.faults = [Fault("PATCH", 413, times=99)]
    with pytest.raises(RegistryError) as caught:
        _publish(make())
    assert caught.value.status == 413
    assert "limits the size" in str(caught.value.hint)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("PATCH", 416),
        Fault("PATCH", 404),
        Fault("PUT .*uploads", 400, body=b'{"errors":[{"code":"DIGEST_INVALID"}]}'),
    ],
)
def test_an_upload_that_was_lost_or_damaged_begins_anew(
    server: FakeRegistry, make: Make, fault: Fault
) -> None:
    server.faults = [replace(fault)]
    _publish(make())
    assert _stored(server)


# ----------------------------------------------------------------- whole pushes


def test_sent_blobs_have_no_tag_and_are_not_sent_again(
    server: FakeRegistry, make: Make
) -> None:
    destination = make()
    destination.send(IMAGE.built, IMAGE.open_layer)
    assert ("app", "1") not in server.manifests
    count = len(server.lines)
    _publish(destination)
    assert server.lines[count:] == ["PUT /v2/app/manifests/1"]
    assert _stored(server)


def test_a_check_can_be_left_out(server: FakeRegistry, make: Make) -> None:
    make(checks=False).check()
    assert server.seen == []


def test_a_whole_push_is_repeated(server: FakeRegistry, make: Make) -> None:
    """A lasting status, so that nothing else repeats it; what is there stays."""
    server.faults = [Fault("PUT /v2/app/manifests", status=404, times=2)]
    retries = Retries(RetryPolicy(attempts=3), sleep=lambda _: None)
    _publish(make(repetition=Repeating(retries, (RegistryError,))))
    assert _stored(server)
    uploads = [line for line in server.lines if line.startswith("PATCH")]
    assert len(uploads) == len(IMAGE.blobs())
    assert server.lines.count("PUT /v2/app/manifests/1") == 3


IMMUTABLE = [
    (400, "TAG_INVALID", "The image tag '1' already exists in the 'app' repository"),
    (400, "", "The repository has enabled tag immutability"),
    (400, "TAG", "cannot be overwritten because the repository is immutable."),
    (400, "TAG", "cannot be overwritten because the tag is immutable."),
    (
        412,
        "PRECONDITION",
        "Failed to process request due to '1' configured as immutable",
    ),
    (409, "ImageTagAlreadyExistsException", ""),
]


@pytest.mark.parametrize(("status", "code", "message"), IMMUTABLE)
@pytest.mark.parametrize("keeps", [True, False])
def test_an_immutable_tag_counts_as_pushed_only_where_that_was_said(
    server: FakeRegistry,
    make: Make,
    status: int,
    code: str,
    message: str,
    *,
    keeps: bool,
) -> None:
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    server.faults = [Fault("PUT /v2/app/manifests", status=status, body=body)]
    told: list[str] = []
    destination = make(keeps_immutable_tags=keeps, warn=told.append)
    if keeps:
        _publish(destination)
        assert "stays what it was" in told[0]
    else:
        with pytest.raises(RegistryError) as caught:
            _publish(destination)
        assert "--push-ignore-immutable-tag-errors" in str(caught.value.hint)
    assert ("app", "1") not in server.manifests


@pytest.mark.parametrize(
    ("status", "message"), [(500, "immutable"), (400, "no"), (403, "denied")]
)
def test_other_refusals_are_errors_in_any_case(
    server: FakeRegistry, make: Make, status: int, message: str
) -> None:
    body = json.dumps({"errors": [{"code": "X", "message": message}]}).encode()
    fault = Fault("PUT /v2/app/manifests", status=status, body=body, times=9)
    server.faults = [fault]
    with pytest.raises(RegistryError):
        _publish(make(keeps_immutable_tags=True))


def test_a_tag_that_is_there_already_is_no_matter_of_immutability(
    server: FakeRegistry, make: Make
) -> None:
    _publish(make())
    server.faults = [Fault("PUT /v2/app/manifests", status=400)]
    _publish(make())


def test_what_was_pushed_to_one_repository_is_mounted_in_another(
    server: FakeRegistry, make: Make
) -> None:
    known = KnownBlobs()
    _publish(make(known=known))
    _publish(make("other:1", known=known))
    assert _stored(server, "other")
    assert not [line for line in server.lines if line.startswith("PATCH /v2/other")]


def test_the_destination_is_called_as_docker_would(make: Make) -> None:
    assert make("a/b:c").name.endswith("/a/b:c")


def _truncated(server: FakeRegistry) -> tuple[str, str]:
    """Have the registry keep a part of a layer; return where."""
    layer = IMAGE.manifest.layers[0].digest
    place = ("app", str(layer))
    server.blobs[place] = IMAGE.layers[layer][:-1]
    return place


def test_a_blob_that_a_registry_has_a_part_of_is_sent_anew(
    server: FakeRegistry, make: Make
) -> None:
    _truncated(server)
    _publish(make())
    assert _stored(server)
    for digest, data in IMAGE.blobs().items():
        assert server.blobs["app", str(digest)] == data


def test_a_registry_that_keeps_a_part_of_a_blob_is_no_success(
    server: FakeRegistry, make: Make
) -> None:
    _, digest = _truncated(server)
    server.keeps_blobs = True
    with pytest.raises(DigestMismatch) as raised:
        _publish(make())
    assert digest in str(raised.value)
    assert raised.value.place == f"{server.host}/app"
    assert raised.value.hint
    assert server.manifests == {}


def test_a_part_of_a_blob_is_not_mounted(server: FakeRegistry, make: Make) -> None:
    base = _from_base(server, server.host)
    layer, data = next(iter(IMAGE.layers.items()))
    server.blobs["base", str(layer)] = data[:-1]
    _publish_on_base(make(), base)
    assert _stored(server)
    assert server.blobs["app", str(layer)] == data
