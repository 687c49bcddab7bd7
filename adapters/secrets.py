"""Secrets from files and variables, and the sockets of SSH agents.

All are read, or looked at, when this is made: before anything is built, and before
a root file system could take the place of the builder's own.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path

from application.options import AgentOption, SecretOption
from application.ports.secrets import MAXIMUM_SECRET
from domain.errors import UsageError


class LocalSecrets:
    """What `--secret` and `--ssh` gave (implements `Secrets`).

    Args:
        secrets: Files and values.
        agents: Sockets.

    Raises:
        UsageError: A file cannot be read or is too large; a path is no socket.
    """

    def __init__(
        self, secrets: Iterable[SecretOption] = (), agents: Iterable[AgentOption] = ()
    ) -> None:
        self._secrets = {each.id: _content(each) for each in secrets}
        self._agents = {each.id: _socket(each) for each in agents}

    def secret(self, secret_id: str) -> bytes | None:
        """Return the content of a secret, None for one that was not given."""
        return self._secrets.get(secret_id)

    def agent(self, agent_id: str) -> str | None:
        """Return the absolute path of an agent's socket, None for none."""
        return self._agents.get(agent_id)


def _content(secret: SecretOption) -> bytes:
    content = _read(secret) if secret.path else secret.value
    if len(content) > MAXIMUM_SECRET:
        raise UsageError(
            f"--secret id={secret.id} is larger than {MAXIMUM_SECRET} bytes",
            hint="mount large files by RUN --mount=type=bind from a build context",
        )
    return content


def _read(secret: SecretOption) -> bytes:
    try:
        with Path(secret.path).open("rb") as file:
            return file.read(MAXIMUM_SECRET + 1)
    except OSError as error:
        raise UsageError(
            f"--secret id={secret.id}: {secret.path} cannot be read: {error.strerror}",
            hint="check the path and its permissions",
        ) from error


def _socket(agent: AgentOption) -> str:
    place = f"--ssh {agent.id}={agent.path}"
    try:
        path = Path(agent.path).resolve()
        mode = path.stat().st_mode
    except OSError as error:
        raise UsageError(
            f"{place} cannot be used: {error.strerror}", hint="is the agent running?"
        ) from error
    if not stat.S_ISSOCK(mode):
        raise UsageError(
            f"{place} is no socket: keys are not read",
            hint="start ssh-agent, add the key by ssh-add, and name the agent's socket",
        )
    return str(path)
