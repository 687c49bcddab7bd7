"""One registry: where it answers, and requests that it will accept.

Finds the scheme (plain HTTP only where that is acceptable), answers challenges,
renews tokens, turns refusals into errors. What the requests mean is the business
of `repository` and `upload`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from urllib.parse import urljoin, urlsplit, urlunsplit

from adapters.http.addresses import host_and_port, is_loopback, is_private
from adapters.http.client import HttpClient
from adapters.http.errors import Failure, TransportError
from adapters.http.messages import Body, Request, Response
from adapters.registry.authentication import Access, Authentication
from adapters.registry.challenge import choose
from adapters.registry.failures import Attempt, fail, unreachable
from adapters.registry.rate_limits import RateLimit
from application.ports.credentials import CredentialSource
from domain.values import replace

NO_HEADERS: Mapping[str, str] = {}
_NOT_TLS = frozenset({Failure.TLS, Failure.REFUSED, Failure.BROKEN, Failure.TIMEOUT})
_NO_TLS = frozenset({Failure.TLS, Failure.REFUSED})
BAD_REQUEST = 400
UNAUTHORIZED = 401


class RegistryConnection:
    """Sends requests to one registry. Safe to use from several threads.

    Args:
        registry: Host as in references.
        http: Sends the requests.
        credentials: Where credentials are found.
        tell: Is told how much may still be pulled.
    """

    def __init__(
        self,
        registry: str,
        http: HttpClient,
        credentials: CredentialSource,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.registry = registry
        self._http = http
        self._tell = tell
        self._limit: RateLimit | None = None
        self._authentication = Authentication(registry, http, credentials)
        self._base = ""
        self._lock = threading.Lock()

    def send(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        target: str,
        *,
        access: Access,
        purpose: str,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes | Body | None = None,
        retry: bool = True,
        document: int = 0,
    ) -> Response:
        """Send a request, authenticated; a refused token is renewed once.

        Args:
            method: HTTP method.
            target: Path below /v2/, or a whole URL (an upload's location).
            access: What the token must allow.
            purpose: What it is for, for messages.
            headers: Further headers.
            body: Body, sent a second time when the token was refused.
            retry: Whether transient failures are tried again here.
            document: See `Request`.

        Returns:
            The answer, whatever its status but 401; the caller closes it.

        Raises:
            Unauthorized: Status 401 in spite of a fresh token.
            RegistryUnreachable: No answer.
        """
        attempt = self.attempt(method, access, purpose)
        try:
            url = urljoin(f"{self._find_base(access)}/v2/", target)
            request = Request(
                method=method, url=url, body=body, retry=retry, document=document
            )
            return self._send_authenticated(request, headers, access, attempt)
        except TransportError as error:
            raise unreachable(error, attempt) from error

    @property
    def asks_who_we_are(self) -> bool:
        """Whether the registry has asked for a credential so far."""
        return self._authentication.is_asked_for

    def attempt(self, method: str, access: Access, purpose: str) -> Attempt:
        """Return the facts of a request that error messages need."""
        return Attempt(
            registry=self.registry,
            repository=access.repository,
            method=method,
            purpose=purpose,
            credential=self._authentication.credential(access.repository),
        )

    def _send_authenticated(
        self,
        request: Request,
        headers: Mapping[str, str],
        access: Access,
        attempt: Attempt,
    ) -> Response:
        response, shown = self._send_once(request, headers, access)
        if response.status != UNAUTHORIZED:
            return response
        challenge = choose(response.header("WWW-Authenticate"))
        if challenge is None or not self._is_own(response.url):
            fail(response, attempt)
        response.close()
        self._authentication.learn(challenge, self._base)
        self._authentication.forget(access, shown)
        response, _ = self._send_once(request, headers, access)
        if response.status == UNAUTHORIZED:
            fail(response, attempt)
        return response

    def _send_once(
        self, request: Request, headers: Mapping[str, str], access: Access
    ) -> tuple[Response, str | None]:
        # An upload's location may be another host's: it gets no credential.
        shown = (
            self._authentication.header(access) if self._is_own(request.url) else None
        )
        extra = {"Authorization": shown} if shown else {}
        response = self._http.send(replace(request, headers={**headers, **extra}))
        limit = RateLimit.of(response)
        if limit is not None and limit != self._limit:
            self._limit = limit
            self._tell(f"{self.registry} limits requests: {limit}")
        return response, shown

    def _is_own(self, url: str) -> bool:
        return url.startswith(f"{self._base}/")

    def _find_base(self, access: Access) -> str:
        with self._lock:
            if not self._base:
                self._base = self._ping(access)
            return self._base

    def _ping(self, access: Access) -> str:
        """Return the registry's base URL after asking who is there.

        https first, everywhere but on loopback; plain HTTP only there, where an
        option allows it, and in local networks (as for kaniko), and only if what
        answers is no TLS server.
        """
        host, name = self.registry, host_and_port(self.registry)[0]
        allowed = is_loopback(name)
        if allowed and (base := self._plain_base()):
            return base
        allowed |= self._http.options.for_host(host).plain_http
        local = is_private(name)
        try:
            return self._ping_at(f"https://{host}", retry=not (allowed or local))
        except TransportError as error:
            # Nobody has opted for plain HTTP in a local network: a TLS server that
            # is out of order is no reason for it.
            if local and error.failure in _NO_TLS and (base := self._plain_base()):
                return base
            if not allowed or error.failure not in _NOT_TLS:
                raise unreachable(error, self._ping_attempt(access)) from error
        try:
            return self._ping_at(f"http://{host}", retry=True)
        except TransportError as error:
            raise unreachable(error, self._ping_attempt(access)) from error

    def _plain_base(self) -> str:
        """Return the base URL if what answers speaks plain HTTP, else "".

        Nobody can stand between us and loopback, and asking so there saves loading
        the roots that TLS trusts. Servers of TLS hang up, answer 400 or redirect.
        """
        base = f"http://{self.registry}"
        request = Request(method="GET", url=f"{base}/v2/", retry=False)
        try:
            with self._http.send(request) as response:
                own = response.url.startswith(f"{base}/")
                plain = own and response.status != BAD_REQUEST
                return self._learn(response, base) if plain else ""
        except TransportError:
            return ""

    def _ping_attempt(self, access: Access) -> Attempt:
        return self.attempt("GET", access, "reach the registry")

    def _ping_at(self, base: str, *, retry: bool) -> str:
        request = Request(method="GET", url=f"{base}/v2/", retry=retry)
        with self._http.send(request) as response:
            return self._learn(response, base)

    def _learn(self, response: Response, base: str) -> str:
        """Heed the challenge of an answer to a ping, and return the base URL."""
        own = response.url.startswith(f"{base}/")
        challenge = choose(response.header("WWW-Authenticate"))
        if response.status == UNAUTHORIZED and own and challenge:
            self._authentication.learn(challenge, base)
        # Whatever else it says, it answers; what matters is asked later.
        return base


class RegistryConnections:
    """The connections of one build, one per registry.

    Args:
        http: Sends the requests.
        credentials: Where credentials are found.
        tell: Is told how much may still be pulled.
    """

    def __init__(
        self,
        http: HttpClient,
        credentials: CredentialSource,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._http = http
        self._tell = tell
        self._credentials = credentials
        self._connections: dict[str, RegistryConnection] = {}
        self._lock = threading.Lock()

    def to(self, registry: str) -> RegistryConnection:
        """Return the connection to a registry, the same for the same host."""
        with self._lock:
            if registry not in self._connections:
                self._connections[registry] = RegistryConnection(
                    registry, self._http, self._credentials, self._tell
                )
            return self._connections[registry]


def location_of(response: Response) -> str | None:
    """Return the absolute URL of an answer's Location, None without one.

    A registry behind a proxy that speaks TLS for it may not know of that: it is not
    left for plain HTTP on the same host.
    """
    location = response.header("Location")
    if not location:
        return None
    own, url = urlsplit(response.url), urlsplit(urljoin(response.url, location))
    if url.netloc == own.netloc:
        url = url._replace(scheme=own.scheme)
    return urlunsplit(url) if url.scheme in ("http", "https") else None
