"""A token service that the real registry believes: it signs what it is asked for.

Distribution specification, "Token Authentication". Who shows the account gets every
scope, whoever shows nothing gets none.
"""

from __future__ import annotations

import base64
import json
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from integration.services.certificates import Signed
from integration.services.registry import Account
from tests.support.loopback_server import LoopbackServer, QuietHandler, QuietServer

ISSUER = "kanipy tests"
SERVICE = "tests"


class TokenServer(LoopbackServer):
    """Use it with `with`; it listens from then on.

    Args:
        account: Whose scopes are granted.
        signed: What tokens are signed with.

    Attributes:
        asked: Queries of the requests, in order.
        expired: How many of the next tokens have run out when they are given.
    """

    def __init__(self, account: Account, signed: Signed) -> None:
        self.account = account
        self.signed = signed
        self.asked: list[dict[str, list[str]]] = []
        self.expired = 0
        super().__init__(_Server(self), tls=False)

    @property
    def realm(self) -> str:
        """Where tokens are asked for."""
        return f"{self.url}/token"

    def configuration(self, realm: str | None = None) -> dict[str, Any]:
        """Return what makes a registry ask for these tokens.

        Args:
            realm: Where clients are to ask, if not here.
        """
        token = {
            "realm": realm or self.realm,
            "service": SERVICE,
            "issuer": ISSUER,
            "rootcertbundle": str(self.signed.certificate),
        }
        return {"token": token}

    def token(self, scopes: list[str]) -> str:
        """Return a signed token."""
        now, left = int(time.time()), 300
        if self.expired > 0:
            self.expired -= 1
            left = -300
        claims = {
            "iss": ISSUER,
            "sub": "",
            "aud": SERVICE,
            "exp": now + left,
            "nbf": now - 1000,
            "iat": now - 1000,
            "jti": str(time.monotonic_ns()),
            "access": [_access(scope) for scope in scopes],
        }
        header = {"typ": "JWT", "alg": "RS256", "x5c": [_der(self.signed.certificate)]}
        signing = f"{_coded(header)}.{_coded(claims)}"
        command = ["openssl", "dgst", "-sha256", "-sign", str(self.signed.key)]
        done = subprocess.run(
            command, input=signing.encode(), capture_output=True, check=True
        )
        return f"{signing}.{_base64(done.stdout)}"


class _Server(QuietServer):
    def __init__(self, tokens: TokenServer) -> None:
        self.tokens = tokens
        super().__init__(_Handler)


class _Handler(QuietHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        tokens = self.server.tokens
        query = parse_qs(urlsplit(self.path).query)
        tokens.asked.append(query)
        shown = self.headers.get("Authorization", "")
        account = tokens.account
        pair = f"{account.user}:{account.password}".encode()
        if shown and shown != f"Basic {base64.b64encode(pair).decode()}":
            error = {"errors": [{"code": "UNAUTHORIZED", "message": "who are you"}]}
            self._reply(401, error)
            return
        scopes = query.get("scope", []) if shown else []
        self._reply(200, {"token": tokens.token(scopes), "expires_in": 300})

    def _reply(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _access(scope: str) -> dict[str, Any]:
    kind, name, actions = scope.split(":")
    return {"type": kind, "name": name, "actions": actions.split(",")}


def _coded(document: object) -> str:
    return _base64(json.dumps(document).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _der(path: Path) -> str:
    lines = path.read_text().splitlines()
    return "".join(line for line in lines if not line.startswith("-----"))
