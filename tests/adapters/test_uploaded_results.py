"""Result files that are sent: what the server gets, and what is told of failures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.http.client import HttpClient
from adapters.http.retries import Retries
from adapters.memory.ambient import MemoryResultFiles
from adapters.uploaded_results import AddressedResultFiles, UploadedResultFiles
from application.errors import OutputError
from tests.support.registry_server import FakeRegistry, Fault

NO_WAIT = Retries(sleep=lambda _: None)


@pytest.fixture
def server() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


def write(url: str, text: str = "sha256:abc") -> None:
    with HttpClient(retries=NO_WAIT) as http:
        UploadedResultFiles(http).write(url, text)


def test_a_file_is_put_as_plain_text(server: FakeRegistry) -> None:
    server.faults.append(Fault("PUT /store", status=201))
    write(f"http://{server.host}/store/digest?sig=s3cret")
    (seen,) = server.seen
    assert (seen.line, seen.query) == ("PUT /store/digest", {"sig": ["s3cret"]})
    assert seen.headers["Content-Type"] == "text/plain"
    assert seen.body == b"sha256:abc"


def test_a_password_of_the_address_is_sent_as_basic_authentication(
    server: FakeRegistry,
) -> None:
    server.faults.append(Fault("PUT /store", status=204))
    write(f"http://me:pw@{server.host}/store/digest")
    assert server.seen[0].headers["Authorization"] == "Basic bWU6cHc="


def test_what_fails_for_a_moment_is_sent_again(server: FakeRegistry) -> None:
    server.faults += [Fault("PUT", status=503), Fault("PUT", status=200)]
    write(f"http://{server.host}/digest")
    assert [seen.body for seen in server.seen] == [b"sha256:abc"] * 2


@pytest.mark.parametrize("status", [307, 403, 404])
def test_a_refusal_is_told_without_what_is_secret(
    server: FakeRegistry, status: int
) -> None:
    server.faults.append(Fault("PUT", status=status, headers={"Location": "/other"}))
    with pytest.raises(OutputError) as refused:
        write(f"http://me:pw@{server.host}/digest?sig=s3cret")
    assert str(status) in refused.value.message
    assert refused.value.place == f"http://{server.host}/digest?…"
    assert "s3cret" not in repr(refused.value)
    assert len(server.seen) == 1


def test_a_server_that_is_not_there_is_an_error() -> None:
    with pytest.raises(OutputError, match="cannot be sent"):
        write("http://127.0.0.1:1/digest?sig=s3cret")


def test_only_addresses_are_sent() -> None:
    local, remote = MemoryResultFiles(), MemoryResultFiles()
    files = AddressedResultFiles(local, remote)
    files.write("/digest", "a")
    files.write("https://host/digest", "b")
    assert (local.files, remote.files) == (
        {"/digest": "a"},
        {"https://host/digest": "b"},
    )
