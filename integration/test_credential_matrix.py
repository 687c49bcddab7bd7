"""Which credential is sent to which host, for configurations as they are found.

Each row is a configuration of somebody's: files, variables and programs. All of
`EVERYWHERE` is pulled with it, by way of a proxy that records what every host is
shown; what a row does not name must be shown nothing.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.http.client import HttpClient, HttpOptions
from adapters.http.retries import Retries, RetryPolicy
from adapters.http.tls import HostOptions
from adapters.memory.ambient import RecordingReporter
from adapters.registry.connection import RegistryConnections
from adapters.registry.source import RegistryImageSource
from application.errors import ManifestUnknown, Unauthorized
from application.options import RegistryOptions, WarmOptions
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.values import dataclass, field
from entrypoints.credential_builders import credentials
from entrypoints.flags.environment import credential_options, network_options
from integration.services.recording_proxy import RecordingProxy, Shown
from tests.support.web_server import Answer, WebServer

AMD64 = Platform(os="linux", architecture="amd64")
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
HUB = "index.docker.io/library/debian"
EVERYWHERE = (
    HUB,
    "index.docker.io/team/app",
    "ghcr.io/team/app",
    "quay.io/team/app",
    "quay.io/team-two/app",
    "registry.example.com/team/app",
    "registry.example.com:5000/team/app",
    "localhost.example.com/app",
    "gcr.io/project/app",
    "eu.gcr.io/project/app",
    "europe-docker.pkg.dev/project/app",
    f"{ECR}/app",
    "public.ecr.aws/nginx/nginx",
    "mine.azurecr.io/app",
    # names that only look like those of clouds
    "gcr.io.example.com/app",
    f"{ECR}.example.com/app",
    "mine.azurecr.io.example.com/app",
)


def auth(pair: str) -> dict[str, str]:
    return {"auth": base64.b64encode(pair.encode()).decode()}


def auths(**entries: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"auths": entries}


def helper(*known: str) -> str:
    """Return a program that knows some registries."""
    cases = "\n".join(
        f"""{host}) printf '{{"Username":"{user}","Secret":"{secret}"}}';;"""
        for host, user, secret in (each.split("|") for each in known)
    )
    none = "*) echo credentials not found in native keychain; exit 1;;"
    return f"#!/bin/sh\nread server\ncase $server in\n{cases}\n{none}\nesac\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A configuration, and what it must lead to.

    Attributes:
        name: What it is.
        config: docker's config.json, None for none.
        variables: Variables; `{tmp}` is a directory, `{cloud}` and `{host}` URL and
            address of a server of clouds.
        files: Further files by name in that directory.
        programs: Helpers by name.
        expected: What repositories are shown; all others nothing.
        basic: Whether registries want a password instead of a token.
        exchanged: What is shown for an exchange, by host.
        pulls: Repositories to pull from besides.
    """

    name: str
    config: dict[str, Any] | None = None
    variables: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    programs: dict[str, str] = field(default_factory=dict)
    expected: dict[str, str] = field(default_factory=dict)
    basic: bool = False
    exchanged: dict[str, str] = field(default_factory=dict)
    pulls: tuple[str, ...] = ()


HUB_IMAGES = {HUB: "me:pw", "index.docker.io/team/app": "me:pw"}
EXAMPLE = "registry.example.com/team/app"
EXAMPLE_5000 = "registry.example.com:5000/team/app"
GOOGLE = ("gcr.io/project/app", "eu.gcr.io/project/app",
          "europe-docker.pkg.dev/project/app")  # fmt: skip
ON_GCE = {"GCE_METADATA_HOST": "{host}", "NO_GCE_CHECK": ""}
GOOGLE_TOKEN = "oauth2accesstoken:ya29.machine"
AWS_KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_ENDPOINT_URL_ECR": "{cloud}/ecr",
    "AWS_ENDPOINT_URL_ECR_PUBLIC": "{cloud}/ecr-public",
}
AMAZON = {f"{ECR}/app": "AWS:hunter4", "public.ecr.aws/nginx/nginx": "AWS:hunter5"}
IN_AZURE = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "{cloud}/azure"}
GITLAB = {
    "CI_REGISTRY": "registry.example.com:5000",
    "CI_REGISTRY_USER": "gitlab-ci-token",
    "CI_REGISTRY_PASSWORD": "job",
}

