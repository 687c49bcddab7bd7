"""A proxy before a registry that makes chosen requests go wrong.

It understands HTTP and no more: what is asked is passed on with the client's own name
of the host, so that the addresses in answers lead through it again. Bodies are held in
memory.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

from tests.support.loopback_server import LoopbackServer, QuietHandler, QuietServer

ALWAYS = 1000
Headers = dict[str, str]


@dataclass(slots=True)
class Answer:
    """What a server says."""

    status: int
    headers: Headers = field(default_factory=dict)
    body: bytes = b""


Action = Callable[["Exchange"], None]
"""Deals with a request in the proxy's place."""


@dataclass(slots=True)
class Fault:
    """What goes wrong, and with which requests.

    Attributes:
        pattern: Regular expression, found anywhere in "METHOD /path?query".
        action: What is done with them.
        times: How often.
        after: How many of them pass before.
    """

    pattern: str
    action: Action
    times: int = 1
    after: int = 0


class FaultProxy(LoopbackServer):
    """Use it with `with`; it listens from then on.

    Attributes:
        server: `ADDRESS:PORT` that requests are passed on to.
        token_server: The same for requests of /token.
        faults: What goes wrong; the first that matches counts.
        seen: "METHOD /path" of the requests, in order.
        hit: How many requests something was done with.
    """

    def __init__(self) -> None:
        self.server = ""
        self.token_server = ""
        self.faults: list[Fault] = []
        self.seen: list[str] = []
        self.hit = 0
        self.lock = threading.Lock()
        super().__init__(_Server(self), tls=False)

    def begin(self, *faults: Fault) -> None:
        """Forget what was, and do this from now on."""
        with self.lock:
            self.faults = list(faults)
            self.seen.clear()
            self.hit = 0

    def take(self, line: str) -> Action | None:
        """Return what is to be done with a request."""
        with self.lock:
            self.seen.append(line.partition("?")[0])
            for fault in self.faults:
                if fault.times <= 0 or not re.search(fault.pattern, line):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    return None
                fault.times -= 1
                self.hit += 1
                return fault.action
        return None


class Exchange:
    """One request and what becomes of it."""

    def __init__(self, handler: _Handler) -> None:
        self._handler = handler
        self.method = handler.command
        self.path = handler.path
        self.headers: Headers = dict(handler.headers.items())
        self._body: bytes | None = None

    @property
    def length(self) -> int:
        """Bytes of the request's body."""
        return int(self.headers.get("Content-Length") or 0)

    @property
    def body(self) -> bytes:
        """The request's body."""
        if self._body is None:
            self._body = self._handler.rfile.read(self.length)
        return self._body

    @body.setter
    def body(self, data: bytes) -> None:
        self._body = data

    def read_some(self, count: int) -> None:
        """Read no more than the start of the request's body."""
        self._handler.rfile.read(min(count, self.length))

    def forward(self) -> Answer:
        """Return what the server answers."""
        proxy = self._handler.server.proxy
        is_token = self.path.startswith("/token")
        address = proxy.token_server if is_token else proxy.server
        connection = HTTPConnection(address, timeout=60)
        try:
            connection.putrequest(
                self.method, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                if name.lower() != "connection":
                    connection.putheader(name, value)
            connection.endheaders(self.body)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def send(self, answer: Answer, *, count: int | None = None) -> None:
        """Answer; of the body only the first bytes where `count` says so."""
        handler = self._handler
        if count is None and self.method != "HEAD":
            answer.headers["Content-Length"] = str(len(answer.body))
        handler.send_response_only(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("connection", "transfer-encoding"):
                handler.send_header(name, value)
        handler.end_headers()
        if self.method != "HEAD":
            handler.wfile.write(answer.body[:count])
        handler.wfile.flush()

    def hang_up(self) -> None:
        """End the connection."""
        self._handler.close_connection = True
        self._handler.connection.shutdown(socket.SHUT_RDWR)


class _Server(QuietServer):
    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        super().__init__(_Handler)


class _Handler(QuietHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        exchange = Exchange(self)
        action = self.server.proxy.take(f"{self.command} {self.path}")
        try:
            (action or _pass_on)(exchange)
        except (OSError, HTTPException):
            self.close_connection = True

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815 - as above
    do_PATCH = do_DELETE = do_GET  # noqa: N815 - as above


def _pass_on(exchange: Exchange) -> None:
    exchange.send(exchange.forward())


# ---------------------------------------------------------------------- actions


def answers(status: int, body: bytes = b"", **headers: str) -> Action:
    """Answer in the server's place; `Retry_After="7"` is a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def action(exchange: Exchange) -> None:
        _ = exchange.body
        exchange.send(Answer(status, dict(named), body))

    return action


def hangs_up(exchange: Exchange) -> None:
    """Pass nothing on, and answer nothing."""
    exchange.hang_up()


def loses_the_answer(exchange: Exchange) -> None:
    """Pass the request on, and lose the answer."""
    exchange.forward()
    exchange.hang_up()


def cuts_the_request(at: int) -> Action:
    """Hang up after some bytes of the request's body."""

    def action(exchange: Exchange) -> None:
        exchange.read_some(at)
        exchange.hang_up()

    return action


def cuts_the_answer(at: int) -> Action:
    """Hang up after some bytes of the answer's body."""

    def action(exchange: Exchange) -> None:
        exchange.send(exchange.forward(), count=at)
        exchange.hang_up()

    return action


def truncates(at: int) -> Action:
    """Answer with some bytes of the body, as if they were all."""

    def action(exchange: Exchange) -> None:
        answer = exchange.forward()
        answer.body = answer.body[:at]
        exchange.send(answer)

    return action


def lengthens(exchange: Exchange) -> None:
    """Answer with more bytes than there are."""
    answer = exchange.forward()
    answer.body += b"more"
    exchange.send(answer)


def changes_the_answer(exchange: Exchange) -> None:
    """Change a byte of the answer's body."""
    answer = exchange.forward()
    answer.body = _changed(answer.body)
    exchange.send(answer)


def changes_the_request(exchange: Exchange) -> None:
    """Change a byte of the request's body before it is passed on."""
    exchange.body = _changed(exchange.body)
    _pass_on(exchange)


def tells_another_digest(exchange: Exchange) -> None:
    """Answer with the right bytes and a wrong Docker-Content-Digest."""
    answer = exchange.forward()
    answer.headers["Docker-Content-Digest"] = f"sha256:{'0' * 64}"
    exchange.send(answer)


def spoils_the_token(exchange: Exchange) -> None:
    """Pass the request on with a token that nobody has signed."""
    exchange.headers["Authorization"] = "Bearer spoilt"
    _pass_on(exchange)


def knows_no_ranges(exchange: Exchange) -> None:
    """Pass the request on as one for the whole."""
    exchange.headers.pop("Range", None)
    _pass_on(exchange)


def limits_bodies(largest: int) -> Action:
    """Answer 413 to bodies that are larger, and pass others on."""

    def action(exchange: Exchange) -> None:
        if exchange.length > largest:
            answers(413)(exchange)
        else:
            _pass_on(exchange)

    return action


def leads_to(address: Callable[[], str]) -> Action:
    """Redirect to an address; an empty one stands for the storage's of that path."""

    def action(exchange: Exchange) -> None:
        _ = exchange.body
        location = f"{address()}{exchange.path}?signature=secret"
        exchange.send(Answer(307, {"Location": location}))

    return action


def _changed(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
