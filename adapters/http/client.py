"""An HTTP client: pools and TLS per host, proxies, redirects, retries.

requests carries the bytes. Bodies and answers are streams; answers are not
decoded. Authentication is the callers' business; this client only takes care
that their credentials stay with the host they were meant for.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import requests

from adapters.http.errors import (
    TRANSPORT_EXCEPTIONS,
    Failure,
    TransportError,
    translate,
)
from adapters.http.messages import Request, Response
from adapters.http.pools import PooledAdapter
from adapters.http.proxies import proxy_for
from adapters.http.redaction import redact_url
from adapters.http.retries import RETRY_STATUSES, Retries, TryAgain, retry_after
from adapters.http.tls import HostOptions
from domain.values import dataclass, field

MAXIMUM_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PRIVATE_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """Settings of a client.

    Attributes:
        user_agent: Value of User-Agent.
        environment: Environment variables (proxies, trust roots).
        hosts: Options by `host[:port]`, as it stands in URLs.
        other_hosts: Options of all other hosts.
        connect_timeout: Seconds.
        read_timeout: Seconds without a byte; registries need a while to put a
            big blob together.
    """

    user_agent: str = "kanipy"
    environment: Mapping[str, str] = field(default_factory=dict)
    hosts: Mapping[str, HostOptions] = field(default_factory=dict)
    other_hosts: HostOptions = field(default_factory=HostOptions)
    connect_timeout: float = 30.0
    read_timeout: float = 300.0

    def for_host(self, netloc: str) -> HostOptions:
        """Return the options of `host[:port]`."""
        return self.hosts.get(netloc.lower(), self.other_hosts)


class HttpClient:
    """Sends requests. Safe to use from several threads. Close it.

    Args:
        options: Settings.
        retries: When to try again; also waits and announces.
    """

    def __init__(
        self, options: HttpOptions | None = None, retries: Retries | None = None
    ) -> None:
        self.options = options or HttpOptions()
        self._retries = retries or Retries()
        self._sessions: dict[HostOptions, requests.Session] = {}
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        """Send a request; redirects of GET and HEAD are followed.

        Transient failures and `RETRY_STATUSES` are tried again if the request
        allows; the answer of the last attempt is returned whatever its status.

        Raises:
            TransportError: No answer.
            UsageError: A certificate file named in the options cannot be read.
        """
        if not request.retry:
            return self._answer(request)
        last: list[Response] = []
        try:
            return self._retries.run(lambda: self._attempt(request, last))
        except _BadStatus:
            return last.pop()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for session in self._sessions.values():
                session.close()
            self._sessions.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _attempt(self, request: Request, last: list[Response]) -> Response:
        while last:
            last.pop().close()
        try:
            response = self._answer(request)
        except TransportError as error:
            if error.failure.is_transient:
                raise TryAgain(error) from error
            raise
        if response.status in RETRY_STATUSES:
            last.append(response)
            what = f"{request.method} {redact_url(request.url)}: {response.status}"
            after = retry_after(response.header("Retry-After"))
            raise TryAgain(_BadStatus(what), after)
        return response

    def _answer(self, request: Request) -> Response:
        """Return the answer, read where it is a document."""
        response = self._follow(request)
        if request.document:
            try:
                response.read_document(request.document)
            except TransportError:
                response.close()
                raise
        return response

    def _follow(self, request: Request) -> Response:
        url, headers = request.url, dict(request.headers)
        for _ in range(MAXIMUM_REDIRECTS + 1):
            response = self._send_once(request, url, headers)
            target = response.header("Location")
            follows = request.method in ("GET", "HEAD") and target
            if response.status not in _REDIRECTS or not follows:
                return response
            response.close()
            previous, url = url, urljoin(url, target)
            if _origin(url) != _origin(previous):
                headers = {
                    name: value
                    for name, value in headers.items()
                    if name.lower() not in _PRIVATE_HEADERS
                }
        raise TransportError(
            Failure.ADDRESS, urlsplit(request.url).netloc, "too many redirects"
        )

    def _send_once(
        self, request: Request, url: str, headers: Mapping[str, str]
    ) -> Response:
        host = urlsplit(url).netloc.rpartition("@")[2]
        session = self._session(self.options.for_host(host))
        proxy = proxy_for(url, self.options.environment)
        try:
            response = session.request(
                request.method,
                url,
                headers=dict(headers),
                data=request.body,
                proxies={"http": proxy, "https": proxy} if proxy else {},
                stream=True,
                allow_redirects=False,
                timeout=(self.options.connect_timeout, self.options.read_timeout),
            )
        except TRANSPORT_EXCEPTIONS as error:
            raise translate(error, host) from error
        return Response(response, host)

    def _session(self, options: HostOptions) -> requests.Session:
        with self._lock:
            if options not in self._sessions:
                self._sessions[options] = self._new_session(options)
            return self._sessions[options]

    def _new_session(self, options: HostOptions) -> requests.Session:
        session = requests.Session()
        # No .netrc, no variables of requests' own: what is read is in the options.
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers.clear()
        session.headers.update(
            {"User-Agent": self.options.user_agent, "Accept-Encoding": "identity"}
        )
        session.mount("http://", PooledAdapter(options, self.options.environment))
        session.mount("https://", PooledAdapter(options, self.options.environment))
        return session


class _BadStatus(Exception):
    """An answer that was worth another attempt."""


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()
