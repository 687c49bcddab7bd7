"""Port: caches of RUN that outlast a build."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from domain.dockerfile.mount import Sharing


class KeptCaches(Protocol):
    """Directories by the ids of `RUN --mount=type=cache`, shared by executors."""

    def held(
        self, name: str, sharing: Sharing, first: Callable[[], str], work: str | None
    ) -> AbstractContextManager[str | None]:
        """Hold a cache for the time of one RUN.

        Waits where another executor has it in a way that `sharing` does not allow.
        What is written to it is kept whether or not the RUN succeeds.

        Args:
            name: Its id.
            sharing: How it is shared; a private one that is in use is another.
            first: Makes what a new one begins with; returns a root that has it at
                `TREE`.
            work: An empty directory for a copy that may be moved about, and is
                brought back afterwards where it was changed; None to be given the
                cache itself, which must stay where it is.

        Returns:
            A root that has the cache at `TREE`; None where none can be kept.

        Raises:
            FilesystemError: It cannot be made, copied or brought back.
        """
