"""Azure's registries exchange the token of an identity of the machine."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.credentials.azure import AzureHelper
from adapters.credentials.helper import HelperFailure
from adapters.http.client import HttpClient, HttpOptions
from adapters.http.retries import Retries, RetryPolicy
from adapters.http.tls import HostOptions
from application.ports.credentials import Credential
from tests.support.loopback_server import TLS
from tests.support.web_server import Answer, WebServer

CA = str(TLS / "ca.pem")
TENANT = "00000000-0000-0000-0000-00000000000a"
CLIENT = "00000000-0000-0000-0000-00000000000b"
TOKEN = f"/{TENANT}/oauth2/v2.0/token"
MACHINE = "/metadata/identity/oauth2/token"
_VARIABLES = (
    "AZURE_CLIENT_ID",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "IDENTITY_ENDPOINT",
    "MSI_ENDPOINT",
)


def _jwt(**claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.x"


REFRESH = _jwt(exp=int(time.time()) + 10800)


@pytest.fixture
def registry() -> Iterator[WebServer]:
    """What exchanges tokens."""
    with WebServer(tls=True) as server:
        server.answers["/oauth2/exchange"] = [_json({"refresh_token": REFRESH})]
        yield server


@pytest.fixture
def entra() -> Iterator[WebServer]:
    """Who knows clients."""
    with WebServer(tls=True) as server:
        place = f"{server.url}/{TENANT}"
        known = {
            "issuer": f"{place}/v2.0",
            "authorization_endpoint": f"{place}/oauth2/v2.0/authorize",
            "token_endpoint": f"{server.url}{TOKEN}",
        }
        path = f"/{TENANT}/v2.0/.well-known/openid-configuration"
        server.answers[path] = [_json(known)]
        server.answers[TOKEN] = [
            _json({"access_token": "aad", "expires_in": 3600, "token_type": "Bearer"})
        ]
        yield server


@pytest.fixture
def machine() -> Iterator[WebServer]:
    """The metadata server of a machine in Azure."""
    with WebServer() as server:
        answer = {
            "access_token": "of the machine",
            "expires_in": "3600",
            "expires_on": str(int(time.time()) + 3600),
            "resource": "https://management.azure.com",
            "token_type": "Bearer",
        }
        server.answers[MACHINE] = [_json(answer)]
        yield server


def _json(document: object, status: int = 200) -> Answer:
    headers = {"Content-Type": "application/json"}
    return Answer(body=json.dumps(document).encode(), status=status, headers=headers)


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch, machine: WebServer) -> None:
    """A machine in Azure where no variable says who we are."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", machine.url)


def _get(
    registry: WebServer,
    variables: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Credential | None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    options = HttpOptions(other_hosts=HostOptions(ca_files=(CA,)))
    with HttpClient(options, Retries(RetryPolicy(attempts=1))) as http:
        return AzureHelper(variables, http, lambda: CA).get(registry.host)


def _client(entra: WebServer, **more: str) -> dict[str, str]:
    return {
        "AZURE_AUTHORITY_HOST": entra.url,
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_TENANT_ID": TENANT,
        **more,
    }


@pytest.mark.usefixtures("azure")
def test_a_client_s_secret_is_exchanged_twice(
    registry: WebServer, entra: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = _client(entra, AZURE_CLIENT_SECRET="hunter2")
    found = _get(registry, variables, monkeypatch)
    assert found is not None
    assert found.identity_token == REFRESH
    assert found.expires is not None
    assert 10000 < found.expires - time.time() < 11000
    asked = entra.asked[-1].form
    assert asked["client_id"] == CLIENT
    assert asked["client_secret"] == "hunter2"
    assert asked["scope"] == "https://management.azure.com/.default"
    (exchanged,) = registry.asked
    assert exchanged.form == {
        "grant_type": "access_token",
        "service": registry.host,
        "tenant": TENANT,
        "access_token": "aad",
    }


@pytest.mark.usefixtures("azure")
def test_a_workload_s_token_is_an_assertion(
    registry: WebServer,
    entra: WebServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "token").write_text("of the cluster")
    variables = _client(entra, AZURE_FEDERATED_TOKEN_FILE=str(tmp_path / "token"))
    found = _get(registry, variables, monkeypatch)
    assert found is not None
    assert found.identity_token == REFRESH
    assert entra.asked[-1].form["client_assertion"] == "of the cluster"


@pytest.mark.parametrize("client", ["", CLIENT])
@pytest.mark.usefixtures("azure")
def test_the_machine_has_an_identity(
    registry: WebServer,
    machine: WebServer,
    monkeypatch: pytest.MonkeyPatch,
    client: str,
) -> None:
    variables = {"AZURE_CLIENT_ID": client} if client else {}
    found = _get(registry, variables, monkeypatch)
    assert found is not None
    assert registry.asked[0].form["access_token"] == "of the machine"
    assert machine.asked[-1].headers["Metadata"] == "true"
    assert (f"client_id={client}" in machine.asked[-1].target) is bool(client)


@pytest.mark.parametrize(
    ("cloud", "audience"),
    [
        ("AzureChinaCloud", "https://management.chinacloudapi.cn"),
        ("AZUREUSGOVERNMENT", "https://management.usgovcloudapi.net"),
    ],
)
@pytest.mark.usefixtures("azure")
def test_another_cloud_has_another_audience(
    registry: WebServer,
    entra: WebServer,
    monkeypatch: pytest.MonkeyPatch,
    cloud: str,
    audience: str,
) -> None:
    variables = _client(entra, AZURE_CLIENT_SECRET="x", AZURE_ENVIRONMENT=cloud)
    assert _get(registry, variables, monkeypatch)
    assert entra.asked[-1].form["scope"] == f"{audience}/.default"


@pytest.mark.usefixtures("azure")
def test_an_unknown_cloud_is_told(
    registry: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(HelperFailure, match="AZUREPUBLICCLOUD"):
        _get(registry, {"AZURE_ENVIRONMENT": "Mars"}, monkeypatch)


@pytest.mark.usefixtures("azure")
def test_a_machine_elsewhere_has_none(
    registry: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9"}
    assert _get(registry, variables, monkeypatch) is None
    assert registry.asked == []


@pytest.mark.usefixtures("azure")
def test_a_refused_secret_is_told_by_its_code(
    registry: WebServer, entra: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {
        "error": "invalid_client",
        "error_description": "AADSTS7000215: Invalid client secret hunter2 provided.",
    }
    entra.answers[TOKEN] = [_json(said, 401)]
    variables = _client(entra, AZURE_CLIENT_SECRET="hunter2")
    with pytest.raises(HelperFailure, match="AADSTS7000215") as caught:
        _get(registry, variables, monkeypatch)
    assert "hunter2" not in str(caught.value)
    assert registry.asked == []


@pytest.mark.usefixtures("azure")
def test_a_registry_that_refuses_the_exchange_is_told(
    registry: WebServer, entra: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.answers["/oauth2/exchange"] = [_json({"errors": ["aad"]}, 401)]
    variables = _client(entra, AZURE_CLIENT_SECRET="hunter2")
    with pytest.raises(HelperFailure, match="401 and no token") as caught:
        _get(registry, variables, monkeypatch)
    assert "aad" not in str(caught.value)
