"""A proxy that leads names to servers on loopback: CONNECT, and whole addresses."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from tests.support.loopback_server import LoopbackServer, QuietHandler, QuietServer

CHUNK = 64 << 10


class ConnectProxy(LoopbackServer):
    """Use it with `with`; it listens from then on.

    Args:
        servers: `HOST:PORT` of a server by that which clients ask for; no others
            are known.

    Attributes:
        asked: Methods and hosts of the requests, in order.
    """

    def __init__(self, servers: Mapping[str, str]) -> None:
        self.servers = dict(servers)
        self.asked: list[str] = []
        super().__init__(_Server(self), tls=False)


class _Server(QuietServer):
    def __init__(self, proxy: ConnectProxy) -> None:
        self.proxy = proxy
        super().__init__(_Handler)


class _Handler(QuietHandler):
    server: _Server

    def do_CONNECT(self) -> None:  # noqa: N802 - http.server's name
        self._lead(self.path, b"")

    def do_GET(self) -> None:  # noqa: N802 - as above
        """Pass the request on, and everything that follows on the connection."""
        parts = urlsplit(self.path)
        path = parts._replace(scheme="", netloc="").geturl()
        head = f"{self.command} {path} HTTP/1.1\r\n{self.headers}".encode()
        head = head.replace(b"\n", b"\r\n").replace(b"\r\r\n", b"\r\n")
        self._lead(parts.netloc, head)

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815 - as above
    do_PATCH = do_DELETE = do_GET  # noqa: N815 - as above

    def _lead(self, name: str, head: bytes) -> None:
        self.server.proxy.asked.append(f"{self.command} {name}")
        server = self.server.proxy.servers.get(name)
        self.close_connection = True
        if server is None:
            self.send_error(502)
            return
        address, _, port = server.rpartition(":")
        with socket.create_connection((address, int(port))) as upstream:
            if head:
                upstream.sendall(_once(head))
            else:
                self.wfile.write(b"HTTP/1.1 200 connected\r\n\r\n")
                self.wfile.flush()
            back = threading.Thread(target=_pump, args=(upstream, self.connection))
            back.start()
            # What was read ahead of us is the client's, too.
            while data := self.rfile.read1(CHUNK):
                upstream.sendall(data)
            with suppress(OSError):
                upstream.shutdown(socket.SHUT_WR)
            back.join()


def _once(head: bytes) -> bytes:
    """Have the server close the connection: the next request is another one's."""
    return head.replace(b"keep-alive", b"close")


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
