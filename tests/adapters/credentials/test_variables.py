"""Variables of the person, and of GitLab's jobs, are credentials of registries."""

from __future__ import annotations

import pytest

from adapters.credentials.environment import VariableHelper
from adapters.credentials.gitlab import GitlabHelper
from adapters.credentials.helper import HelperFailure


def _login(name: str, user: str = "me") -> dict[str, str]:
    return {f"KANIKO_{name}_USER": user, f"KANIKO_{name}_PASSWORD": "pw"}


@pytest.mark.parametrize(
    ("name", "registry"),
    [
        ("REGISTRY_EXAMPLE_COM", "registry.example.com"),
        ("EXAMPLE_COM", "registry.example.com"),
        ("COM", "registry.example.com"),
        ("MY_HOST", "my-host"),
        ("MY_HOST", "my-host:5000"),
        ("MY_HOST_5000", "my-host:5000"),
        ("INDEX_DOCKER_IO", "index.docker.io"),
        ("DOCKER_IO", "index.docker.io"),
    ],
)
def test_a_host_is_spelled_in_capitals(name: str, registry: str) -> None:
    found = VariableHelper(_login(name)).get(registry)
    assert found is not None
    assert (found.username, found.password) == ("me", "pw")
    assert found.source == f"KANIKO_{name}_USER and KANIKO_{name}_PASSWORD"


@pytest.mark.parametrize(
    ("name", "registry"),
    [
        ("REGISTRY_EXAMPLE_COM", "example.com"),
        ("REGISTRY", "registry.example.com"),
        ("EXAMPLE_COM", "notexample.com"),
        ("MY_HOST_5000", "my-host"),
    ],
)
def test_other_hosts_get_nothing(name: str, registry: str) -> None:
    assert VariableHelper(_login(name)).get(registry) is None


def test_the_most_precise_name_counts() -> None:
    variables = _login("COM", "all") | _login("A_EXAMPLE_COM", "a")
    found = VariableHelper(variables).get("a.example.com")
    assert found is not None
    assert found.username == "a"


def test_half_a_login_is_told() -> None:
    helper = VariableHelper({"KANIKO_HOST_USER": "me"})
    with pytest.raises(HelperFailure, match="KANIKO_HOST_PASSWORD is not"):
        helper.get("host")


JOB = {
    "CI_REGISTRY": "registry.example.com",
    "CI_REGISTRY_USER": "gitlab-ci-token",
    "CI_REGISTRY_PASSWORD": "pw",
    "CI_DEPENDENCY_PROXY_SERVER": "gitlab.example.com:443",
    "CI_DEPENDENCY_PROXY_USER": "proxy",
    "CI_DEPENDENCY_PROXY_PASSWORD": "pw2",
}


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        ("registry.example.com", "gitlab-ci-token"),
        ("registry.example.com:5050", "gitlab-ci-token"),
        ("gitlab.example.com", "proxy"),
        ("gitlab.example.com:443", "proxy"),
        ("example.com", ""),
        ("registry.example.com.evil.example", ""),
        ("index.docker.io", ""),
    ],
)
def test_a_job_of_gitlab_has_logins_for_its_own_hosts(
    registry: str, expected: str
) -> None:
    found = GitlabHelper(JOB).get(registry)
    assert (found.username if found else "") == expected


@pytest.mark.parametrize("missing", ["CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD"])
def test_a_job_without_a_login_has_none(missing: str) -> None:
    assert GitlabHelper(JOB | {missing: ""}).get("registry.example.com") is None


def test_the_address_of_gitlab_s_registry_may_have_scheme_and_path() -> None:
    job = JOB | {"CI_REGISTRY": "https://Registry.example.com:5050/group"}
    assert GitlabHelper(job).get("registry.example.com") is not None
