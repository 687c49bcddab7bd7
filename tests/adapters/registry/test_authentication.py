"""Registries are convinced with as little as they need, and nobody else is told."""

from __future__ import annotations

import pytest

from adapters.http.client import HttpClient, HttpOptions
from adapters.http.retries import Retries
from adapters.http.tls import HostOptions
from adapters.memory.credentials import MemoryCredentials
from adapters.registry.authentication import Access
from adapters.registry.connection import RegistryConnections
from adapters.registry.source import RegistryImageSource
from application.errors import RegistryError, RegistryUnreachable, Unauthorized
from application.ports.credentials import Credential
from domain.errors import UsageError
from domain.image.reference import Reference
from domain.values import replace
from tests.adapters.registry.conftest import Connect
from tests.support.images import AMD64, make_image, make_tar
from tests.support.registry_server import FakeRegistry, Fault

USER = Credential(username="user", password="hunter2", source="/etc/config.json")
BASIC = "Basic dXNlcjpodW50ZXIy"
PULL = Access(repository="app")
PUSH = Access(repository="app", push=True)


@pytest.fixture(autouse=True)
def image(server: FakeRegistry) -> None:
    made = make_image(make_tar({"a": b"1"}))
    for data in made.blobs().values():
        server.put_blob("app", data)
    server.put_manifest("app", "1", made.manifest.raw, made.manifest.media_type)


def _resolve(server: FakeRegistry, connections: RegistryConnections) -> None:
    source = RegistryImageSource(connections)
    source.resolve(Reference.parse(f"{server.host}/app:1"), AMD64)


def _tokens(server: FakeRegistry) -> list[str]:
    return [seen.method for seen in server.seen if seen.line.endswith(" /token")]


def test_an_open_registry_gets_no_credential_even_if_there_is_one(
    server: FakeRegistry, connect: Connect
) -> None:
    _resolve(server, connect(USER))
    assert all("Authorization" not in seen.headers for seen in server.seen)


def test_basic_authentication(server: FakeRegistry, connect: Connect) -> None:
    server.authentication, server.users = "basic", {"user": "hunter2"}
    _resolve(server, connect(USER))
    assert server.seen[-1].headers["Authorization"] == BASIC


def test_one_token_serves_all_requests_of_a_scope(
    server: FakeRegistry, connect: Connect
) -> None:
    server.authentication, server.users = "bearer", {"user": "hunter2"}
    connections = connect(USER)
    _resolve(server, connections)
    _resolve(server, connections)
    assert _tokens(server) == ["GET"]
    (asked,) = [seen for seen in server.seen if seen.path == "/token"]
    assert asked.query["scope"] == ["repository:app:pull"]
    assert asked.query["service"] == ["test service"]
    assert asked.headers["Authorization"] == BASIC


def test_the_password_reaches_the_token_service_only(
    server: FakeRegistry, connect: Connect
) -> None:
    server.authentication, server.users = "bearer", {"user": "hunter2"}
    _resolve(server, connect(USER))
    shown = [s.headers.get("Authorization") for s in server.seen if s.path != "/token"]
    assert BASIC not in shown


def test_anonymous_tokens_are_asked_for_without_a_credential(
    server: FakeRegistry, connect: Connect
) -> None:
    server.authentication = "bearer"
    _resolve(server, connect())
    assert _tokens(server) == ["GET"]


def test_pushing_needs_another_token_than_pulling(
    server: FakeRegistry, connect: Connect
) -> None:
    server.authentication = "bearer"
    connection = connect().to(server.host)
    for access in (PULL, PUSH, PULL):
        connection.send("GET", "app/manifests/1", access=access, purpose="x").close()
    scopes = [s.query["scope"][0] for s in server.seen if s.path == "/token"]
    assert scopes == ["repository:app:pull", "repository:app:pull,push"]


def test_a_token_the_registry_forgot_is_renewed_once(
    server: FakeRegistry, connect: Connect
) -> None:
    server.authentication = "bearer"
    connections = connect()
    _resolve(server, connections)
    server.tokens.clear()
    _resolve(server, connections)
    assert _tokens(server) == ["GET", "GET"]


