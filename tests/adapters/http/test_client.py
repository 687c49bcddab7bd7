"""The HTTP client keeps secrets with their host and tries again where it helps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.http.client import HttpClient, HttpOptions
from adapters.http.errors import Failure, TransportError
from adapters.http.messages import Body, Request
from adapters.http.retries import Retries, RetryPolicy
from adapters.http.tls import HostOptions
from domain.errors import UsageError
from tests.support.loopback_server import TLS
from tests.support.registry_server import FakeRegistry, Fault


class Waits:
    """A sleep that only remembers."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.lines: list[str] = []

    def retries(self, attempts: int = 3) -> Retries:
        policy = RetryPolicy(attempts=attempts, jitter=0)
        return Retries(policy, sleep=self.seconds.append, announce=self.lines.append)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def server() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


@pytest.fixture
def client(waits: Waits) -> Iterator[HttpClient]:
    options = HttpOptions(user_agent="kanipy/1 ci")
    with HttpClient(options, waits.retries()) as made:
        yield made


def _get(client: HttpClient, url: str, **headers: str) -> int:
    with client.send(Request(method="GET", url=url, headers=headers)) as response:
        return response.status


def test_requests_say_who_asks_and_want_no_encoding(
    server: FakeRegistry, client: HttpClient
) -> None:
    assert _get(client, f"{server.url}/v2/") == 200
    headers = server.seen[0].headers
    assert headers["User-Agent"] == "kanipy/1 ci"
    assert headers["Accept-Encoding"] == "identity"


def test_a_connection_is_used_again(server: FakeRegistry, client: HttpClient) -> None:
    for _ in range(3):
        with client.send(Request(method="GET", url=f"{server.url}/v2/")) as response:
            assert response.read_document(10) == b"{}"
    assert len(server.peers) == 1


@pytest.mark.parametrize("status", [408, 429, 499, 500, 502, 503, 504, 522])
def test_a_transient_status_is_tried_again(
    server: FakeRegistry, client: HttpClient, waits: Waits, status: int
) -> None:
    server.faults = [Fault("GET /v2/", status, times=2)]
    assert _get(client, f"{server.url}/v2/") == 200
    assert waits.seconds == [1.0, 3.0]


def test_the_last_answer_is_returned_when_nothing_helps(
    server: FakeRegistry, client: HttpClient, waits: Waits
) -> None:
    server.faults = [Fault("GET /v2/", 503, body=b"sorry", times=9)]
    with client.send(Request(method="GET", url=f"{server.url}/v2/")) as response:
        assert response.status == 503
        assert response.read_document(100) == b"sorry"
    assert len(server.seen) == 3
    assert len(waits.lines) == 2


@pytest.mark.parametrize("status", [400, 401, 404, 501])
def test_a_lasting_status_is_not_tried_again(
    server: FakeRegistry, client: HttpClient, status: int
) -> None:
    server.faults = [Fault("GET /v2/", status)]
    assert _get(client, f"{server.url}/v2/") == status


def test_a_broken_connection_is_tried_again(
    server: FakeRegistry, client: HttpClient
) -> None:
    server.faults = [Fault("GET /v2/", times=2)]
    assert _get(client, f"{server.url}/v2/") == 200


def test_a_request_may_forbid_another_attempt(
    server: FakeRegistry, client: HttpClient
) -> None:
    server.faults = [Fault("PATCH")]
    request = Request(method="PATCH", url=f"{server.url}/v2/", retry=False)
    with pytest.raises(TransportError) as caught:
        client.send(request)
    assert caught.value.failure is Failure.BROKEN
    assert len(server.seen) == 1


def test_the_server_s_wish_to_wait_is_granted_within_bounds(
    server: FakeRegistry, client: HttpClient, waits: Waits
) -> None:
    server.faults = [
        Fault("GET /v2/", 429, {"Retry-After": "17"}),
        Fault("GET /v2/", 429, {"Retry-After": "86400"}),
    ]
    assert _get(client, f"{server.url}/v2/") == 200
    assert waits.seconds == [17.0, 60.0]


def test_credentials_stay_with_their_host(
    server: FakeRegistry, client: HttpClient
) -> None:
    elsewhere = f"http://127.0.0.1:{server.port}/v2/"
    server.faults = [Fault("GET /v2/", 307, {"Location": elsewhere})]
    assert _get(client, f"{server.url}/v2/", Authorization="Basic secret") == 200
    assert "Authorization" in server.seen[0].headers
    assert "Authorization" not in server.seen[1].headers


def test_credentials_go_along_on_the_same_host(
    server: FakeRegistry, client: HttpClient
) -> None:
    server.faults = [Fault("GET /v2/", 302, {"Location": "/v2/"})]
    assert _get(client, f"{server.url}/v2/", Authorization="Basic secret") == 200
    assert server.seen[1].headers["Authorization"] == "Basic secret"


def test_endless_redirects_end(server: FakeRegistry, client: HttpClient) -> None:
    server.faults = [Fault("GET /v2/", 302, {"Location": "/v2/"}, times=50)]
    with pytest.raises(TransportError, match="too many redirects"):
        _get(client, f"{server.url}/v2/")


def test_a_redirect_to_another_scheme_is_not_followed(
    server: FakeRegistry, client: HttpClient
) -> None:
    server.faults = [Fault("GET /v2/", 302, {"Location": "file:///etc/passwd"})]
    with pytest.raises(TransportError) as caught:
        _get(client, f"{server.url}/v2/")
    assert caught.value.failure is Failure.ADDRESS


