"""A web server in this process, on loopback: answers by path, and git repositories.

Repositories below `root` are served by git's own `git http-backend`.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from tests.support.loopback_server import LoopbackServer, QuietHandler, QuietServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a path answers.

    Attributes:
        body: The body.
        status: The status.
        headers: Further headers.
        cut_after: Close after so many bytes of the body; None answers it all.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None


NOTHING = Answer(status=404, body=b"nothing here")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def form(self) -> dict[str, str]:
        """The body as a form, each field once."""
        return dict(parse_qsl(self.body.decode()))


class WebServer(LoopbackServer):
    """Use it with `with`; it listens from then on.

    Attributes:
        answers: What a path answers, one after the other; the last one stays.
        authorization: Header without which everything is 401, "" for none.
        is_dumb: Whether repositories are served as plain files.
        speaks_v2: Whether git's protocol version 2 is spoken; version 0 does not
            hand out commits that no branch or tag names.
        faults: What comes over the answers about repositories, one after the other:
            another answer, or the end of the connection after so many bytes, or
            nothing.
        hangs: While it is set, requests are not answered.
        asked: The requests, in order.
    """

    def __init__(self, root: Path | None = None, *, tls: bool = False) -> None:
        self.root = root
        self.answers: dict[str, list[Answer]] = {}
        self.authorization = ""
        self.is_dumb = False
        self.speaks_v2 = True
        self.faults: list[Answer | int | None] = []
        self.hangs = threading.Event()
        self.asked: list[Asked] = []
        super().__init__(_Server(self), tls=tls)

    def take(self, path: str) -> Answer | None:
        answers = self.answers.get(path)
        if not answers:
            return None
        return answers.pop(0) if len(answers) > 1 else answers[0]


class _Server(QuietServer):
    def __init__(self, web: WebServer) -> None:
        self.web = web
        super().__init__(_Handler)


class _Handler(QuietHandler):
    server: _Server

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        web = self.server.web
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        web.asked.append(Asked(self.path, dict(self.headers), body))
        while web.hangs.is_set():
            time.sleep(0.01)
        if web.authorization not in ("", self.headers.get("Authorization")):
            challenge = {"WWW-Authenticate": 'Basic realm="test"'}
            self._reply(Answer(status=401, headers=challenge))
        elif answer := web.take(url.path):
            self._reply(answer)
        elif web.root is not None and web.is_dumb:
            file = web.root / url.path.lstrip("/")
            known = file.is_file()
            self._reply(Answer(body=file.read_bytes()) if known else NOTHING)
        elif web.root is not None and ".git/" in url.path:
            self._run_git(web.root, url.path, url.query, body)
        else:
            self._reply(NOTHING)

    do_POST = do_GET  # noqa: N815 - http.server's name

    def _reply(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body[: answer.cut_after])

    def _run_git(self, root: Path, path: str, query: str, body: bytes) -> None:
        """Run git's CGI program (RFC 3875)."""
        protocol = self.headers.get("Git-Protocol") or ""
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": protocol if self.server.web.speaks_v2 else "",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type") or "",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding") or "",
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(
            ["git", "http-backend"],  # noqa: S607 - found on PATH
            input=body,
            capture_output=True,
            check=False,  # a client that asks for the impossible ends it
            env=environment,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200").split()[0])
        faults = self.server.web.faults
        fault = faults.pop(0) if faults else None
        if isinstance(fault, Answer):
            self._reply(fault)
        else:
            cut = fault if fault is None else min(fault, len(content) - 1)
            self._reply(
                Answer(body=content, status=status, headers=headers, cut_after=cut)
            )
