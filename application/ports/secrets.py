"""Port: what a build was given that must not be part of its result.

Nothing that comes from here may reach a layer, the history, a cache key, the log
or an error's message.
"""

from __future__ import annotations

from typing import Protocol

MAXIMUM_SECRET = 500 * 1024
"""Bytes a secret may have (BuildKit's limit)."""


class Secrets(Protocol):
    """Secrets and SSH agents by the ids that `RUN --mount` names.

    All of them were read, or looked at, before the build began, so that asking
    for one reads nothing and cannot fail.
    """

    def secret(self, secret_id: str) -> bytes | None:
        """Return the content of a secret, None for one that was not given."""

    def agent(self, agent_id: str) -> str | None:
        """Return the absolute path of an agent's socket, None for none."""
