"""Convincing one registry: bearer tokens, basic authentication, or nothing.

Distribution specification, "Token Authentication" and "OAuth2". Passwords go to
the registry itself (basic) or to the token service it names (bearer), nowhere
else; `HttpClient` strips the header on redirects to other hosts.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit, urlunsplit

from adapters.http.addresses import host_and_port, is_loopback
from adapters.http.client import HttpClient
from adapters.http.errors import TransportError
from adapters.http.messages import Request, Response
from adapters.registry.challenge import Challenge
from adapters.registry.failures import Attempt, fail, unreachable
from application.errors import RegistryError, Unauthorized
from application.ports.credentials import Credential, CredentialSource
from domain.values import dataclass

DEFAULT_LIFETIME = 60.0
"""Seconds a token is valid that does not say so."""

CLIENT_ID = "kanipy"
MAXIMUM_TOKEN_ANSWER = 1 << 20
_NO_PASSWORD_BY_GET = frozenset({404, 405})


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What is to be done in a repository; tokens are kept per access.

    Attributes:
        repository: The repository, "" for the registry as such.
        push: Whether it will be written to.
        mounts: Repositories that blobs are mounted from.
    """

    repository: str
    push: bool = False
    mounts: tuple[str, ...] = ()

    @property
    def scopes(self) -> list[str]:
        """The scopes of the token protocol."""
        if not self.repository:
            return []  # to log in, no more
        actions = "pull,push" if self.push else "pull"
        others = [f"repository:{name}:pull" for name in self.mounts]
        return [f"repository:{self.repository}:{actions}", *others]


class _Token(NamedTuple):
    value: str
    expires: float