HUB_KEYS = (
    "https://index.docker.io/v1/",
    "https://index.docker.io/v2/",
    "index.docker.io",
    "docker.io",
    "https://docker.io",
    "registry-1.docker.io",
    "https://registry-1.docker.io/v2/",
)

ROWS = (
    Row(name="nothing at all"),
    Row(name="an empty object", config={}),
    *(
        Row(name=f"Docker Hub as {key}", config={"auths": {key: auth("me:pw")}},
            expected=HUB_IMAGES)
        for key in HUB_KEYS
    ),
    Row(name="kubectl create secret docker-registry",
        config={"auths": {"https://index.docker.io/v1/": {
            "username": "me", "password": "pw", "email": "me@example.com",
            **auth("me:pw")}}},
        expected=HUB_IMAGES),
    Row(name="user and password without auth",
        config=auths(**{"ghcr.io": {"username": "me", "password": "pw"}}),
        expected={"ghcr.io/team/app": "me:pw"}),
    Row(name="a password with colons",
        config=auths(**{"ghcr.io": auth("me:p:w:")}),
        expected={"ghcr.io/team/app": "me:p:w:"}),
    Row(name="a robot of Harbor",
        config=auths(**{"registry.example.com": auth("robot$team+ci:pw")}),
        expected={EXAMPLE: "robot$team+ci:pw"}),
    Row(name="a password with letters of another alphabet",
        config=auths(**{"registry.example.com": auth("жук:пароль")}),
        expected={EXAMPLE: "жук:пароль"}),
    Row(name="auth made by `base64`, with line breaks",
        config=auths(**{"ghcr.io": {
            "auth": base64.encodebytes(b"me:" + b"p" * 100).decode()}}),
        expected={"ghcr.io/team/app": "me:" + "p" * 100}),
    Row(name="auth with NULs behind",
        config=auths(**{"ghcr.io": auth("me:pw\0\0")}),
        expected={"ghcr.io/team/app": "me:pw"}),
    Row(name="a key with a port",
        config=auths(**{"registry.example.com:5000": auth("me:pw")}),
        expected={EXAMPLE_5000: "me:pw"}),
    Row(name="a key with scheme and /v2/",
        config=auths(**{"https://registry.example.com/v2/": auth("me:pw")}),
        expected={EXAMPLE: "me:pw"}),
    Row(name="a key with a plain scheme and capitals",
        config=auths(**{"http://Registry.Example.com": auth("me:pw")}),
        expected={EXAMPLE: "me:pw"}),
    Row(name="a robot of Quay, for its organisation alone",
        config=auths(**{"quay.io/team": auth("team+robot:pw")}),
        expected={"quay.io/team/app": "team+robot:pw"}),
    Row(name="the longest of several paths",
        config=auths(**{"quay.io": auth("all:1"), "quay.io/team": auth("team:2"),
                        "quay.io/team/app": auth("app:3")}),
        expected={"quay.io/team/app": "app:3", "quay.io/team-two/app": "all:1"}),
    Row(name="a path on Docker Hub",
        config=auths(**{"docker.io/team": auth("me:pw")}),
        expected={"index.docker.io/team/app": "me:pw"}),
    Row(name="several registries",
        config=auths(**{"ghcr.io": auth("gh:1"), "quay.io": auth("qu:2"),
                        "https://index.docker.io/v1/": auth("me:pw")}),
        expected={**HUB_IMAGES, "ghcr.io/team/app": "gh:1", "quay.io/team/app": "qu:2",
                  "quay.io/team-two/app": "qu:2"}),
    Row(name="a registry that wants a password", basic=True,
        config=auths(**{"registry.example.com": auth("me:pw")}),
        expected={EXAMPLE: "me:pw"}),
    Row(name="an identity token",
        config=auths(**{"registry.example.com": {"identitytoken": "abc"}}),
        expected={EXAMPLE: "refresh abc"}),
    Row(name="an identity token beside the user of zeros, as `az acr login` leaves it",
        config=auths(**{"mine.azurecr.io": {
            **auth("00000000-0000-0000-0000-000000000000:"), "identitytoken": "abc"}}),
        expected={"mine.azurecr.io/app": "refresh abc"}),
    Row(name="the user <token>",
        config=auths(**{"registry.example.com": auth("<token>:abc")}),
        expected={EXAMPLE: "refresh abc"}),
    Row(name="a registry token",
        config=auths(**{"registry.example.com": {"registrytoken": "abc"}}),
        expected={EXAMPLE: "bearer abc"}),
    Row(name="the key of a service account as a password",
        config=auths(**{"gcr.io": auth('_json_key:{"type": "service_account"}')}),
        expected={"gcr.io/project/app": '_json_key:{"type": "service_account"}'}),
    Row(name="entries without a credential",
        config=auths(**{"ghcr.io": {}, "quay.io": {"auth": ""},
                        "registry.example.com": {"email": "me@example.com"}})),
    Row(name="DOCKER_AUTH_CONFIG, as GitLab's runners have it",
        config=auths(**{"ghcr.io": auth("file:1")}),
        variables={"DOCKER_AUTH_CONFIG": json.dumps(
            {"auths": {"registry.example.com:5000": auth("variable:2")}})},
        expected={EXAMPLE_5000: "variable:2"}),
    Row(name="the file of the home directory",
        variables={"DOCKER_CONFIG": "", "HOME": "{tmp}"},
        files={".docker/config.json": json.dumps(
            {"auths": {"ghcr.io": auth("me:pw")}})},
        expected={"ghcr.io/team/app": "me:pw"}),
    Row(name="podman's REGISTRY_AUTH_FILE",
        variables={"REGISTRY_AUTH_FILE": "{tmp}/auth.json"},
        files={"auth.json": json.dumps({"auths": {"quay.io/team": auth("me:pw")}})},
        expected={"quay.io/team/app": "me:pw"}),
    Row(name="podman's file of the session",
        variables={"XDG_RUNTIME_DIR": "{tmp}/run"},
        files={"run/containers/auth.json": json.dumps(
            {"auths": {"ghcr.io": auth("me:pw")}})},
        expected={"ghcr.io/team/app": "me:pw"}),
    Row(name="a helper for one registry",
        config={"credHelpers": {"registry.example.com": "vault"}},
        programs={"vault": helper("registry.example.com|me|pw")},
        expected={EXAMPLE: "me:pw"}),
    Row(name="a store for all, which knows some",
        config={"credsStore": "vault", "auths": {"ghcr.io": {}}},
        programs={"vault": helper("ghcr.io|gh|1", "https://index.docker.io/v1/|me|pw")},
        expected={**HUB_IMAGES, "ghcr.io/team/app": "gh:1"}),
    Row(name="a helper, a store and the file together",
        config={"credHelpers": {"ghcr.io": "one"}, "credsStore": "all",
                "auths": {"quay.io/team": auth("qu:3"), "ghcr.io": auth("no:0")}},
        programs={"one": helper("ghcr.io|gh|1"),
                  "all": helper("registry.example.com|ex|2")},
        expected={"ghcr.io/team/app": "gh:1", EXAMPLE: "ex:2",
                  "quay.io/team/app": "qu:3"}),
    Row(name="an identity token of a helper",
        config={"credHelpers": {"registry.example.com:5000": "vault"}},
        programs={"vault": helper("registry.example.com:5000|<token>|abc")},
        expected={EXAMPLE_5000: "refresh abc"}),
    Row(name="a config.json of a laptop, with a store that is not here",
        config={"credsStore": "desktop", "auths": {"ghcr.io": auth("me:pw")}},
        expected={"ghcr.io/team/app": "me:pw"}),
    Row(name="a login by variables",
        variables={"KANIKO_REGISTRY_EXAMPLE_COM_USER": "me",
                   "KANIKO_REGISTRY_EXAMPLE_COM_PASSWORD": "pw"},
        expected={EXAMPLE: "me:pw", EXAMPLE_5000: "me:pw"}),
    Row(name="a login by variables for Docker Hub",
        variables={"KANIKO_DOCKER_IO_USER": "me", "KANIKO_DOCKER_IO_PASSWORD": "pw"},
        expected=HUB_IMAGES),
    Row(name="variables of one host, the file of another",
        config=auths(**{"ghcr.io": auth("file:1")}),
        variables={"KANIKO_GHCR_IO_USER": "no", "KANIKO_GHCR_IO_PASSWORD": "0",
                   "KANIKO_QUAY_IO_USER": "qu", "KANIKO_QUAY_IO_PASSWORD": "2"},
        expected={"ghcr.io/team/app": "file:1", "quay.io/team/app": "qu:2",
                  "quay.io/team-two/app": "qu:2"}),
    Row(name="a job of GitLab", variables=GITLAB,
        expected={EXAMPLE: "gitlab-ci-token:job", EXAMPLE_5000: "gitlab-ci-token:job"}),
    Row(name="a job of GitLab with its dependency proxy",
        variables=GITLAB | {"CI_DEPENDENCY_PROXY_SERVER": "localhost.example.com:443",
                            "CI_DEPENDENCY_PROXY_USER": "proxy",
                            "CI_DEPENDENCY_PROXY_PASSWORD": "job2"},
        expected={EXAMPLE: "gitlab-ci-token:job", EXAMPLE_5000: "gitlab-ci-token:job",
                  "localhost.example.com/app": "proxy:job2"}),
    Row(name="a pod of GKE, or a step of Cloud Build", variables=ON_GCE,
        expected=dict.fromkeys(GOOGLE, GOOGLE_TOKEN)),
    Row(name="a pod of GKE with `gcloud auth configure-docker`",
        config={"credHelpers": {"gcr.io": "gcloud", "eu.gcr.io": "gcr"}},
        variables=ON_GCE, expected=dict.fromkeys(GOOGLE, GOOGLE_TOKEN)),
    Row(name="keys of Amazon", variables=AWS_KEYS,
        expected=AMAZON),
    Row(name="the configuration in kaniko's documents for Amazon",
        config={"credsStore": "ecr-login"}, variables=AWS_KEYS,
        expected=AMAZON),
    Row(name="ecr-login for one registry, Docker Hub in the file",
        config={"credHelpers": {ECR: "ecr-login"},
                "auths": {"https://index.docker.io/v1/": auth("me:pw")}},
        variables=AWS_KEYS,
        expected={**HUB_IMAGES, **AMAZON}),
    Row(name="a machine in Azure", variables=IN_AZURE,
        expected={"mine.azurecr.io/app": "refresh of-azure"},
        exchanged={"mine.azurecr.io": "exchange of the machine"}),
    Row(name="the configuration in kaniko's documents for Azure",
        config={"credHelpers": {"mine.azurecr.io": "acr-env"}}, variables=IN_AZURE,
        expected={"mine.azurecr.io/app": "refresh of-azure"},
        exchanged={"mine.azurecr.io": "exchange of the machine"}),
    Row(name="all clouds at once, and the file for one of them",
        config=auths(**{"gcr.io": auth("me:pw")}),
        variables=ON_GCE | AWS_KEYS | IN_AZURE,
        expected={"gcr.io/project/app": "me:pw",
                  **dict.fromkeys(GOOGLE[1:], GOOGLE_TOKEN),
                  **AMAZON,
                  "mine.azurecr.io/app": "refresh of-azure"},
        exchanged={"mine.azurecr.io": "exchange of the machine"}),
)  # fmt: skip

