"""The credentials that GitLab gives to its jobs: registry and dependency proxy."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.credentials.hosts import without_port
from application.ports.credentials import Credential

_LOGINS = (
    ("CI_REGISTRY", "CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD"),
    (
        "CI_DEPENDENCY_PROXY_SERVER",
        "CI_DEPENDENCY_PROXY_USER",
        "CI_DEPENDENCY_PROXY_PASSWORD",
    ),
)


class GitlabHelper:
    """Finds credentials in the variables of a job.

    Args:
        environment: Environment variables.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def get(self, registry: str) -> Credential | None:
        """Return the job's credential for its own registry; see `Helper`.

        Ports do not count: CI_REGISTRY may lack the one that references have.
        """
        for names in _LOGINS:
            address, user, password = (
                self._environment.get(each, "") for each in names
            )
            # CI_REGISTRY of some installations has a scheme or a path
            host = (address.partition("://")[2] or address).partition("/")[0].lower()
            own = without_port(host) == without_port(registry)
            if host and user and password and own:
                source = f"{names[1]} and {names[2]}"
                return Credential(username=user, password=password, source=source)
        return None