class Authentication:
    """Makes Authorization headers for one registry.

    Args:
        registry: Host as in references.
        http: Sends requests to token services.
        credentials: Where credentials are found.
        monotonic: Seconds, for the age of tokens.
    """

    def __init__(
        self,
        registry: str,
        http: HttpClient,
        credentials: CredentialSource,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._http = http
        self._credentials = credentials
        self._monotonic = monotonic
        self._challenge: Challenge | None = None
        self._found: dict[str, Credential | None] = {}
        self._tokens: dict[Access, _Token] = {}
        self._lock = threading.Lock()

    def credential(self, repository: str) -> Credential | None:
        """Return the credential that is shown for a repository, a new one in time."""
        known = self._found.get(repository)
        if repository not in self._found or (known and known.has_expired(time.time())):
            known = self._credentials.find(self._registry, repository)
            self._found[repository] = known
        return known

    def learn(self, challenge: Challenge, base: str) -> None:
        """Remember how the registry wants to be convinced.

        Args:
            challenge: What it said.
            base: URL of the registry, to judge the realm by.

        Raises:
            RegistryError: The realm is no place to send a password to.
        """
        if challenge.scheme == "bearer":
            self._check_realm(challenge.realm, base)
        with self._lock:
            self._challenge = challenge

    @property
    def is_asked_for(self) -> bool:
        """Whether the registry wants to know who we are."""
        return self._challenge is not None

    def header(self, access: Access) -> str | None:
        """Return the value of Authorization, None for none.

        Raises:
            Unauthorized: The token service refuses the credential.
            RegistryError, RegistryUnreachable: It fails.
        """
        credential = self.credential(access.repository)
        if credential and credential.registry_token:
            return f"Bearer {credential.registry_token}"
        with self._lock:
            if self._challenge is None:
                return None
            if self._challenge.scheme == "basic":
                return _basic(credential)
            token = self._tokens.get(access)
            if token is None or token.expires <= self._monotonic():
                token = self._fetch(self._challenge, access, credential)
                self._tokens[access] = token
            return f"Bearer {token.value}"

    def forget(self, access: Access, header: str | None) -> None:
        """Drop the token of a header that the registry refused."""
        with self._lock:
            token = self._tokens.get(access)
            if token and header == f"Bearer {token.value}":
                del self._tokens[access]

    def _check_realm(self, realm: str, base: str) -> None:
        parts = urlsplit(realm)
        is_safe = parts.scheme == "https" or (
            parts.scheme == "http"
            and (
                urlsplit(base).scheme == "http"
                or is_loopback(host_and_port(parts.netloc)[0])
            )
        )
        if not is_safe or not parts.netloc:
            raise RegistryError(
                "the registry names a token service that is not https",
                registry=self._registry,
                hint="its configuration is wrong, or somebody is in between",
            )

    def _fetch(
        self, challenge: Challenge, access: Access, credential: Credential | None
    ) -> _Token:
        asked_at = self._monotonic()
        attempt = Attempt(
            registry=self._registry,
            repository=access.repository,
            method="GET",
            purpose=f"get a token from {urlsplit(challenge.realm).hostname}",
            credential=credential,
            host=urlsplit(challenge.realm).netloc.rpartition("@")[2].lower(),
        )
        try:
            response = self._ask(challenge, access, credential)
            if response.status >= 400:  # noqa: PLR2004 - HTTP
                fail(response, attempt)
            with response:
                answer = response.read_document(MAXIMUM_TOKEN_ANSWER)
        except TransportError as error:
            raise unreachable(error, attempt) from error
        return self._parse(answer, asked_at, attempt)

    def _ask(
        self, challenge: Challenge, access: Access, credential: Credential | None
    ) -> Response:
        if credential and credential.identity_token:
            return self._post(
                challenge,
                access,
                grant_type="refresh_token",
                refresh_token=credential.identity_token,
            )
        response = self._get(challenge, access, credential)
        if credential and response.status in _NO_PASSWORD_BY_GET:
            response.close()
            return self._post(
                challenge,
                access,
                grant_type="password",
                username=credential.username,
                password=credential.password,
            )
        return response

    def _get(
        self, challenge: Challenge, access: Access, credential: Credential | None
    ) -> Response:
        parts = urlsplit(challenge.realm)
        query = [("service", challenge.service)] if challenge.service else []
        query += [("scope", scope) for scope in access.scopes]
        whole = "&".join(filter(None, (parts.query, urlencode(query))))
        url = urlunsplit((parts.scheme, parts.netloc, parts.path, whole, ""))
        basic = _basic(credential)
        headers = {"Authorization": basic} if basic else {}
        return self._http.send(
            Request(
                method="GET", url=url, headers=headers, document=MAXIMUM_TOKEN_ANSWER
            )
        )

    def _post(self, challenge: Challenge, access: Access, **form: str) -> Response:
        facts = {
            "client_id": CLIENT_ID,
            "service": challenge.service,
            "scope": " ".join(access.scopes),
        }
        request = Request(
            method="POST",
            url=challenge.realm,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(facts | form).encode(),
            document=MAXIMUM_TOKEN_ANSWER,
        )
        return self._http.send(request)

    def _parse(self, answer: bytes, asked_at: float, attempt: Attempt) -> _Token:
        try:
            document = json.loads(answer)
            value = document.get("token") or document.get("access_token")
            lifetime = float(document.get("expires_in") or DEFAULT_LIFETIME)
        except (ValueError, TypeError, AttributeError, RecursionError):
            value, lifetime = None, 0.0
        if not isinstance(value, str) or not value.isprintable():
            raise Unauthorized(
                f"cannot {attempt.purpose}: the answer holds no token",
                registry=attempt.registry,
                repository=attempt.repository,
                method=attempt.method,
            )
        # Renewed a little early, so that it does not run out on the way.
        return _Token(value, asked_at + max(lifetime - 10.0, lifetime / 2))


def _basic(credential: Credential | None) -> str | None:
    if credential is None or not (credential.username or credential.password):
        return None
    pair = f"{credential.username}:{credential.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"