ELSEWHERE = {
    # Whatever the machine of the tests is, it is in no cloud.
    "NO_GCE_CHECK": "true",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST": "{cloud}/nowhere",
}


def _json(document: object, status: int = 200) -> Answer:
    headers = {"Content-Type": "application/json", "Metadata-Flavor": "Google"}
    return Answer(body=json.dumps(document).encode(), status=status, headers=headers)


@pytest.fixture
def cloud() -> Iterator[WebServer]:
    """Token services of the clouds, as recorded."""
    ecr, public = auth("AWS:hunter4")["auth"], auth("AWS:hunter5")["auth"]
    with WebServer() as web:
        path = "/computeMetadata/v1/instance/service-accounts/default/token"
        web.answers[path] = [
            _json({"access_token": "ya29.machine", "expires_in": 3599})
        ]
        given = {"authorizationToken": ecr, "expiresAt": 4102444800}
        web.answers["/ecr"] = web.answers["/ecr/"] = [
            _json({"authorizationData": [given]})
        ]
        given = {"authorizationToken": public, "expiresAt": 4102444800}
        web.answers["/ecr-public"] = web.answers["/ecr-public/"] = [
            _json({"authorizationData": given})
        ]
        machine = "/metadata/identity/oauth2/token"
        token = {"access_token": "of the machine", "expires_in": "3600",
                 "expires_on": "4102444800", "token_type": "Bearer",
                 "resource": "x"}  # fmt: skip
        web.answers[f"/azure{machine}"] = [_json(token)]
        web.answers[f"/nowhere{machine}"] = [_json({"error": "invalid_request"}, 400)]
        yield web


