"""All registries of the world, on loopback: a proxy that answers for every host.

Clients reach it by CONNECT and speak TLS with whom they asked for; it records what
each host was shown. It has no image: whoever is let in is told so.
"""

from __future__ import annotations

import base64
import json
import ssl
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from tests.support.loopback_server import (
    TLS,
    LoopbackServer,
    QuietHandler,
    QuietServer,
)

_NOTHING = b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}'


@dataclass(frozen=True, slots=True)
class Shown:
    """What a host was shown.

    Attributes:
        host: The host, with the port unless it is that of https.
        repository: The repository it was about, "" for none.
        credential: "USER:PASSWORD", "refresh TOKEN", "bearer TOKEN" or
            "exchange TOKEN".
    """

    host: str
    repository: str
    credential: str


class RecordingProxy(LoopbackServer):
    """Use it with `with`; it listens from then on.

    Attributes:
        shown: What was shown, in order; tokens of its own are not recorded.
        hosts: Every host that was spoken to.
        authentication: "bearer" or "basic".
    """

    def __init__(self) -> None:
        self.shown: list[Shown] = []
        self.hosts: set[str] = set()
        self.authentication = "bearer"
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(TLS / "server.pem", TLS / "server.key")
        super().__init__(_Server(self), tls=False)


class _Server(QuietServer):
    def __init__(self, proxy: RecordingProxy) -> None:
        self.proxy = proxy
        super().__init__(_Handler)


class _Handler(QuietHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    host = ""

    def handle(self) -> None:
        try:
            super().handle()
        finally:
            self.connection.close()

    def do_CONNECT(self) -> None:  # noqa: N802 - http.server's name
        self.host = self.path.removesuffix(":443")
        self.server.proxy.hosts.add(self.host)
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        tls = self.server.proxy.tls.wrap_socket(self.connection, server_side=True)
        self.connection = self.request = tls
        self.setup()
        self.close_connection = False

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        length = int(self.headers.get("Content-Length") or 0)
        form = parse_qs(self.rfile.read(length).decode())
        url = urlsplit(self.path)
        if url.path == "/token":
            scopes = parse_qs(url.query).get("scope") or form.get("scope") or [""]
            self._token(form, scopes[0])
        elif url.path == "/oauth2/exchange":
            self._record("", f"exchange {form['access_token'][0]}")
            self._reply(200, json.dumps({"refresh_token": "of-azure"}).encode())
        else:
            self._registry(url.path)

    do_HEAD = do_POST = do_GET  # noqa: N815 - http.server's names

    def _token(self, form: dict[str, list[str]], scope: str) -> None:
        repository = scope.split(":")[1] if scope else ""
        if refresh := form.get("refresh_token"):
            self._record(repository, f"refresh {refresh[0]}")
        elif header := self.headers.get("Authorization"):
            self._record(repository, _readable(header))
        self._reply(200, b'{"token": "issued", "expires_in": 300}')

    def _registry(self, path: str) -> None:
        header = self.headers.get("Authorization")
        repository = path.removeprefix("/v2/").partition("/manifests/")[0]
        if header and header != "Bearer issued":
            self._record(repository, _readable(header))
        if not header:
            self._reply(401, b"", self._challenge())
        else:
            self._reply(404, _NOTHING)

    def _challenge(self) -> str:
        if self.server.proxy.authentication == "basic":
            return 'Basic realm="all"'
        return f'Bearer realm="https://{self.host}/token",service="{self.host}"'

    def _record(self, repository: str, credential: str) -> None:
        self.server.proxy.shown.append(Shown(self.host, repository, credential))

    def _reply(self, status: int, body: bytes, challenge: str = "") -> None:
        self.send_response(status)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _readable(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme == "Basic":
        return base64.b64decode(value).decode()
    return f"{scheme.lower()} {value}"
