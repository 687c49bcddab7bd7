"""Which of a build's secrets a server is shown when ADD fetches from it.

The ids of the secrets are docker's: `HTTP_AUTH_TOKEN_<host>` and
`HTTP_AUTH_HEADER_<host>` for files, `GIT_AUTH_TOKEN` and `GIT_AUTH_HEADER`, alone or
with `.<host>` behind, for repositories; an agent is the one named "default".
"""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

from application.ports.repositories import RepositoryAccess
from application.ports.secrets import Secrets
from domain.build.remote_source import GitSource, UrlSource
from domain.errors import BuildRuleError

_GIT_USER = "x-access-token"
_AGENT = "default"


def download_authorization(source: UrlSource, secrets: Secrets) -> str:
    """Return the header Authorization for a file, "" for none.

    Raises:
        BuildRuleError: The secret holds more than one line.
    """
    host = urlsplit(source.url).hostname or ""
    token = _line(f"HTTP_AUTH_TOKEN_{host}", secrets)
    if token:
        return f"Bearer {token}"
    return _line(f"HTTP_AUTH_HEADER_{host}", secrets)


def repository_access(source: GitSource, secrets: Secrets) -> RepositoryAccess:
    """Return what a repository may be shown.

    Raises:
        BuildRuleError: The secret holds more than one line.
    """
    parts = urlsplit(source.remote)
    if parts.scheme not in ("http", "https"):
        return RepositoryAccess(agent=secrets.agent(_AGENT) or "")
    for suffix in (f".{parts.netloc.rpartition('@')[2]}", ""):
        header = _line(f"GIT_AUTH_HEADER{suffix}", secrets)
        token = _line(f"GIT_AUTH_TOKEN{suffix}", secrets)
        if header or token:
            return RepositoryAccess(authorization=header or _basic(token))
    return RepositoryAccess()


def _basic(token: str) -> str:
    pair = f"{_GIT_USER}:{token}".encode("utf-8", "surrogateescape")
    return f"Basic {base64.b64encode(pair).decode()}"


def _line(secret_id: str, secrets: Secrets) -> str:
    data = secrets.secret(secret_id) or b""
    text = data.decode("utf-8", "surrogateescape").strip()
    if any(char < " " or char == "\x7f" for char in text):
        raise BuildRuleError(
            f"the secret {secret_id} is no header: it has more than one line",
            hint="give a secret with the token or header alone",
        )
    return text
