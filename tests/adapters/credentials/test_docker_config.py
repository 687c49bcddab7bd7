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
from tests.support.credential_helpers import (
    NO_HELPERS,
    KnownHelper,
    KnownHelpers,
    docker_config,
)


def _auth(user: str, password: str = "pw") -> dict[str, str]:  # noqa: S107 - made up
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def _from(document: object, **environment: str) -> DockerConfigCredentials:
    text = document if isinstance(document, str) else json.dumps(document)
    return docker_config({"DOCKER_AUTH_CONFIG": text, **environment})


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
        (
            {"auth": base64.encodebytes(b"u:" + b"p" * 60).decode()},
            Credential(username="u", password="p" * 60),
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
    assert _user(docker_config(environment), "host", "a") == expected


def test_the_variable_beats_the_file_and_says_so(tmp_path: Path) -> None:
    _write(tmp_path / "config.json", "file")
    warnings: list[str] = []
    environment = {
        "DOCKER_CONFIG": str(tmp_path),
        "DOCKER_AUTH_CONFIG": json.dumps({"auths": {"host": _auth("variable")}}),
    }
    source = DockerConfigCredentials(environment, NO_HELPERS, warnings.append)
    assert _user(source, "host", "a") == "variable"
    assert len(warnings) == 1
    assert "DOCKER_AUTH_CONFIG" in warnings[0]


ROBOT = Credential(username="robot", password="hunter2", source="program")


def _named(
    document: dict[str, Any], **helpers: KnownHelper
) -> tuple[DockerConfigCredentials, list[str]]:
    warnings: list[str] = []
    environment = {"DOCKER_AUTH_CONFIG": json.dumps(document)}
    source = DockerConfigCredentials(
        environment, KnownHelpers(helpers), warnings.append
    )
    return source, warnings


def test_a_registry_has_a_helper_of_its_own() -> None:
    helper = KnownHelper({"gcr.io": ROBOT})
    document = {"credHelpers": {"https://gcr.io": "x"}, "auths": {"host": _auth("me")}}
    source, _ = _named(document, x=helper)
    found = source.find("gcr.io", "a")
    assert found is not None
    assert found.password == "hunter2"
    assert found.source == "program, named in DOCKER_AUTH_CONFIG"
    assert _user(source, "host", "a") == "me"
    assert helper.asked == ["gcr.io"]


def test_the_helper_of_a_registry_comes_before_the_store_and_the_file() -> None:
    own, store = KnownHelper({"host": ROBOT}), KnownHelper({"other": ROBOT})
    document = {
        "credHelpers": {"host": "own"},
        "credsStore": "store",
        "auths": {"host": _auth("file"), "third": _auth("file")},
    }
    source, _ = _named(document, own=own, store=store)
    assert _user(source, "host", "a") == "robot"
    assert _user(source, "other", "a") == "robot"
    assert _user(source, "third", "a") == "file"
    assert store.asked == ["other", "third"]


def test_where_the_helper_knows_nothing_the_file_is_looked_at() -> None:
    document = {"credHelpers": {"host": "own"}, "auths": {"host": _auth("file")}}
    source, _ = _named(document, own=KnownHelper({}))
    assert _user(source, "host", "a") == "file"


def test_docker_hub_has_a_helper_under_any_of_its_names() -> None:
    document = {"credHelpers": {"docker.io": "own"}}
    source, _ = _named(document, own=KnownHelper({DOCKER_HUB: ROBOT}))
    assert _user(source, DOCKER_HUB, "library/debian") == "robot"


def test_a_helper_that_fails_for_its_registry_ends_the_build() -> None:
    document = {"credHelpers": {"host": "own"}, "auths": {"host": _auth("file")}}
    source, _ = _named(document, own=KnownHelper({"host": "no key"}))
    with pytest.raises(UsageError, match="'own' of host failed: no key") as caught:
        source.find("host", "a")
    assert caught.value.place == "DOCKER_AUTH_CONFIG"


def test_the_token_of_a_cloud_goes_to_no_other_registry() -> None:
    cloud = KnownHelper({"host": ROBOT})
    helpers = KnownHelpers({"gcr": cloud}, kinds={"gcr": "gcr.io"})
    document = {"credHelpers": {"host": "gcr"}}
    source = docker_config({"DOCKER_AUTH_CONFIG": json.dumps(document)}, helpers)
    with pytest.raises(UsageError, match="'gcr' of host failed: that is no registry"):
        source.find("host", "a")
    assert cloud.asked == []


def test_a_store_that_fails_is_warned_of_once_and_done_without() -> None:
    """A config.json of a laptop names a store that no container has."""
    document = {"credsStore": "desktop", "auths": {"host": _auth("me")}}
    source, warnings = _named(document)
    assert _user(source, "host", "a") == "me"
    assert _user(source, "other", "a") == ""
    (warning,) = warnings
    assert "'desktop'" in warning


def test_programs_of_others_are_asked_before_an_image_takes_their_place() -> None:
    theirs = KnownHelper({"host": ROBOT, "a.example": ROBOT})
    ours = KnownHelper({"gcr.io": ROBOT})
    helpers = KnownHelpers(
        {"theirs": theirs, "ours": ours}, foreign=("theirs", "missing")
    )
    document = {
        "credHelpers": {"host": "theirs", "gcr.io": "ours", "lost": "missing"},
        "credsStore": "theirs",
        "auths": {"https://a.example": {}, "a.example/path": _auth("me")},
    }
    source = docker_config({"DOCKER_AUTH_CONFIG": json.dumps(document)}, helpers)
    source.settle()
    assert sorted(theirs.asked) == ["a.example", "host"]
    assert ours.asked == []
    assert helpers.only_ours


def test_a_broken_configuration_is_no_matter_until_a_registry_is_met() -> None:
    helpers = KnownHelpers({})
    source = docker_config({"DOCKER_AUTH_CONFIG": "broken"}, helpers)
    source.settle()
    assert helpers.only_ours
    with pytest.raises(UsageError):
        source.find("host", "a")


def test_credentials_in_the_old_layout_are_told() -> None:
    source, warnings = _named({"https://host/v1/": _auth("me")})
    assert _user(source, "host", "a") == ""
    (warning,) = warnings
    assert "outside of auths" in warning
    assert "https://host/v1/" in warning


@pytest.mark.parametrize(
    "document",
    [
        "not json",
        "[]",
        "[" * 99_999,
        {"auths": []},
        " ",
        {"credHelpers": "gcr"},
        {"credHelpers": {"host": ["secret"]}},
        {"credsStore": ["secret"]},
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


@pytest.mark.parametrize("text", ["", "\n", '{"auths": {"host": {"auth": "c2VjcmV0'])
def test_an_empty_or_broken_file_is_an_error_that_names_it(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        docker_config({"DOCKER_CONFIG": str(tmp_path)}).find("host", "a")
    assert caught.value.place == str(path)
    assert "c2VjcmV0" not in str(caught.value)


def test_a_directory_in_the_file_s_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    source = docker_config({"DOCKER_CONFIG": str(tmp_path)})
    with pytest.raises(UsageError, match=r"config\.json"):
        source.find("host", "a")
