"""One registry: where it answers, and requests that it will accept.

Finds the scheme (plain HTTP only where that is acceptable), answers challenges,
renews tokens, turns refusals into errors. What the requests mean is the business
of `repository` and `upload`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from adapters.http.addresses import host_and_port, is_loopback
from adapters.http.client import HttpClient
from adapters.http.errors import Failure, TransportError
from adapters.http.messages import Body, Request, Response
from adapters.registry.authentication import Access, Authentication
from adapters.registry.challenge import choose
from adapters.registry.failures import Attempt, fail, unreachable
from application.ports.credentials import CredentialSource

NO_HEADERS: Mapping[str, str] = {}
_NOT_TLS = frozenset({Failure.TLS, Failure.REFUSED, Failure.BROKEN, Failure.TIMEOUT})
BAD_REQUEST = 400
UNAUTHORIZED = 401


class RegistryConnection:
    """Sends requests to one registry. Safe to use from several threads.

    Args:
        registry: Host as in references.
        http: Sends the requests.
        credentials: Where credentials are found.
    """

    def __init__(
        self, registry: str, http: HttpClient, credentials: CredentialSource
    ) -> None:
        self.registry = registry
        self._http = http
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

        Returns:
            The answer, whatever its status but 401; the caller closes it.

        Raises:
            Unauthorized: Status 401 in spite of a fresh token.
            RegistryUnreachable: No answer.
        """
        attempt = self.attempt(method, access, purpose)
        try:
            url = urljoin(f"{self._find_base(access)}/v2/", target)
            request = Request(method=method, url=url, body=body, retry=retry)
            return self._send_authenticated(request, headers, access, attempt)
        except TransportError as error:
            raise unreachable(error, attempt) from error

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
        complete = Request(
            method=request.method,
            url=request.url,
            headers={**headers, **extra},
            body=request.body,
            retry=request.retry,
        )
        return self._http.send(complete), shown

    def _is_own(self, url: str) -> bool:
        return url.startswith(f"{self._base}/")

    def _find_base(self, access: Access) -> str:
        with self._lock:
            if not self._base:
                self._base = self._ping(access)
            return self._base

    def _ping(self, access: Access) -> str:
        """Return the registry's base URL after asking who is there.

        https first, everywhere but on loopback; plain HTTP only there and where an
        option allows it, and only if what answers is no TLS server.
        """
        host = self.registry
        allowed = is_loopback(host_and_port(host)[0])
        if allowed and (base := self._plain_base()):
            return base
        allowed |= self._http.options.for_host(host).plain_http
        try:
            return self._ping_at(f"https://{host}", retry=not allowed)
        except TransportError as error:
            if not allowed or error.failure not in _NOT_TLS:
                raise unreachable(error, self._ping_attempt(access)) from error
        try:
            return self._ping_at(f"http://{host}", retry=True)
        except TransportError as error:
            raise unreachable(error, self._ping_attempt(access)) from error

    def _plain_base(self) -> str:
        """Return the base URL if what answers speaks plain HTTP, else "".

        Nobody can stand between us and loopback, and asking so saves loading the
        roots that TLS trusts. Servers of TLS hang up, answer 400 or redirect.
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
    """

    def __init__(self, http: HttpClient, credentials: CredentialSource) -> None:
        self._http = http
        self._credentials = credentials
        self._connections: dict[str, RegistryConnection] = {}
        self._lock = threading.Lock()

    def to(self, registry: str) -> RegistryConnection:
        """Return the connection to a registry, the same for the same host."""
        with self._lock:
            if registry not in self._connections:
                self._connections[registry] = RegistryConnection(
                    registry, self._http, self._credentials
                )
            return self._connections[registry]


def location_of(response: Response) -> str | None:
    """Return the absolute URL of an answer's Location, None without one."""
    location = response.header("Location")
    if not location:
        return None
    url = urljoin(response.url, location)
    return url if urlsplit(url).scheme in ("http", "https") else None
