"""Secrets and agents in memory."""

from __future__ import annotations

from collections.abc import Mapping


class MemorySecrets:
    """Hands out what it was made with (implements `Secrets`).

    Args:
        secrets: Content by id.
        agents: Path of a socket by id.
    """

    def __init__(
        self,
        secrets: Mapping[str, bytes] | None = None,
        agents: Mapping[str, str] | None = None,
    ) -> None:
        self._secrets = dict(secrets or {})
        self._agents = dict(agents or {})

    def secret(self, secret_id: str) -> bytes | None:
        """Return the content of a secret, None for one that was not given."""
        return self._secrets.get(secret_id)

    def agent(self, agent_id: str) -> str | None:
        """Return the path of an agent's socket, None for none."""
        return self._agents.get(agent_id)
