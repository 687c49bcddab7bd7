"""The archive of a context in an object store, fetched part after part.

Every store can hand out a part of one version of an object, so a part that fails is
asked for again, and nothing that came before is. Which store it is, and what its
errors mean, is the business of the adapters that fetch.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import NamedTuple

from adapters.archive.chunks import CHUNK
from adapters.http.errors import Failure, causes, translate
from adapters.http.retries import Retries, TryAgain
from application.errors import ContextUnavailable
from domain.errors import KanipyError

PART = 8 * CHUNK
"""Bytes of a part: few enough to be held in memory."""


class Part(NamedTuple):
    """Some bytes of an object.

    Attributes:
        data: The bytes; fewer than asked for at the end alone.
        total: Size of the object.
        version: What tells this state of the object from others.
    """

    data: bytes
    total: int
    version: str


Fetch = Callable[[int, int, str], Part]
"""Fetches bytes of an object: where they start, how many, of which version (""
at first). Raises `TryAgain` for what may pass, and errors of the port."""


def broken(place: str, error: BaseException, hint: str) -> Exception:
    """Return what to raise for an exception of a client that got no whole answer.

    Args:
        place: The object's address.
        error: The exception; what it was made from tells what happened.
        hint: What to check where a store cannot be reached.
    """
    for cause in causes(error):
        if isinstance(cause, KanipyError):
            return cause  # a build that is told to stop; clients take it for theirs
    failure = translate(error, "").failure
    if failure is Failure.CERTIFICATE:
        hint = "put the CA certificate into a directory of SSL_CERT_DIR"
    elif failure is Failure.BROKEN:
        hint = "run the build again"
    problem = ContextUnavailable(
        f"the build context cannot be fetched: {failure.value}", place=place, hint=hint
    )
    return TryAgain(problem) if failure.is_transient else problem


class RangedArchive:
    """An object as an archive (implements `Archive`).

    Args:
        place: Its address, for messages.
        fetch: Fetches parts of it.
        retries: When a part is asked for again.
    """

    def __init__(self, place: str, fetch: Fetch, retries: Retries) -> None:
        self._place = place
        self._fetch = fetch
        self._retries = retries

    @property
    def place(self) -> str:
        """Its address."""
        return self._place

    def chunks(self) -> Generator[bytes, None, None]:
        """Yield its bytes; see `Archive`."""
        position, total, version = 0, 1, ""
        while position < total:
            part = self._next(position, version)
            total, version = part.total, part.version
            if not part.data and position < total:
                raise ContextUnavailable(
                    f"the build context ends after {position} of {total} bytes",
                    place=self._place,
                    hint="run the build again",
                )
            position += len(part.data)
            for start in range(0, len(part.data), CHUNK):
                yield part.data[start : start + CHUNK]

    def _next(self, position: int, version: str) -> Part:
        return self._retries.run(lambda: self._fetch(position, PART, version))
