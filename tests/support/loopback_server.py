"""What the web servers of the tests have in common: in this process, on loopback."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

TLS = Path(__file__).parent / "tls"


class LoopbackServer:
    """Use it with `with`; it listens from then on.

    Args:
        server: Answers the requests, on a free port.
        tls: Whether it speaks TLS, with the certificate of `TLS`.
    """

    def __init__(self, server: QuietServer, *, tls: bool) -> None:
        self._tls = tls
        self._server = server
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
            # The handshake happens in the thread that serves the connection.
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._serve, name=type(self).__name__)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.01)


class QuietServer(ThreadingHTTPServer):
    """A thread for each connection, on a free port.

    Args:
        handler: Answers.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks a connection is part of many tests."""


class QuietHandler(BaseHTTPRequestHandler):
    """Answers without a word on standard error."""

    # Head and body in one packet: otherwise each answer waits for an acknowledgement.
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Write nothing."""
