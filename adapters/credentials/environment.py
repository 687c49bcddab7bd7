"""Credentials in variables: `KANIKO_<HOST>_USER` and `KANIKO_<HOST>_PASSWORD`.

The host in capitals, with "_" for everything that is no letter or digit. Labels may
be missing from its front: KANIKO_EXAMPLE_COM_USER is for registry.example.com too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from adapters.credentials.helper import HelperFailure
from adapters.credentials.hosts import without_port
from application.ports.credentials import Credential


class VariableHelper:
    """Finds credentials in variables, the most precise name first.

    Args:
        environment: Environment variables.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def get(self, registry: str) -> Credential | None:
        """Return the credential for a registry; see `Helper`."""
        for name in _names(registry):
            user, password = f"KANIKO_{name}_USER", f"KANIKO_{name}_PASSWORD"
            known = [each for each in (user, password) if self._environment.get(each)]
            if known == [user, password]:
                return Credential(
                    username=self._environment[user],
                    password=self._environment[password],
                    source=f"{user} and {password}",
                )
            if known:
                missing = password if known == [user] else user
                raise HelperFailure(f"{known[0]} is set and {missing} is not")
        return None


def _names(registry: str) -> Iterator[str]:
    """Yield what stands for a host in names: with its port, and ever shorter."""
    host = without_port(registry)
    if host != registry:
        yield _capitals(registry)
    labels = host.split(".")
    for first in range(len(labels)):
        yield _capitals(".".join(labels[first:]))


def _capitals(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", text.upper())
