"""What can go wrong below HTTP, and how it is told from requests' exceptions.

Adapters translate `TransportError` into an error of their port; it never leaves
the adapters.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from enum import Enum

import requests
import urllib3


class Failure(Enum):
    """Kinds of failures; the value says what happened."""

    NAME = "the host name cannot be resolved"
    REFUSED = "the connection was refused"
    CERTIFICATE = "the server's certificate is not trusted"
    TLS = "the TLS handshake failed"
    TIMEOUT = "no answer in time"
    PROXY = "the proxy refused or cannot be reached"
    ADDRESS = "the address is not valid"
    BROKEN = "the connection broke"
    TOO_LONG = "the answer is too long"

    @property
    def is_transient(self) -> bool:
        """Whether another attempt may help."""
        return self in (Failure.TIMEOUT, Failure.BROKEN)


class TransportError(Exception):
    """No HTTP answer, or one that ended early.

    Args:
        failure: The kind.
        host: Whom it concerns.
        detail: What the system said, or "".
    """

    def __init__(self, failure: Failure, host: str, detail: str = "") -> None:
        super().__init__(f"{failure.value} ({detail})" if detail else failure.value)
        self.failure = failure
        self.host = host

    @property
    def hint(self) -> str | None:
        """What to do about it."""
        match self.failure:
            case Failure.CERTIFICATE:
                return (
                    "put the CA certificate into a directory of SSL_CERT_DIR "
                    "(/kaniko/ssl/certs), or name it with "
                    f"--registry-certificate {self.host}=FILE"
                )
            case Failure.TLS:
                return f"if it speaks plain HTTP use --insecure-registry {self.host}"
            case Failure.PROXY:
                return "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY"
            case Failure.NAME | Failure.REFUSED | Failure.TIMEOUT:
                return "check the host name, the port and the network"
            case _:
                return None


TRANSPORT_EXCEPTIONS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
)
"""Everything that sending a request or reading an answer can raise."""


def translate(error: BaseException, host: str) -> TransportError:
    """Return the transport error for an exception of `TRANSPORT_EXCEPTIONS`."""
    chain = list(causes(error))
    for failure, kinds in _KINDS:
        for cause in chain:
            if isinstance(cause, kinds):
                return TransportError(failure, host, _detail(cause))
    return TransportError(Failure.BROKEN, host, _detail(chain[-1]))


_Kinds = tuple[type[BaseException], ...]
_KINDS: tuple[tuple[Failure, _Kinds], ...] = (
    (
        Failure.ADDRESS,
        (
            requests.exceptions.InvalidURL,
            requests.exceptions.InvalidSchema,
            requests.exceptions.MissingSchema,
            requests.exceptions.InvalidHeader,
        ),
    ),
    (Failure.CERTIFICATE, (ssl.CertificateError,)),
    (Failure.TLS, (ssl.SSLError, requests.exceptions.SSLError)),
    (Failure.PROXY, (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError)),
    (Failure.NAME, (socket.gaierror,)),
    (Failure.REFUSED, (ConnectionRefusedError,)),
    (
        Failure.TIMEOUT,
        (
            TimeoutError,
            requests.exceptions.Timeout,
            urllib3.exceptions.TimeoutError,
        ),
    ),
)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all it was made from, outermost first."""
    pending: list[BaseException] = [error]
    seen: set[int] = set()
    while pending:
        current = pending.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        linked = (current.__cause__, current.__context__, *current.args)
        reason = getattr(current, "reason", None)
        pending += [e for e in (*linked, reason) if isinstance(e, BaseException)]


def _detail(error: BaseException) -> str:
    """Return what the system said, without the URL that urllib3 puts around it."""
    if isinstance(error, ssl.SSLError):
        return getattr(error, "verify_message", "") or error.reason or ""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return ""
