"""One source after the other is asked, as far as a registry is its business."""

from __future__ import annotations

import base64
import json

from adapters.credentials.chain import CredentialChain
from adapters.credentials.helper import Provider
from adapters.credentials.late import LateCredentials
from adapters.memory.ambient import RecordingReporter
from application.ports.credentials import Credential
from tests.support.credential_helpers import KnownHelper, docker_config

ROBOT = Credential(username="robot", password="hunter2", source="the machine")
OTHER = Credential(username="other", password="hunter3", source="elsewhere")


def _chain(
    reporter: RecordingReporter, *providers: Provider, auths: object = None
) -> CredentialChain:
    document = json.dumps({"auths": auths or {}})
    configured = docker_config({"DOCKER_AUTH_CONFIG": document})
    return CredentialChain(configured, providers, reporter)


def test_docker_s_configuration_comes_first() -> None:
    helper = KnownHelper({"host": ROBOT})
    auth = {"auth": base64.b64encode(b"me:pw").decode()}
    chain = _chain(
        RecordingReporter(), Provider("cloud", helper), auths={"host/team": auth}
    )
    found, sibling = chain.find("host", "team/app"), chain.find("host", "other")
    assert found is not None
    assert found.username == "me"
    assert sibling == ROBOT


def test_the_first_provider_that_has_something_is_used() -> None:
    nothing, some = KnownHelper({}), KnownHelper({"host": ROBOT})
    late = KnownHelper({"host": OTHER})
    providers = [
        Provider(name, it)
        for name, it in zip("abc", (nothing, some, late), strict=True)
    ]
    assert _chain(RecordingReporter(), *providers).find("host", "a") == ROBOT
    assert (nothing.asked, late.asked) == (["host"], [])


def test_nobody_is_asked_about_the_registry_of_somebody_else() -> None:
    cloud = KnownHelper({"index.docker.io": ROBOT})
    provider = Provider("cloud", cloud, lambda host: host.endswith(".cloud"))
    assert _chain(RecordingReporter(), provider).find("index.docker.io", "a") is None
    assert cloud.asked == []


def test_the_source_is_told_once_for_each_registry_and_no_secret() -> None:
    reporter = RecordingReporter()
    helper = KnownHelper({"host": ROBOT, "second": ROBOT})
    chain = _chain(reporter, Provider("cloud", helper))
    for registry in ("host", "host", "second"):
        chain.find(registry, "a")
    told = [text for level, text in reporter.messages if level == "info"]
    assert told == [
        "Using the credential for host from the machine",
        "Using the credential for second from the machine",
    ]
    assert "hunter2" not in str(reporter.messages)


def test_nothing_is_made_before_it_is_asked_and_then_once() -> None:
    made: list[CredentialChain] = []

    def make() -> CredentialChain:
        made.append(_chain(RecordingReporter()))
        return made[-1]

    late = LateCredentials(make)
    assert made == []
    late.settle()
    late.find("host", "a")
    assert len(made) == 1


def test_a_provider_that_fails_is_warned_of_once_and_the_next_one_asked() -> None:
    reporter = RecordingReporter()
    broken = KnownHelper({"host": "the key is gone"})
    providers = [
        Provider("Cloud", broken),
        Provider("other", KnownHelper({"host": OTHER})),
    ]
    chain = _chain(reporter, *providers)
    assert chain.find("host", "a") == OTHER
    chain.find("host", "b")
    warnings = [text for level, text in reporter.messages if level == "warning"]
    assert warnings == ["no credential for host from Cloud: the key is gone"]