@pytest.fixture
def proxy() -> Iterator[RecordingProxy]:
    with RecordingProxy() as running:
        yield running


def _set_up(
    row: Row, directory: Path, cloud: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make the row's files, and its variables those of the process."""
    for name in list(os.environ):
        monkeypatch.delenv(name)
    if row.config is not None:
        (directory / "docker").mkdir()
        (directory / "docker/config.json").write_text(json.dumps(row.config))
    for name, text in row.files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name, script in row.programs.items():
        path = directory / "bin" / f"docker-credential-{name}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)
    usual = {"DOCKER_CONFIG": "{tmp}/docker", "PATH": "{tmp}/bin:/usr/bin:/bin"}
    for name, value in (usual | ELSEWHERE | row.variables).items():
        text = value if value.startswith('{"') else value.format(
            tmp=directory, cloud=cloud.url, host=cloud.host
        )  # fmt: skip
        monkeypatch.setenv(name, text)


def _pull(names: tuple[str, ...], proxy: RecordingProxy) -> RecordingReporter:
    """Ask for each image; nobody has one."""
    environment = dict(os.environ)
    given = WarmOptions(
        registry=RegistryOptions(
            skip_tls_verify_registries=(
                "mine.azurecr.io",
                "mine.azurecr.io.example.com",
            )
        ),
        credentials=credential_options(environment),
        network=network_options(environment | {"HTTPS_PROXY": proxy.url}),
    )
    reporter = RecordingReporter()
    chain = credentials(given, reporter)
    with _client(proxy) as http:
        source = RegistryImageSource(RegistryConnections(http, chain))
        for name in names:
            with pytest.raises((ManifestUnknown, Unauthorized)):
                source.resolve(Reference.parse(f"{name}:1"), AMD64)
    return reporter


def _client(proxy: RecordingProxy) -> HttpClient:
    options = HttpOptions(
        environment={"HTTPS_PROXY": proxy.url},
        other_hosts=HostOptions(skip_verify=True),
    )
    return HttpClient(options, Retries(RetryPolicy(attempts=1)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_host_is_shown_its_own_credential_and_no_other(
    row: Row,
    cloud: WebServer,
    proxy: RecordingProxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy.authentication = "basic" if row.basic else "bearer"
    _set_up(row, tmp_path, cloud, monkeypatch)
    reporter = _pull(EVERYWHERE, proxy)
    expected = {
        Shown(name.partition("/")[0], name.partition("/")[2], credential)
        for name, credential in row.expected.items()
    }
    expected |= {Shown(host, "", shown) for host, shown in row.exchanged.items()}
    assert set(proxy.shown) == expected
    asked = [each.target for each in cloud.asked if "nowhere" not in each.target]
    assert len(asked) == len(set(asked))  # each cloud once, for all its registries
    _check_messages(row, reporter)


def _check_messages(row: Row, reporter: RecordingReporter) -> None:
    """The source of each credential is told, and no secret."""
    told = [text for level, text in reporter.messages if level == "info"]
    hosts = {name.partition("/")[0] for name in row.expected}
    assert {text.split()[4] for text in told} == hosts
    everything = str(reporter.messages)
    for credential in row.expected.values():
        secret = credential.partition(":" if ":" in credential else " ")[2]
        assert len(secret) < 3 or secret not in everything


def test_there_are_enough_rows() -> None:
    assert len(ROWS) >= 40
    assert len({row.name for row in ROWS}) == len(ROWS)
