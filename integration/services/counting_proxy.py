"""A proxy before a server on loopback that counts what goes through it.

It passes bytes on and knows no protocol.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer

CHUNK = 64 << 10


@dataclass(slots=True)
class CountingProxy:
    """A running proxy.

    Attributes:
        host: `127.0.0.1:PORT`, in the server's place.
        received: Bytes that clients got.
        sent: Bytes that clients sent.
    """

    host: str
    received: int = 0
    sent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self) -> None:
        """Count from nought."""
        with self.lock:
            self.received = self.sent = 0


@contextmanager
def counting_proxy(server: str) -> Iterator[CountingProxy]:
    """Run a proxy until the block ends.

    Args:
        server: `ADDRESS:PORT` of the server.
    """
    address, _, port = server.rpartition(":")

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((address, int(port))) as upstream:
                back = threading.Thread(
                    target=_pump, args=(upstream, self.request, proxy, "received")
                )
                back.start()
                _pump(self.request, upstream, proxy, "sent")
                back.join()

    class Server(ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as listening:
        proxy = CountingProxy(host=f"127.0.0.1:{listening.server_address[1]}")
        thread = threading.Thread(target=listening.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield proxy
        finally:
            listening.shutdown()
            thread.join()


def _pump(
    source: socket.socket, target: socket.socket, proxy: CountingProxy, counter: str
) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            with proxy.lock:
                setattr(proxy, counter, getattr(proxy, counter) + len(data))
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