def test_a_token_is_renewed_before_it_runs_out(
    server: FakeRegistry, connect: Connect
) -> None:
    server.authentication = "bearer"
    server.token_lifetime = -1
    connections = connect()
    _resolve(server, connections)
    refused = [seen for seen in server.seen if seen.line == "GET /v2/"]
    assert len(refused) == 1
    assert len(_tokens(server)) > 1


def test_an_identity_token_is_exchanged_by_post(
    server: FakeRegistry, connect: Connect
) -> None:
    server.authentication, server.users = "bearer", {"token": "x"}
    _resolve(server, connect(Credential(identity_token="identity")))
    assert _tokens(server) == ["POST"]


def test_a_password_is_posted_where_get_is_refused(
    server: FakeRegistry, connect: Connect
) -> None:
    server.authentication = "bearer"
    server.faults = [Fault("GET /token", 405)]
    _resolve(server, connect(USER))
    assert _tokens(server) == ["GET", "POST"]
    posted = next(seen for seen in server.seen if seen.line == "POST /token")
    assert b"grant_type=password" in posted.body
    assert b"password=hunter2" in posted.body


def test_a_registry_token_is_sent_as_it_is(
    server: FakeRegistry, connect: Connect
) -> None:
    server.authentication = "bearer"
    server.tokens["given"] = ["repository:app:pull"]
    _resolve(server, connect(Credential(registry_token="given")))
    assert _tokens(server) == []


def test_a_challenge_may_come_with_the_real_request_only(
    server: FakeRegistry, connect: Connect
) -> None:
    server.authentication = "bearer"
    server.faults = [Fault("GET /v2/$", 200)]
    _resolve(server, connect())
    assert _tokens(server) == ["GET"]


def test_a_missing_credential_is_told_with_the_place_to_put_it(
    server: FakeRegistry, connect: Connect
) -> None:
    server.authentication = "basic"
    with pytest.raises(Unauthorized) as caught:
        _resolve(server, connect())
    assert caught.value.status == 401
    assert caught.value.code == "UNAUTHORIZED"
    assert caught.value.repository == "app"
    assert server.host in str(caught.value.hint)
    assert "config.json" in str(caught.value.hint)


@pytest.mark.parametrize("authentication", ["basic", "bearer"])
def test_a_refused_credential_is_named_by_user_and_source_never_by_secret(
    server: FakeRegistry, connect: Connect, authentication: str
) -> None:
    server.authentication, server.users = authentication, {"user": "other"}
    with pytest.raises(Unauthorized) as caught:
        _resolve(server, connect(USER))
    told = f"{caught.value} {caught.value.hint}"
    assert "'user'" in told
    assert "/etc/config.json" in told
    assert "hunter2" not in told
    assert "dXNlcj" not in told


def test_a_token_that_does_not_allow_it_is_unauthorized(
    server: FakeRegistry, connect: Connect
) -> None:
    server.authentication, server.readers_only = "bearer", True
    connection = connect().to(server.host)
    with pytest.raises(Unauthorized):
        connection.send("POST", "app/blobs/uploads/", access=PUSH, purpose="push")


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b"{}", b'{"token":5}', b'{"token":"a\\nb"}', b"[" * 99999]
)
def test_an_answer_without_a_token_is_unauthorized(
    server: FakeRegistry, connect: Connect, answer: bytes
) -> None:
    server.authentication = "bearer"
    server.faults = [Fault("GET /token", 200, body=answer)]
    with pytest.raises(Unauthorized, match="no token"):
        _resolve(server, connect())


def test_the_field_may_be_called_access_token(
    server: FakeRegistry, connect: Connect
) -> None:
    server.authentication = "bearer"
    server.tokens["given"] = ["repository:app:pull"]
    answer = b'{"access_token":"given","expires_in":"300"}'
    server.faults = [Fault("GET /token", 200, body=answer)]
    _resolve(server, connect())


def test_a_token_service_that_cannot_be_reached_is_named(
    server: FakeRegistry, connect: Connect
) -> None:
    with FakeRegistry() as gone:
        host = gone.host
    challenge = {"WWW-Authenticate": f'Bearer realm="http://{host}/token"'}
    server.faults = [Fault("GET /v2/$", 401, challenge)]
    with pytest.raises(RegistryUnreachable, match=host):
        _resolve(server, connect(USER))


