"""Credentials that are looked for when the first registry is met.

Most of what finds them costs start-up time that a build without registries need not
spend.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from application.ports.credentials import Credential

if TYPE_CHECKING:
    from adapters.credentials.chain import CredentialChain


class LateCredentials:
    """`CredentialSource` that is made when it is asked. Safe to use from threads.

    Args:
        make: Makes the real one.
    """

    def __init__(self, make: Callable[[], CredentialChain]) -> None:
        self._make = make
        self._made: CredentialChain | None = None
        self._lock = threading.Lock()

    def find(self, registry: str, repository: str) -> Credential | None:
        """Return the credential for a repository; see the port."""
        return self._chain().find(registry, repository)

    def settle(self) -> None:
        """Ask what cannot be asked once an image is unpacked over /."""
        self._chain().settle()

    def _chain(self) -> CredentialChain:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made
