"""Downloads over real HTTP: redirects, breaks, TLS, credentials, a full disk."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.downloads.http_downloads import HttpDownloads
from adapters.http.client import HttpClient, HttpOptions
from adapters.http.retries import Retries, RetryPolicy
from adapters.http.tls import HostOptions
from application.errors import FilesystemError, SourceUnavailable
from application.ports.downloads import Download
from tests.support.loopback_server import TLS
from tests.support.web_server import Answer, WebServer


class Client:
    """Downloads into a directory; waits are remembered, not waited."""

    def __init__(self, directory: Path, options: HttpOptions | None = None) -> None:
        self.waits: list[float] = []
        self.lines: list[str] = []
        retries = Retries(
            RetryPolicy(attempts=3, jitter=0),
            sleep=self.waits.append,
            announce=self.lines.append,
        )
        self.directory = directory
        self.http = HttpClient(options, retries)
        self.downloads = HttpDownloads(self.http, retries, directory)

    def fetch(self, url: str, authorization: str = "") -> Download:
        return self.downloads.fetch(url, "download:1", authorization)

    def read(self, url: str) -> bytes:
        with self.downloads.open_file(self.fetch(url).content) as stream:
            return stream.read()

    def failed(self, url: str) -> SourceUnavailable:
        with pytest.raises(SourceUnavailable) as caught:
            self.fetch(url)
        assert list(self.directory.iterdir()) == []
        assert "s3cr3t" not in f"{caught.value}{caught.value.hint}{self.lines}"
        return caught.value


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as running:
        yield running


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    made = Client(tmp_path)
    yield made
    made.http.close()


def test_a_redirect_is_followed(server: WebServer, client: Client) -> None:
    server.answers["/f"] = [Answer(status=302, headers={"Location": "/g"})]
    server.answers["/g"] = [Answer(body=b"there")]
    assert client.read(f"{server.url}/f") == b"there"


def test_a_credential_stays_with_its_host(server: WebServer, client: Client) -> None:
    with WebServer() as other:
        other.answers["/g"] = [Answer(body=b"there")]
        elsewhere = {"Location": f"{other.url}/g"}
        server.answers["/f"] = [Answer(status=307, headers=elsewhere)]
        client.fetch(f"{server.url}/f", "Bearer s3cr3t")
        client.fetch(f"http://u:s3cr3t@{server.host}/f")
        shown = [asked.headers.get("Authorization") for asked in server.asked]
        assert shown == ["Bearer s3cr3t", "Basic dTpzM2NyM3Q="]
        assert all("Authorization" not in asked.headers for asked in other.asked)


def test_no_file_of_this_machine_is_read(server: WebServer, client: Client) -> None:
    server.answers["/f"] = [
        Answer(status=302, headers={"Location": "file:///etc/hosts"})
    ]
    error = client.failed(f"{server.url}/f")
    assert "the address is not valid" in error.message


def test_a_download_that_breaks_begins_again(server: WebServer, client: Client) -> None:
    body = b"0123456789" * 1000
    server.answers["/f"] = [Answer(body=body, cut_after=5000), Answer(body=body)]
    download = client.fetch(f"{server.url}/f?sig=s3cr3t")
    assert download.size == len(body)
    assert client.waits == [1.0]
    with client.downloads.open_file(download.content) as stream:
        assert stream.read() == body


def test_a_download_that_always_breaks_is_an_error(
    server: WebServer, client: Client
) -> None:
    server.answers["/f"] = [Answer(body=b"0123456789", cut_after=5)]
    error = client.failed(f"http://u:s3cr3t@{server.host}/f?sig=s3cr3t")
    assert error.message.startswith("cannot be downloaded: the connection broke")
    assert error.place == f"{server.url}/f?…"
    assert len(server.asked) == 3


def test_a_transient_status_is_tried_again(server: WebServer, client: Client) -> None:
    wait = Answer(status=503, headers={"Retry-After": "7"})
    server.answers["/f"] = [wait, Answer(body=b"1")]
    assert client.read(f"{server.url}/f") == b"1"
    assert client.waits == [7.0]


@pytest.mark.parametrize(
    ("status", "message", "hint", "asked"),
    [
        (404, "404 Not Found", "check the address", 1),
        (401, "401 Unauthorized", "the secret HTTP_AUTH_TOKEN_localhost", 1),
        (403, "403 Forbidden", "the secret HTTP_AUTH_TOKEN_localhost", 1),
        (204, "204 No Content", None, 1),
        (503, "503 Service Unavailable", None, 3),
        (599, "599", None, 1),
    ],
)
def test_another_answer_than_the_file(
    server: WebServer,
    client: Client,
    status: int,
    message: str,
    hint: str | None,
    asked: int,
) -> None:
    server.answers["/f"] = [Answer(status=status, body=b"s3cr3t")]
    error = client.failed(f"{server.url}/f")
    assert error.message == f"the server answered {message}"
    assert (hint in (error.hint or "")) if hint else error.hint is None
    assert len(server.asked) == asked


@pytest.mark.parametrize(
    ("address", "message", "hint"),
    [
        ("http://127.0.0.1:1/f", "the connection was refused", "check the host name"),
        ("http://127.0.0.1:99999/f", "the address is not valid", None),
    ],
)
def test_no_server(
    client: Client, address: str, message: str, hint: str | None
) -> None:
    error = client.failed(address)
    assert message in error.message
    assert hint is None or hint in (error.hint or "")


def test_plain_http_where_tls_was_asked_for(server: WebServer, client: Client) -> None:
    error = client.failed(f"https://{server.host}/f")
    assert error.hint == "if it speaks plain HTTP write http:// in the address"


def test_a_certificate_nobody_trusts_is_refused(client: Client) -> None:
    with WebServer(tls=True) as server:
        error = client.failed(f"{server.url}/f")
    assert "certificate is not trusted" in error.message
    assert "--registry-certificate" in (error.hint or "")


def test_the_certificate_of_a_host_is_trusted(tmp_path: Path) -> None:
    with WebServer(tls=True) as server:
        server.answers["/f"] = [Answer(body=b"1")]
        trusting = HostOptions(ca_files=(str(TLS / "ca.pem"),))
        client = Client(tmp_path, HttpOptions(hosts={server.host: trusting}))
        assert client.read(f"{server.url}/f") == b"1"
        client.http.close()


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 01 Jan 1900 00:00:00 GMT"])
def test_a_date_that_says_nothing_is_the_epoch(
    server: WebServer, client: Client, date: str
) -> None:
    server.answers["/f"] = [Answer(headers={"Last-Modified": date})]
    assert client.fetch(f"{server.url}/f").mtime_ns == 0


def test_memory_stays_small(server: WebServer, client: Client) -> None:
    server.answers["/f"] = [Answer(body=bytes(64 << 20))]
    tracemalloc.start()
    try:
        client.fetch(f"{server.url}/f")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20


def test_a_directory_that_cannot_be_written_is_an_error(
    server: WebServer, tmp_path: Path
) -> None:
    client = Client(tmp_path / "gone")
    server.answers["/f"] = [Answer(body=b"1")]
    with pytest.raises(FilesystemError) as caught:
        client.fetch(f"{server.url}/f")
    assert "--kaniko-dir" in (caught.value.hint or "")
    client.http.close()