def test_no_password_goes_to_a_token_service_without_tls(retries: Retries) -> None:
    """A https registry that names a plain realm is misconfigured, or attacked."""
    options = HttpOptions(other_hosts=HostOptions(skip_verify=True))
    with FakeRegistry(tls=True) as server, HttpClient(options, retries) as http:
        challenge = {"WWW-Authenticate": 'Bearer realm="http://auth.test/token"'}
        server.faults = [Fault("GET /v2/$", 401, challenge)]
        credentials = MemoryCredentials({server.host: USER})
        with pytest.raises(RegistryError, match="not https"):
            _resolve(server, RegistryConnections(http, credentials))


def test_a_credential_that_has_run_out_is_looked_for_again(
    server: FakeRegistry, http: HttpClient
) -> None:
    """A token of a cloud may not outlast the build."""
    server.authentication, server.users = "basic", {"user": "hunter2"}
    credentials = MemoryCredentials({server.host: replace(USER, expires=1.0)})
    connections = RegistryConnections(http, credentials)
    _resolve(server, connections)
    first = len(credentials.asked)
    _resolve(server, connections)
    assert len(credentials.asked) > first

    lasting = MemoryCredentials({server.host: USER})
    connections = RegistryConnections(http, lasting)
    _resolve(server, connections)
    _resolve(server, connections)
    assert len(lasting.asked) == 1


def test_a_challenge_of_the_host_redirected_to_is_not_answered(
    server: FakeRegistry, connect: Connect
) -> None:
    """Otherwise the storage behind a registry could ask for its passwords."""
    with FakeRegistry() as storage:
        challenge = {"WWW-Authenticate": f'Bearer realm="{storage.url}/token"'}
        storage.faults = [Fault("GET /storage", 401, challenge, times=9)]
        server.blob_redirect = storage.url
        with pytest.raises(RegistryError, match=f"401 at {storage.host}") as caught:
            _resolve(server, connect(USER))
        assert "led there" in str(caught.value.hint)
        assert not isinstance(caught.value, Unauthorized)
        assert [seen.method for seen in storage.seen] == ["GET"]
        assert all("Authorization" not in seen.headers for seen in storage.seen)


def test_plain_http_is_spoken_where_an_option_allows_it(retries: Retries) -> None:
    """On loopback nobody has to allow it."""
    with FakeRegistry() as server, HttpClient(retries=retries) as http:
        connection = RegistryConnections(http, MemoryCredentials()).to(server.host)
        connection.send("GET", "app/tags", access=PULL, purpose="x").close()
    assert server.seen[0].line == "GET /v2/"


# Whoever makes settings of TLS of these options is told so.
NO_TLS = HttpOptions(other_hosts=HostOptions(ca_files=("/nonexistent.pem",)))


def test_plain_http_on_loopback_is_found_without_tls(
    server: FakeRegistry, retries: Retries
) -> None:
    with HttpClient(NO_TLS, retries) as http:
        _resolve(server, RegistryConnections(http, MemoryCredentials()))
    assert [seen.line for seen in server.seen].count("GET /v2/") == 1


def test_whoever_refuses_plain_http_on_loopback_is_asked_for_tls(
    server: FakeRegistry, retries: Retries
) -> None:
    with HttpClient(NO_TLS, retries) as http:
        server.faults.append(Fault("GET /v2/$", status=400))
        with pytest.raises(UsageError, match="CA certificate"):
            _resolve(server, RegistryConnections(http, MemoryCredentials()))


def test_tls_on_loopback_is_verified(retries: Retries) -> None:
    with FakeRegistry(tls=True) as server, HttpClient(retries=retries) as http:
        with pytest.raises(RegistryUnreachable, match="certificate") as caught:
            _resolve(server, RegistryConnections(http, MemoryCredentials()))
        assert "SSL_CERT_DIR" in str(caught.value.hint)
        assert server.seen == []


def test_an_unreachable_registry_is_told_with_the_reason(retries: Retries) -> None:
    with FakeRegistry() as server:
        pass
    with (
        HttpClient(retries=retries) as http,
        pytest.raises(RegistryUnreachable, match="refused") as caught,
    ):
        _resolve(server, RegistryConnections(http, MemoryCredentials()))
    assert caught.value.registry == server.host
    assert caught.value.hint
