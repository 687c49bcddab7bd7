"""A registry in this process, on loopback: small, true to the protocol, breakable.

It speaks the distribution protocol as far as kanipy uses it: manifests, blobs
with ranges, mounts, uploads in one or several parts, basic and token
authentication. `faults` makes chosen requests fail; `seen` records all.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.support.loopback_server import LoopbackServer, QuietHandler, QuietServer


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Fault:
    """What shall go wrong with requests whose "METHOD /path?query" matches.

    Attributes:
        pattern: Regular expression, found anywhere in the line.
        status: Status to answer; 0 closes the connection without an answer.
        headers: Headers of the answer.
        body: Body of the answer.
        cut_after: Answer normally, but close after so many bytes of the body.
        has_length: Whether a cut answer says how long it should have been.
        times: How often.
    """

    pattern: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut_after: int | None = None
    has_length: bool = True
    times: int = 1


@dataclass
class Stored:
    """A manifest."""

    media_type: str
    data: bytes

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.data).hexdigest()


class FakeRegistry(LoopbackServer):
    """Use it with `with`; it listens from then on.

    Attributes:
        blobs: Blobs by (repository, digest).
        manifests: Manifests by (repository, tag or digest).
        seen: The requests, in order.
        peers: Ports of the connections that requests came over.
        faults: What shall go wrong.
        authentication: "", "basic" or "bearer".
        users: Passwords by user; empty allows anonymous tokens.
        readers_only: Whether tokens never allow to push.
        largest_body: Bytes above which a request is answered 413, or None.
        supports_ranges: Whether blobs can be read from an offset.
        can_mount: Whether blobs can be mounted.
        relative_locations: Whether Location headers are paths.
        keeps_blobs: Whether a blob that is there stays, damaged or not.
        blob_redirect: Where blob downloads are redirected to, or "".
        further_headers: Headers of all answers.
        claimed_url: Its own URL, as it believes, or "" for the right one.
    """

    def __init__(self, *, tls: bool = False) -> None:
        self.blobs: dict[tuple[str, str], bytes] = {}
        self.manifests: dict[tuple[str, str], Stored] = {}
        self.uploads: dict[str, bytearray] = {}
        self.tokens: dict[str, list[str]] = {}
        self.seen: list[Seen] = []
        self.peers: set[int] = set()
        self.faults: list[Fault] = []
        self.authentication = ""
        self.users: dict[str, str] = {}
        self.readers_only = False
        self.token_lifetime = 300
        self.largest_body: int | None = None
        self.supports_ranges = True
        self.can_mount = True
        self.relative_locations = True
        self.keeps_blobs = False
        self.blob_redirect = ""
        self.claimed_url = ""
        self.further_headers: dict[str, str] = {}
        self.lock = threading.Lock()
        super().__init__(_Server(self), tls=tls)

    @property
    def lines(self) -> list[str]:
        """The requests as "METHOD /path", without pings and token requests."""
        ignored = ("GET /v2/", "GET /token", "POST /token")
        return [seen.line for seen in self.seen if seen.line not in ignored]

    def put_blob(self, repository: str, data: bytes) -> str:
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.blobs[repository, digest] = data
        return digest

    def put_manifest(
        self, repository: str, name: str, data: bytes, media_type: str
    ) -> None:
        stored = Stored(media_type, data)
        self.manifests[repository, name] = stored
        self.manifests[repository, stored.digest] = stored

    def take_fault(self, line: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and re.search(fault.pattern, line):
                    fault.times -= 1
                    return fault
        return None


class _Server(QuietServer):
    def __init__(self, registry: FakeRegistry) -> None:
        self.registry = registry
        super().__init__(_Handler)


class _Handler(QuietHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        try:
            super().handle()
        finally:
            self.connection.close()

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        self._answer()

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815 - http.server's names
    do_PATCH = do_DELETE = do_GET  # noqa: N815 - as above

    def _answer(self) -> None:
        registry = self.server.registry
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        too_large = registry.largest_body is not None and length > registry.largest_body
        body = b"" if too_large else self.rfile.read(length)
        self.seen = Seen(
            self.command, url.path, parse_qs(url.query), dict(self.headers), body
        )
        with registry.lock:
            registry.seen.append(self.seen)
            registry.peers.add(self.client_address[1])
        self.fault = registry.take_fault(f"{self.command} {self.path}")
        if self.fault and self.fault.cut_after is None:
            self._fail(self.fault)
        elif too_large:
            self.close_connection = True
            self._reply(413)
        else:
            self._route(url.path)

    def _fail(self, fault: Fault) -> None:
        if fault.status == 0:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._reply(fault.status, fault.body, fault.headers)

    def _route(self, path: str) -> None:
        if path == "/token":
            self._token()
            return
        if path.startswith("/storage/"):
            self._storage(path)
            return
        if not self._is_allowed(path):
            return
        routes: tuple[tuple[str, Callable[..., None]], ...] = (
            (r"/v2/", self._ping),
            (r"/v2/(.+)/manifests/([^/]+)", self._manifest),
            (r"/v2/(.+)/blobs/uploads/", self._begin),
            (r"/v2/(.+)/blobs/uploads/([^/]+)", self._upload),
            (r"/v2/(.+)/blobs/([^/]+)", self._blob),
        )
        for pattern, handler in routes:
            if match := re.fullmatch(pattern, path):
                handler(*match.groups())
                return
        self._reply(404)

    # ------------------------------------------------------------ authentication

    def _is_allowed(self, path: str) -> bool:
        registry = self.server.registry
        shown = self.headers.get("Authorization", "")
        if registry.authentication == "basic":
            if self._user(shown) is None:
                self._refuse('Basic realm="test"')
                return False
        elif registry.authentication == "bearer":
            scopes = registry.tokens.get(shown.removeprefix("Bearer "))
            if scopes is None or not self._covers(scopes, path):
                realm = f"{registry.url}/token"
                self._refuse(f'Bearer realm="{realm}",service="test service"')
                return False
        return True

    def _user(self, shown: str) -> str | None:
        if not shown.startswith("Basic "):
            return None
        user, _, password = base64.b64decode(shown[6:]).decode().partition(":")
        return user if self.server.registry.users.get(user) == password else None

    def _covers(self, scopes: list[str], path: str) -> bool:
        match = re.fullmatch(r"/v2/(.+)/(manifests|blobs)/.*", path)
        if not match:
            return True
        writes = self.command in ("POST", "PUT", "PATCH", "DELETE")
        actions = "pull,push" if writes else "pull"
        return any(s.startswith(f"repository:{match[1]}:{actions}") for s in scopes)

    def _refuse(self, challenge: str) -> None:
        error = {"errors": [{"code": "UNAUTHORIZED", "message": "who are you"}]}
        self._reply(401, json.dumps(error).encode(), {"WWW-Authenticate": challenge})

    def _token(self) -> None:
        registry = self.server.registry
        asked = self.seen.query
        if self.command == "POST":
            asked = parse_qs(self.seen.body.decode())
            user = "token" if asked.get("refresh_token") == ["identity"] else None
            scopes = asked.get("scope", [""])[0].split()
        else:
            user = self._user(self.headers.get("Authorization", ""))
            scopes = asked.get("scope", [])
        if registry.users and user is None:
            self._reply(401, b'{"errors":[{"code":"UNAUTHORIZED"}]}')
            return
        if registry.readers_only:
            scopes = [scope.replace("pull,push", "pull") for scope in scopes]
        token = uuid.uuid4().hex
        registry.tokens[token] = scopes
        answer = {"token": token, "expires_in": registry.token_lifetime}
        self._reply(200, json.dumps(answer).encode())

    # ------------------------------------------------------------------ contents

    def _ping(self) -> None:
        self._reply(200, b"{}")

    def _manifest(self, repository: str, name: str) -> None:
        registry = self.server.registry
        if self.command == "PUT":
            media_type = self.headers.get("Content-Type", "")
            registry.put_manifest(repository, name, self.seen.body, media_type)
        stored = registry.manifests.get((repository, name))
        if stored is None:
            self._reply(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no"}]}')
            return
        headers = {"Docker-Content-Digest": stored.digest}
        if self.command == "PUT":
            self._reply(201, b"", headers)
        else:
            self._reply(200, stored.data, headers | {"Content-Type": stored.media_type})

    def _blob(self, repository: str, digest: str) -> None:
        registry = self.server.registry
        data = registry.blobs.get((repository, digest))
        if data is None:
            self._reply(404, b'{"errors":[{"code":"BLOB_UNKNOWN","message":"no"}]}')
        elif registry.blob_redirect and self.command == "GET":
            target = (
                f"{registry.blob_redirect}/storage/{repository}/{digest}?signature=x"
            )
            self._reply(307, b"", {"Location": target})
        else:
            self._send_range(data)

    def _storage(self, path: str) -> None:
        repository, _, digest = path.removeprefix("/storage/").rpartition("/")
        self._send_range(self.server.registry.blobs[repository, digest])

    def _send_range(self, data: bytes) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if not asked or not self.server.registry.supports_ranges:
            self._reply(200, data)
            return
        start = int(asked[1])
        content_range = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
        self._reply(206, data[start:], content_range)

    # ------------------------------------------------------------------- uploads

    def _begin(self, repository: str) -> None:
        registry = self.server.registry
        query = self.seen.query
        if "mount" in query and registry.can_mount:
            source = query["from"][0], query["mount"][0]
            if source in registry.blobs:
                registry.blobs[repository, source[1]] = registry.blobs[source]
                self._reply(201)
                return
        identifier = uuid.uuid4().hex
        registry.uploads[identifier] = bytearray()
        self._accept(repository, identifier)

    def _upload(self, repository: str, identifier: str) -> None:
        registry = self.server.registry
        if identifier not in registry.uploads:
            self._reply(404, b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')
            return
        data = registry.uploads[identifier]
        if self.command == "DELETE":
            del registry.uploads[identifier]
            self._reply(204)
            return
        told = self.headers.get("Content-Range")
        if told and int(told.partition("-")[0]) != len(data):
            self._reply(416)
            return
        data += self.seen.body
        if self.command == "PATCH":
            self._accept(repository, identifier)
            return
        digest = self.seen.query["digest"][0]
        if "sha256:" + hashlib.sha256(data).hexdigest() != digest:
            self._reply(400, b'{"errors":[{"code":"DIGEST_INVALID"}]}')
            return
        if not (registry.keeps_blobs and (repository, digest) in registry.blobs):
            registry.blobs[repository, digest] = bytes(data)
        del registry.uploads[identifier]
        self._reply(201)

    def _accept(self, repository: str, identifier: str) -> None:
        registry = self.server.registry
        own = registry.claimed_url or registry.url
        base = "" if registry.relative_locations else own
        location = f"{base}/v2/{repository}/blobs/uploads/{identifier}?state=a%3Db"
        self._reply(202, b"", {"Location": location})

    def _reply(
        self, status: int, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        further = self.server.registry.further_headers
        for name, value in {**further, **(headers or {})}.items():
            self.send_header(name, value)
        fault = self.fault
        if fault is None or fault.has_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault is not None and fault.cut_after is not None:
            self.wfile.write(body[: fault.cut_after])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.wfile.write(body)
