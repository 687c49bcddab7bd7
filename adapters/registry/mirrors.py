"""Images from the mirrors of a registry, and in the end from the registry itself.

A decorator of the port: which places there are is said by `RegistryMap`, what is
asked of a place is the registry adapter's business.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import BinaryIO, TypeVar

from adapters.registry.blob_stream import stream_of
from application.errors import DigestMismatch, RegistryError
from application.ports.images import ImageRegistry, ResolvedImage
from application.ports.repetition import Once, Repetition
from domain.errors import InvalidImage
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.image.registry_map import RegistryMap
from domain.values import replace

_T = TypeVar("_T")
_PASSED_OVER = (RegistryError, DigestMismatch, InvalidImage)
"""What makes us ask the next place: it has not the image, or not in one piece."""


class MirroredImageSource:
    """`ImageRegistry` that asks several places, each image's in its order.

    Args:
        registry: Asks one place.
        mirrors: Which places there are.
        warn: Is told why a place was passed over.
        repetition: How often each of them is asked.
    """

    def __init__(
        self,
        registry: ImageRegistry,
        mirrors: RegistryMap,
        warn: Callable[[str], None],
        repetition: Repetition | None = None,
    ) -> None:
        self._registry = registry
        self._mirrors = mirrors
        self._warn = warn
        self._repetition = repetition or Once()
        self._later: dict[Reference, tuple[Reference, ...]] = {}
        self._lock = threading.Lock()

    def resolve(self, reference: Reference, platform: Platform) -> ResolvedImage:
        """Return the image of the first place that has it."""
        places = self._mirrors.places(reference)
        image, later = self._ask(
            reference, places, lambda place: self._registry.resolve(place, platform)
        )
        with self._lock:
            self._later[image.reference] = later
        return image

    def current_digest(self, reference: Reference) -> Digest | None:
        """Return the digest that the first place that knows the image tells."""
        places = self._mirrors.places(reference)
        while places:
            digest, places = self._ask(reference, places, self._registry.current_digest)
            if digest is not None:
                return digest
        return None

    def open_blob(
        self, image: ResolvedImage, descriptor: Descriptor, offset: int = 0
    ) -> BinaryIO:
        """Open a blob where the image was found, or at a later place.

        A place that breaks off in the middle is followed by the next one, too.
        """
        with self._lock:
            later = self._later.get(image.reference, ())
        if not later:
            return self._registry.open_blob(image, descriptor, offset)
        places = [replace(image, reference=place) for place in later]
        return stream_of(
            _BlobOfPlaces(
                [image, *places], descriptor, offset, self._registry, self._warn
            )
        )

    def _ask(
        self,
        reference: Reference,
        places: tuple[Reference, ...],
        ask: Callable[[Reference], _T],
    ) -> tuple[_T, tuple[Reference, ...]]:
        """Return the first answer, and the places that were not asked."""
        place, *later = places
        try:
            return self._repetition.run(partial(ask, place)), tuple(later)
        except _PASSED_OVER as error:
            if not later:
                if place != reference:
                    error.hint = _without_fallback(error.hint)
                raise
            self._warn(f"{place} cannot be used: {error}; {later[0]} is asked")
        return self._ask(reference, tuple(later), ask)


def _without_fallback(hint: str | None) -> str:
    why = (
        "no mirror has it, and --skip-default-registry-fallback forbids to ask the "
        "registry itself"
    )
    return f"{hint}; {why}" if hint else why


class _BlobOfPlaces:
    """A blob that is read from the next place when one cannot go on."""

    def __init__(
        self,
        places: Sequence[ResolvedImage],
        descriptor: Descriptor,
        offset: int,
        registry: ImageRegistry,
        warn: Callable[[str], None],
    ) -> None:
        self._places = list(places)
        self._descriptor = descriptor
        self._position = offset
        self._registry = registry
        self._warn = warn
        self._stream: BinaryIO | None = None
        self._passing_over(self._open)

    def read(self, size: int) -> bytes:
        """Return some of the next bytes, b"" at the end."""
        data = self._passing_over(lambda: self._open().read(size))
        self._position += len(data)
        return data

    def close(self) -> None:
        """Close what is open."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _open(self) -> BinaryIO:
        if self._stream is None:
            self._stream = self._registry.open_blob(
                self._places[0], self._descriptor, self._position
            )
        return self._stream

    def _passing_over(self, action: Callable[[], _T]) -> _T:
        while True:
            try:
                return action()
            except RegistryError as error:
                self.close()
                if len(self._places) == 1:
                    raise
                place = self._places.pop(0).reference
                self._warn(
                    f"{place} cannot give {self._descriptor.digest}: {error}; "
                    f"{self._places[0].reference} is asked"
                )
