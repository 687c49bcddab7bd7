"""Google's tokens come from the files and the server that its clients look at."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from adapters.credentials.google import GoogleHelper
from adapters.credentials.helper import HelperFailure
from adapters.http.client import HttpClient
from adapters.http.messages import Request, Response
from adapters.http.retries import Retries, RetryPolicy
from application.ports.credentials import Credential
from domain.values import replace
from tests.support.web_server import Answer, WebServer

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
).decode()
HOST = "europe-west1-docker.pkg.dev"


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


class _Bent(HttpClient):
    """Sends what is meant for Google's own hosts to a server of ours."""

    def __init__(self, web: WebServer | None = None) -> None:
        super().__init__(retries=Retries(RetryPolicy(attempts=1)))
        self._web = web

    def send(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        if self._web and parts.netloc.endswith(".googleapis.com"):
            url = f"{self._web.url}{parts.path}"
            request = replace(request, url=url)
        return super().send(request)


def _helper(web: WebServer | None = None, **environment: str) -> GoogleHelper:
    return GoogleHelper(environment, _Bent(web), _Bent())


def _answers(web: WebServer, path: str, document: object, status: int = 200) -> None:
    body = json.dumps(document).encode()
    headers = {"Metadata-Flavor": "Google", "Content-Type": "application/json"}
    web.answers[path] = [Answer(body=body, status=status, headers=headers)]


def _with_file(path: Path, document: object) -> GoogleHelper:
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return _helper(GOOGLE_APPLICATION_CREDENTIALS=str(path), HOME="/nonexistent")


def _account(web: WebServer) -> dict[str, str]:
    return {
        "type": "service_account",
        "client_email": "robot@project.iam.gserviceaccount.com",
        "private_key_id": "1",
        "private_key": PEM,
        "token_uri": f"{web.url}/token",
    }


def _check(found: Credential | None, token: str) -> None:
    assert found is not None
    assert (found.username, found.password) == ("oauth2accesstoken", token)
    assert found.expires is not None
    assert 0 < found.expires - time.time() < 4000


def _part(token: str, number: int) -> bytes:
    text = token.split(".")[number]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_key_of_a_service_account_signs_for_a_token(
    web: WebServer, tmp_path: Path
) -> None:
    _answers(web, "/token", {"access_token": "ya29.a", "expires_in": 3600})
    path = tmp_path / "key.json"
    found = _with_file(path, _account(web)).get(HOST)
    _check(found, "ya29.a")
    assert found is not None
    assert found.source == str(path)
    (asked,) = web.asked
    assertion = asked.form["assertion"]
    claims = json.loads(_part(assertion, 1))
    assert claims["iss"] == "robot@project.iam.gserviceaccount.com"
    assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    signed = assertion.rpartition(".")[0].encode()
    KEY.public_key().verify(
        _part(assertion, 2), signed, padding.PKCS1v15(), hashes.SHA256()
    )


def test_the_login_of_a_person_is_refreshed(web: WebServer, tmp_path: Path) -> None:
    """`gcloud auth application-default login` leaves it in a file of its own."""
    _answers(web, "/token", {"access_token": "ya29.b", "expires_in": 3600})
    document = {
        "type": "authorized_user",
        "client_id": "id",
        "client_secret": "hunter2",
        "refresh_token": "1//x",
    }
    for environment, place in (
        ({"HOME": str(tmp_path)}, tmp_path / ".config" / "gcloud"),
        ({"CLOUDSDK_CONFIG": str(tmp_path / "sdk")}, tmp_path / "sdk"),
    ):
        place.mkdir(parents=True)
        path = place / "application_default_credentials.json"
        path.write_text(json.dumps(document))
        _check(_helper(web, **environment).get(HOST), "ya29.b")
        assert web.asked[-1].form["refresh_token"] == "1//x"


def test_a_workload_s_token_is_exchanged(web: WebServer, tmp_path: Path) -> None:
    """Workload identity federation: a token of the cluster for one of Google's."""
    _answers(web, "/sts", {"access_token": "federated", "expires_in": 3600,
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "Bearer"})  # fmt: skip
    (tmp_path / "token").write_text("of the cluster")
    document = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/x",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{web.url}/sts",
        "credential_source": {"file": str(tmp_path / "token")},
    }
    _check(_with_file(tmp_path / "c.json", document).get(HOST), "federated")
    (asked,) = web.asked
    assert asked.form["subject_token"] == "of the cluster"


