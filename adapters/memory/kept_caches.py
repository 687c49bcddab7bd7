"""Caches of RUN that outlast a build, without a disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from domain.dockerfile.mount import Sharing


class MemoryKeptCaches:
    """Remembers which root holds a cache (implements `KeptCaches`).

    Nobody else uses the caches, and no root is copied: where a copy is wanted, it is
    empty.

    Args:
        is_possible: Whether any can be kept.

    Attributes:
        roots: The root of each cache, by id.
        held_now: What is held, in the order it was asked for.
        asked: What was held when, each with all that was held already.
    """

    def __init__(self, *, is_possible: bool = True) -> None:
        self.roots: dict[str, str] = {}
        self.held_now: list[tuple[str, Sharing]] = []
        self.asked: list[list[tuple[str, Sharing]]] = []
        self._is_possible = is_possible

    @contextmanager
    def held(
        self, name: str, sharing: Sharing, first: Callable[[], str], work: str | None
    ) -> Iterator[str | None]:
        """Hold a cache; see the port."""
        if not self._is_possible:
            yield None
            return
        self.held_now.append((name, sharing))
        self.asked.append(list(self.held_now))
        if name not in self.roots:
            self.roots[name] = first()
        try:
            yield work or self.roots[name]
        finally:
            self.held_now.remove((name, sharing))