def test_cookies_are_not_kept(server: FakeRegistry, client: HttpClient) -> None:
    server.faults = [Fault("GET /v2/", 404, {"Set-Cookie": "a=b; Path=/"})]
    _get(client, f"{server.url}/v2/")
    _get(client, f"{server.url}/v2/")
    assert "Cookie" not in server.seen[1].headers


def test_a_body_is_streamed_with_its_length_and_can_be_sent_again(
    server: FakeRegistry, client: HttpClient
) -> None:
    server.faults = [Fault("PUT", 503)]
    body = Body(6, lambda: iter([b"abc", b"def"]))
    with client.send(Request(method="PUT", url=f"{server.url}/v2/", body=body)):
        pass
    assert [seen.body for seen in server.seen] == [b"abcdef", b"abcdef"]
    assert server.seen[0].headers["Content-Length"] == "6"


def test_a_document_that_is_too_long_is_refused(
    server: FakeRegistry, client: HttpClient
) -> None:
    server.faults = [Fault("GET /v2/", 200, body=b"x" * 11)]
    with (
        client.send(Request(method="GET", url=f"{server.url}/v2/")) as response,
        pytest.raises(TransportError, match="more than 10"),
    ):
        response.read_document(10)


def test_a_body_that_ends_early_is_a_broken_connection(
    server: FakeRegistry, client: HttpClient
) -> None:
    server.faults = [Fault("GET /v2/", cut_after=1)]
    with (
        client.send(Request(method="GET", url=f"{server.url}/v2/")) as response,
        pytest.raises(TransportError) as caught,
    ):
        response.read_document(10)
    assert caught.value.failure is Failure.BROKEN


def test_a_refused_connection_is_not_tried_again(
    client: HttpClient, waits: Waits
) -> None:
    with FakeRegistry() as gone:
        url = gone.url
    with pytest.raises(TransportError) as caught:
        _get(client, url)
    assert caught.value.failure is Failure.REFUSED
    assert caught.value.hint
    assert waits.seconds == []


def _status_over_tls(options: HttpOptions) -> int:
    with FakeRegistry(tls=True) as server, HttpClient(options) as client:
        return _get(client, f"{server.url}/v2/")


def test_an_unknown_certificate_is_refused_with_the_remedy() -> None:
    with pytest.raises(TransportError) as caught:
        _status_over_tls(HttpOptions())
    assert caught.value.failure is Failure.CERTIFICATE
    assert "SSL_CERT_DIR" in str(caught.value.hint)


def test_every_file_of_the_certificate_directory_is_trusted() -> None:
    """Whatever the files are called, as in Go programs."""
    environment = {"SSL_CERT_DIR": f"/nonexistent:{TLS}"}
    assert _status_over_tls(HttpOptions(environment=environment)) == 200


def test_the_certificate_file_of_the_environment_is_trusted() -> None:
    environment = {"SSL_CERT_FILE": str(TLS / "ca.pem")}
    assert _status_over_tls(HttpOptions(environment=environment)) == 200


def test_verification_can_be_skipped() -> None:
    options = HttpOptions(other_hosts=HostOptions(skip_verify=True))
    assert _status_over_tls(options) == 200


def test_a_certificate_of_one_host_is_not_trusted_for_another() -> None:
    trusting = HostOptions(ca_files=(str(TLS / "ca.pem"),))
    with FakeRegistry(tls=True) as first, FakeRegistry(tls=True) as second:
        options = HttpOptions(hosts={first.host: trusting})
        with HttpClient(options) as client:
            assert _get(client, f"{first.url}/v2/") == 200
            with pytest.raises(TransportError):
                _get(client, f"{second.url}/v2/")


@pytest.mark.parametrize(
    "options",
    [
        HostOptions(ca_files=("/nonexistent.pem",)),
        HostOptions(client_certificate=("/nonexistent.pem", "/nonexistent.key")),
    ],
)
def test_a_certificate_file_that_cannot_be_read_is_named(options: HostOptions) -> None:
    with pytest.raises(UsageError, match=r"/nonexistent\.pem"):
        _status_over_tls(HttpOptions(other_hosts=options))


def test_a_client_certificate_can_be_shown() -> None:
    pair = (str(TLS / "server.pem"), str(TLS / "server.key"))
    options = HostOptions(skip_verify=True, client_certificate=pair)
    assert _status_over_tls(HttpOptions(other_hosts=options)) == 200


def test_plain_http_is_told_from_tls(server: FakeRegistry, client: HttpClient) -> None:
    with pytest.raises(TransportError) as caught:
        _get(client, f"https://{server.host}/v2/")
    assert caught.value.failure is Failure.TLS
    assert "--insecure-registry" in str(caught.value.hint)


def test_a_proxy_is_asked_for_the_whole_url(server: FakeRegistry) -> None:
    options = HttpOptions(environment={"HTTP_PROXY": f"http://u:p@{server.host}"})
    with HttpClient(options) as client:
        _get(client, "http://registry.test/v2/?x=y")
    assert server.seen[0].line == "GET /v2/"
    assert server.seen[0].headers["Host"] == "registry.test"
    assert server.seen[0].headers["Proxy-Authorization"] == "Basic dTpw"


def test_a_missing_proxy_is_named_as_the_culprit(client: HttpClient) -> None:
    with FakeRegistry() as gone:
        proxy = gone.url
    options = HttpOptions(environment={"http_proxy": proxy})
    with HttpClient(options) as proxied, pytest.raises(TransportError) as caught:
        _get(proxied, "http://registry.test/v2/")
    assert caught.value.failure is Failure.PROXY
    assert "NO_PROXY" in str(caught.value.hint)
