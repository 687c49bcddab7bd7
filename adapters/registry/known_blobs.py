"""Where blobs are that this build has pushed: other repositories can mount them."""

from __future__ import annotations

import threading

from domain.image.digest import Digest


class KnownBlobs:
    """Repositories by registry and blob. Safe to use from several threads."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, Digest], str] = {}
        self._lock = threading.Lock()

    def add(self, registry: str, repository: str, digest: Digest) -> None:
        """Remember that a repository has a blob."""
        with self._lock:
            self._places.setdefault((registry, digest), repository)

    def repository(self, registry: str, digest: Digest) -> str | None:
        """Return a repository of a registry that has a blob, or None."""
        with self._lock:
            return self._places.get((registry, digest))
