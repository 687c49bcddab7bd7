"""Passwords of Amazon's registries, got as boto3 gets credentials.

moto plays Amazon where it can be asked so; else what is sent is recorded.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.credentials.amazon import AmazonHelper
from adapters.credentials.helper import HelperFailure
from integration.services.processes import accepts_connections, free_port, running
from tests.support.loopback_server import TLS
from tests.support.web_server import Answer, WebServer

REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hunter2"}
ROLE = "arn:aws:iam::123456789012:role/builder"


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run moto; return its URL."""
    port = free_port()
    log = tmp_path_factory.mktemp("moto") / "moto.log"
    with running(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        log=log,
        ready=lambda: accepts_connections(port),
    ):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is not Amazon's, and that nobody has logged in on."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")


def _set(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def _json(document: object) -> Answer:
    headers = {"Content-Type": "application/json"}
    return Answer(body=json.dumps(document).encode(), headers=headers)


def _password(web: WebServer) -> None:
    """Let a server answer as Amazon's registries do."""
    data = {"authorizationToken": "QVdTOnB3", "expiresAt": time.time() + 43200}
    web.answers["/"] = [_json({"authorizationData": [data]})]


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    with WebServer() as server:
        _password(server)
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", server.url)
        yield server


def test_keys_in_variables(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, AWS_ENDPOINT_URL=moto, **KEYS)
    found = AmazonHelper().get(REGISTRY)
    assert found is not None
    assert (found.username, found.password) == ("AWS", "123456789012-auth-token")
    assert found.source == "Amazon (env)"
    assert found.expires is not None
    assert "auth-token" not in repr(found)


def test_a_profile_of_a_file(
    moto: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "credentials"
    path.write_text("[ci]\naws_access_key_id = a\naws_secret_access_key = b\n")
    _set(monkeypatch, AWS_ENDPOINT_URL=moto, AWS_PROFILE="ci")
    _set(monkeypatch, AWS_SHARED_CREDENTIALS_FILE=str(path))
    found = AmazonHelper().get(REGISTRY)
    assert found is not None
    assert found.source == "Amazon (shared-credentials-file)"


def test_the_web_identity_of_a_service_account(
    moto: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """IRSA: a pod of EKS with a role."""
    (tmp_path / "token").write_text("of the cluster")
    _set(
        monkeypatch,
        AWS_ENDPOINT_URL=moto,
        AWS_ROLE_ARN=ROLE,
        AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "token"),
    )
    found = AmazonHelper().get(REGISTRY)
    assert found is not None
    assert found.source == "Amazon (assume-role-with-web-identity)"


def test_the_identity_of_a_pod(
    web: WebServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """EKS Pod Identity: an agent on the node hands out credentials."""
    (tmp_path / "token").write_text("of the pod")
    expiration = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    given = {
        "AccessKeyId": "ASIAPOD",
        "SecretAccessKey": "hunter3",
        "Token": "session",
        "Expiration": expiration,
    }
    web.answers["/v1/credentials"] = [_json(given)]
    _set(
        monkeypatch,
        AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{web.url}/v1/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(tmp_path / "token"),
    )
    found = AmazonHelper().get(REGISTRY)
    assert found is not None
    assert found.password == "pw"
    agent, registry = web.asked
    assert agent.headers["Authorization"] == "of the pod"
    assert "Credential=ASIAPOD/" in registry.headers["Authorization"]
    assert registry.headers["X-Amz-Security-Token"] == "session"


def test_the_role_of_a_machine(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The metadata server of EC2, in its second version."""
    with WebServer() as metadata:
        roles = "/latest/meta-data/iam/security-credentials/"
        given = {
            "Code": "Success",
            "AccessKeyId": "ASIAMACHINE",
            "SecretAccessKey": "hunter3",
            "Token": "session",
            "Expiration": "2100-01-01T00:00:00Z",
        }
        metadata.answers[roles] = [Answer(body=b"builder")]
        metadata.answers[f"{roles}builder"] = [_json(given)]
        _set(monkeypatch, AWS_EC2_METADATA_DISABLED="false")
        _set(monkeypatch, AWS_EC2_METADATA_SERVICE_ENDPOINT=metadata.url)
        found = AmazonHelper().get(REGISTRY)
    assert found is not None
    assert found.source == "Amazon (iam-role)"
    assert "Credential=ASIAMACHINE/" in web.asked[0].headers["Authorization"]


def test_the_region_is_that_of_the_registry_s_name(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, AWS_REGION="us-east-2", **KEYS)
    assert AmazonHelper().get(REGISTRY)
    assert "/eu-west-1/ecr/aws4_request" in web.asked[0].headers["Authorization"]


def test_the_public_gallery(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"authorizationToken": "QVdTOnB1YmxpYw==", "expiresAt": 4102444800}
    web.answers["/"] = [_json({"authorizationData": data})]
    _set(monkeypatch, AWS_ENDPOINT_URL_ECR_PUBLIC=web.url, **KEYS)
    found = AmazonHelper().get("public.ecr.aws")
    assert found is not None
    assert (found.username, found.password) == ("AWS", "public")
    signed = web.asked[0].headers["Authorization"]
    assert "/us-east-1/ecr-public/aws4_request" in signed


def test_without_a_credential_nobody_is_asked(web: WebServer) -> None:
    assert AmazonHelper().get(REGISTRY) is None
    assert web.asked == []


def test_a_private_authority_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies of companies answer for Amazon with certificates of their own."""
    with WebServer(tls=True) as web:
        _password(web)
        _set(monkeypatch, AWS_ENDPOINT_URL_ECR=web.url, **KEYS)
        assert AmazonHelper(lambda: str(TLS / "ca.pem")).get(REGISTRY)
        with pytest.raises(HelperFailure, match="SSL validation failed"):
            AmazonHelper().get(REGISTRY)


def test_a_refusal_is_told_by_its_code(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"__type": "AccessDeniedException", "message": "hunter2 may not"}
    web.answers["/"] = [Answer(body=json.dumps(said).encode(), status=400)]
    _set(monkeypatch, **KEYS)
    with pytest.raises(HelperFailure, match="AccessDeniedException") as caught:
        AmazonHelper().get(REGISTRY)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("token", ["!", "QVdT", 3])
def test_an_answer_without_a_password_is_told(
    web: WebServer, monkeypatch: pytest.MonkeyPatch, token: object
) -> None:
    answer = {"authorizationData": [{"authorizationToken": token}]}
    web.answers["/"] = [_json(answer)]
    _set(monkeypatch, **KEYS)
    with pytest.raises(HelperFailure, match="no password"):
        AmazonHelper().get(REGISTRY)


def test_a_program_of_a_profile_is_not_run_once_an_image_is_in_place(
    web: WebServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "keys"
    given = {"Version": 1, "AccessKeyId": "ASIAPROGRAM", "SecretAccessKey": "x"}
    program.write_text(f"#!/bin/sh\necho '{json.dumps(given)}'\n")
    program.chmod(0o755)
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = {program}\n")
    _set(monkeypatch, AWS_CONFIG_FILE=str(config))
    found = AmazonHelper().get(REGISTRY)
    assert found is not None
    assert found.source == "Amazon (custom-process)"
    assert AmazonHelper(may_run=lambda: False).get(REGISTRY) is None
