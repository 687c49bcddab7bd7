"""Docker's configuration is found where docker finds it, and read as it reads it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from adapters.credentials.docker_config import DockerConfigCredentials
from application.ports.credentials import Credential
from domain.errors import UsageError
from domain.image.reference import DOCKER_HUB


def _auth(user: str, password: str = "pw") -> dict[str, str]:  # noqa: S107 - made up
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def _from(document: object, **environment: str) -> DockerConfigCredentials:
    text = document if isinstance(document, str) else json.dumps(document)
    return DockerConfigCredentials({"DOCKER_AUTH_CONFIG": text, **environment})


def _user(source: DockerConfigCredentials, registry: str, repository: str) -> str:
    found = source.find(registry, repository)
    return found.username if found else ""


@pytest.mark.parametrize(
    "key",
    [
        "https://index.docker.io/v1/",
        "https://index.docker.io/v1",
        "https://index.docker.io/v2/",
        "index.docker.io",
        "docker.io",
        "https://docker.io",
        "registry-1.docker.io",
        "https://registry-1.docker.io/v2/",
    ],
)
def test_docker_hub_is_known_by_all_its_names(key: str) -> None:
    source = _from({"auths": {key: _auth("me")}})
    assert _user(source, DOCKER_HUB, "library/debian") == "me"
    assert _user(source, "ghcr.io", "library/debian") == ""


@pytest.mark.parametrize(
    "key",
    ["host:5000", "https://host:5000", "http://host:5000/", "HOST:5000/v2/"],
)
def test_keys_may_have_scheme_path_and_capitals(key: str) -> None:
    assert _user(_from({"auths": {key: _auth("me")}}), "host:5000", "a") == "me"


def test_the_longest_path_wins_and_siblings_get_nothing() -> None:
    source = _from(
        {
            "auths": {
                "quay.io/org": _auth("org"),
                "quay.io/org/team/app": _auth("app"),
                "quay.io": _auth("all"),
                "ghcr.io/org": _auth("only"),
            }
        }
    )
    assert _user(source, "quay.io", "org/team/app") == "app"
    assert _user(source, "quay.io", "org/team/app/x") == "app"
    assert _user(source, "quay.io", "org/team") == "org"
    assert _user(source, "quay.io", "organisation") == "all"
    assert _user(source, "ghcr.io", "other") == ""


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            _auth("u", "p:with:colons"),
            Credential(username="u", password="p:with:colons"),
        ),
        (_auth("u", "pw\0\0"), Credential(username="u", password="pw")),
        (
            {"username": "u", "password": "p"},
            Credential(username="u", password="p"),
        ),
        ({"identitytoken": "t"}, Credential(identity_token="t")),
        (_auth("<token>", "t"), Credential(identity_token="t")),
        ({"registrytoken": "t"}, Credential(registry_token="t")),
        ({}, None),
        ({"auth": ""}, None),
        ({"email": "me@example.org"}, None),
        ("nonsense", None),
    ],
)
def test_entries_of_all_kinds(entry: object, expected: Credential | None) -> None:
    found = _from({"auths": {"host": entry}}).find("host", "a")
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert found.source == "DOCKER_AUTH_CONFIG"
        for field in ("username", "password", "identity_token", "registry_token"):
            assert getattr(found, field) == getattr(expected, field)


def _write(path: Path, user: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"auths": {"host": _auth(user)}}))


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"DOCKER_CONFIG": "docker", "HOME": "home"}, "docker"),
        ({"HOME": "home"}, "home"),
        ({"HOME": "empty", "REGISTRY_AUTH_FILE": "named/auth.json"}, "named"),
        ({"HOME": "home", "REGISTRY_AUTH_FILE": "named/auth.json"}, "home"),
        ({"HOME": "empty", "XDG_RUNTIME_DIR": "run"}, "run"),
        ({"HOME": "empty", "XDG_CONFIG_HOME": "xdg"}, "xdg"),
        ({"DOCKER_CONFIG": "empty", "HOME": "home"}, ""),
        ({}, ""),
    ],
)
def test_the_places_in_their_order(
    tmp_path: Path, variables: dict[str, str], expected: str
) -> None:
    _write(tmp_path / "docker" / "config.json", "docker")
    _write(tmp_path / "home" / ".docker" / "config.json", "home")
    _write(tmp_path / "named" / "auth.json", "named")
    _write(tmp_path / "run" / "containers" / "auth.json", "run")
    _write(tmp_path / "xdg" / "containers" / "auth.json", "xdg")
    environment = {name: str(tmp_path / path) for name, path in variables.items()}
    assert _user(DockerConfigCredentials(environment), "host", "a") == expected


def test_the_variable_beats_the_file_and_says_so(tmp_path: Path) -> None:
    _write(tmp_path / "config.json", "file")
    warnings: list[str] = []
    environment = {
        "DOCKER_CONFIG": str(tmp_path),
        "DOCKER_AUTH_CONFIG": json.dumps({"auths": {"host": _auth("variable")}}),
    }
    source = DockerConfigCredentials(environment, warnings.append)
    assert _user(source, "host", "a") == "variable"
    assert len(warnings) == 1
    assert "DOCKER_AUTH_CONFIG" in warnings[0]


def _warnings(document: dict[str, Any], registry: str) -> list[str]:
    warnings: list[str] = []
    environment = {"DOCKER_AUTH_CONFIG": json.dumps(document)}
    source = DockerConfigCredentials(environment, warnings.append)
    source.find(registry, "a")
    source.find(registry, "b")
    return warnings


def test_a_helper_that_would_be_asked_is_named_once() -> None:
    document = {"credHelpers": {"gcr.io": "gcr"}, "auths": {"host": _auth("me")}}
    (warning,) = _warnings(document, "gcr.io")
    assert "'gcr'" in warning
    assert "not supported yet" in warning
    assert _warnings(document, "host") == []


def test_the_store_is_named_for_every_registry_without_a_helper() -> None:
    document = {"credsStore": "desktop", "auths": {"host": _auth("me")}}
    (warning,) = _warnings(document, "host")
    assert "'desktop'" in warning
    assert "auths is used instead" in warning


@pytest.mark.parametrize(
    "document",
    [
        "not json",
        "[]",
        "[" * 99_999,
        {"auths": []},
        {"credHelpers": "gcr"},
        {"auths": {"host": {"auth": "?"}}},
        {"auths": {"host": {"auth": base64.b64encode(b"secret").decode()}}},
        {"auths": {"host": {"auth": base64.b64encode(b"\xff:x").decode()}}},
    ],
)
def test_what_cannot_be_read_is_an_error_that_shows_no_secret(document: object) -> None:
    with pytest.raises(UsageError) as caught:
        _from(document).find("host", "a")
    assert caught.value.place == "DOCKER_AUTH_CONFIG"
    assert caught.value.hint
    assert "secret" not in str(caught.value)
    assert "c2VjcmV0" not in str(caught.value)


def test_a_directory_in_the_file_s_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    source = DockerConfigCredentials({"DOCKER_CONFIG": str(tmp_path)})
    with pytest.raises(UsageError, match=r"config\.json"):
        source.find("host", "a")
