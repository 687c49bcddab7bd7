"""The helpers that other programs start speak docker's protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from adapters.credentials.helper import Provider, ProviderSource
from adapters.memory.credentials import MemoryCredentials
from application.ports.credentials import Credential, CredentialSource
from entrypoints.credential_helper import COMMANDS, run
from tests.support.credential_helpers import KnownHelper

ECR = "docker-credential-ecr-login"
AWS = Credential(username="AWS", password="hunter2")


def _run(
    words: list[str],
    question: str = "",
    command: str = ECR,
    source: CredentialSource | None = None,
) -> tuple[int, str]:
    known = source or MemoryCredentials({"host:5000": AWS, "index.docker.io": AWS})
    asked: list[str] = []

    def find(name: str, environment: Mapping[str, str]) -> CredentialSource:
        asked.append(name)
        return known

    answer = run(command, words, question, {}, find)
    assert asked in ([], [COMMANDS[command]])
    return answer


@pytest.mark.parametrize(
    "question",
    ["host:5000", "host:5000\n", "https://host:5000", "https://Host:5000/v2/",
     "https://index.docker.io/v1/"],
)  # fmt: skip
def test_a_registry_is_answered_with_its_password(question: str) -> None:
    status, answer = _run(["get"], question)
    assert status == 0
    assert json.loads(answer) == {
        "ServerURL": question.strip(),
        "Username": "AWS",
        "Secret": "hunter2",
    }


def test_an_identity_token_has_the_user_token() -> None:
    token = MemoryCredentials({"mine.azurecr.io": Credential(identity_token="abc")})
    command = "docker-credential-acr-env"
    _, answer = _run(["get"], "mine.azurecr.io", command, token)
    document = json.loads(answer)
    assert (document["Username"], document["Secret"]) == ("<token>", "abc")


@pytest.mark.parametrize("question", ["other", "", "\n", "https:///"])
def test_what_is_not_known_is_told_in_docker_s_words(question: str) -> None:
    assert _run(["get"], question) == (1, "credentials not found in native keychain")


def test_a_registry_of_somebody_else_is_not_known() -> None:
    helper = KnownHelper({"host": AWS})
    source = ProviderSource(Provider("Amazon", helper, lambda _: False))
    assert _run(["get"], "host", source=source)[0] == 1
    assert helper.asked == []


def test_a_failure_is_told_with_its_reason() -> None:
    broken = KnownHelper({"host": "the key is gone"})
    source = ProviderSource(Provider("Amazon", broken))
    assert _run(["get"], "host", source=source) == (1, "Amazon: the key is gone")


def test_there_is_nothing_to_list() -> None:
    assert _run(["list"]) == (0, "{}")


@pytest.mark.parametrize("action", ["store", "erase"])
def test_nothing_is_kept(action: str) -> None:
    status, answer = _run([action])
    assert status == 1
    assert "keeps nothing" in answer


def test_the_version_is_ours() -> None:
    status, answer = _run(["version"])
    assert status == 0
    assert answer.startswith("Kanipy version")


@pytest.mark.parametrize("words", [[], ["-h"], ["get", "x"], ["config"]])
def test_other_words_are_answered_with_the_usage(words: list[str]) -> None:
    status, answer = _run(words)
    assert status == 1
    assert answer.startswith(f"usage: {ECR}")


def test_google_s_helper_can_be_configured_as_old_images_do() -> None:
    words = ["config", "--token-source=env"]
    assert _run(words, command="docker-credential-gcr")[0] == 0
