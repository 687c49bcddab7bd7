"""Where a registry's downloads may be led to: another host, with the same blobs.

It wants no credentials, and keeps what it is shown.
"""

from __future__ import annotations

import re
import socket
from pathlib import Path

from tests.support.loopback_server import LoopbackServer, QuietHandler, QuietServer

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_TAG = re.compile(r"/v2/(.+)/manifests/([^/?]+)")


class BlobStorage(LoopbackServer):
    """Use it with `with`; it listens from then on.

    Attributes:
        root: The storage of the registry.
        shown: Headers of the requests, in order.
        failures: What the next requests end with: a status, or -N for a connection
            that is cut after N bytes.
    """

    def __init__(self) -> None:
        self.root = Path()
        self.shown: list[dict[str, str]] = []
        self.failures: list[int] = []
        super().__init__(_Server(self), tls=False)

    def begin(self, *failures: int) -> None:
        """Forget what was, and fail so from now on."""
        self.failures = list(failures)
        self.shown.clear()

    def read(self, path: str) -> bytes:
        """Return the blob, or the manifest of a tag, of a path of the registry."""
        registry = self.root / "docker/registry/v2"
        found = _DIGEST.search(path)
        if found is None:
            name = _TAG.search(path)
            assert name is not None, path
            tags = registry / "repositories" / name[1] / "_manifests/tags"
            found = _DIGEST.search((tags / name[2] / "current/link").read_text())
            assert found is not None
        return (
            registry / "blobs/sha256" / found[1][:2] / found[1] / "data"
        ).read_bytes()


class _Server(QuietServer):
    def __init__(self, storage: BlobStorage) -> None:
        self.storage = storage
        super().__init__(_Handler)


class _Handler(QuietHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        storage = self.server.storage
        storage.shown.append(dict(self.headers.items()))
        failure = storage.failures.pop(0) if storage.failures else 0
        if failure > 0:
            self._reply(failure, b"<Error><Code>AccessDenied</Code></Error>")
            return
        data, status = storage.read(self.path), 200
        if begin := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            data, status = data[int(begin[1]) :], 206
        self._reply(status, data, -failure or None)

    do_PATCH = do_PUT = do_HEAD = do_GET  # noqa: N815 - as above

    def _reply(self, status: int, data: bytes, count: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[:count])
        self.wfile.flush()
        if count is not None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
