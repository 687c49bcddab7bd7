"""Connection pools with TLS settings of our own making."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InsecureRequestWarning

from adapters.http.tls import HostOptions, make_context

POOL_SIZE = 8
"""Connections to one host that are kept open."""


class PooledAdapter(HTTPAdapter):
    """Uses one TLS context, ours, for all connections; nothing of certifi's.

    Args:
        options: Options of the hosts it serves.
        environment: Environment variables (trust roots).
    """

    def __init__(self, options: HostOptions, environment: Mapping[str, str]) -> None:
        self._options = options
        self._environment = environment
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()
        super().__init__(pool_connections=POOL_SIZE, pool_maxsize=POOL_SIZE)

    def build_connection_pool_key_attributes(
        self,
        request: requests.PreparedRequest,
        verify: bool | str,  # noqa: ARG002, FBT001 - the signature is requests'
        cert: Any = None,  # noqa: ANN401, ARG002 - the signature is requests'
    ) -> Any:  # noqa: ANN401 - requests' own two dictionaries
        """Return host and TLS settings that a connection pool is chosen by."""
        host, _ = super().build_connection_pool_key_attributes(
            request, verify=True, cert=None
        )
        if host["scheme"] != "https":
            return host, {}
        return host, {"ssl_context": self._tls()}

    def cert_verify(self, *arguments: object, **named: object) -> None:
        """Leave the pool's TLS settings alone."""

    def _tls(self) -> ssl.SSLContext:
        # Made at first use: plain HTTP needs none, and roots take a while to load.
        with self._lock:
            if self._context is None:
                if self._options.skip_verify:
                    # Asked for, and said once by whoever parsed the flag.
                    urllib3.disable_warnings(InsecureRequestWarning)
                self._context = make_context(self._options, self._environment)
            return self._context