def test_an_identity_may_stand_for_another(web: WebServer, tmp_path: Path) -> None:
    _answers(web, "/token", {"access_token": "mine", "expires_in": 3600})
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    path = "/v1/projects/-/serviceAccounts/other@p.iam.gserviceaccount.com"
    answer = {"accessToken": "theirs", "expireTime": expires}
    _answers(web, f"{path}:generateAccessToken", answer)
    document = {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": (
            f"https://iamcredentials.googleapis.com{path}:generateAccessToken"
        ),
        "source_credentials": _account(web),
    }
    file = tmp_path / "c.json"
    file.write_text(json.dumps(document))
    helper = _helper(web, GOOGLE_APPLICATION_CREDENTIALS=str(file))
    _check(helper.get(HOST), "theirs")
    shown = {k.lower(): v for k, v in web.asked[-1].headers.items()}
    assert shown["authorization"] == "Bearer mine"


def test_the_metadata_server_of_the_machine_has_a_token(web: WebServer) -> None:
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    _answers(web, path, {"access_token": "ya29.m", "expires_in": 300})
    _check(_helper(GCE_METADATA_HOST=web.host).get("gcr.io"), "ya29.m")
    (asked,) = web.asked
    assert asked.headers["Metadata-Flavor"] == "Google"


def test_a_machine_without_an_account_has_no_token(web: WebServer) -> None:
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    _answers(web, path, {}, status=404)
    assert _helper(GCE_METADATA_HOST=web.host).get("gcr.io") is None


def test_an_answer_that_is_not_google_s_is_passed_over(web: WebServer) -> None:
    """Other clouds, and proxies, answer at the same address."""
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    web.answers[path] = [Answer(body=b'{"access_token": "x", "expires_in": 1}')]
    assert _helper(GCE_METADATA_HOST=web.host).get("gcr.io") is None


def test_nobody_is_asked_where_that_was_said(web: WebServer) -> None:
    assert _helper(GCE_METADATA_HOST=web.host, NO_GCE_CHECK="True").get("a") is None
    assert web.asked == []


def test_a_broken_metadata_server_is_told(web: WebServer) -> None:
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    _answers(web, path, {"error": "hunter2"}, status=403)
    with pytest.raises(HelperFailure, match="403 and no token"):
        _helper(GCE_METADATA_HOST=web.host).get("gcr.io")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hunter2",
        "[]",
        "{}",
        '{"type": "hunter2"}',
        '{"type": "service_account", "private_key": "hunter2"}',
        json.dumps({"type": "service_account", "client_email": "a", "token_uri": "b",
                    "private_key": "hunter2"}),
        json.dumps({"type": "external_account", "audience": "a", "token_url": "b",
                    "subject_token_type": "c",
                    "credential_source": {"executable": {"command": "touch /x"}}}),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_named_and_not_quoted(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "key.json"
    with pytest.raises(HelperFailure) as caught:
        _with_file(path, text).get(HOST)
    assert str(path) in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_missing_file_is_named() -> None:
    helper = _helper(GOOGLE_APPLICATION_CREDENTIALS="/nonexistent/key.json")
    with pytest.raises(HelperFailure, match=r"key\.json: No such file"):
        helper.get(HOST)


def test_a_refusal_is_told_by_its_code(web: WebServer, tmp_path: Path) -> None:
    _answers(web, "/token", {"error": "invalid_grant", "error_description": "hunter2"},
             status=400)  # fmt: skip
    helper = _with_file(tmp_path / "key.json", _account(web))
    with pytest.raises(HelperFailure, match="invalid_grant") as caught:
        helper.get(HOST)
    assert "hunter2" not in str(caught.value)
