"""Base images out of the directory of warmed images, and what is said about them.

An entry is used where it has the digest that is wanted, is young enough and whole.
Whatever is wrong with it is told once; the registry then has the image.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from application.ages import describe_age
from application.errors import (
    DigestMismatch,
    RegistryError,
    RegistryUnreachable,
    Unauthorized,
    is_out_of_order,
)
from application.layered_filesystem import BaseImage
from application.ports.images import ImageRegistry, ImageSource
from application.ports.reporter import Reporter
from application.ports.warmed_images import (
    ENTRY_FAULTS,
    WarmedImage,
    WarmedImages,
)
from domain.errors import InvalidImage, KanipyError
from domain.image.digest import Digest
from domain.image.platform import Platform
from domain.image.reference import Reference


class WarmedBases:
    """Looks images up among the warmed ones."""

    def __init__(
        self,
        *,
        images: WarmedImages,
        ttl: timedelta,
        registry: Callable[[], ImageRegistry],
        reporter: Reporter,
    ) -> None:
        """Take the directory and what stands behind it.

        Args:
            images: The directory.
            ttl: How old an entry, and what is known of a tag, may be.
            registry: Has what the directory has not; asked for only when needed.
            reporter: Is told.
        """
        self._images = images
        self._ttl = ttl
        self._registry = registry
        self._reporter = reporter

    def find(self, reference: Reference, platform: Platform) -> BaseImage | None:
        """Return the image of a reference, None where the registry has to give it.

        A digest is looked for without the registry; of a tag the registry says
        which digest it is.

        Raises:
            RegistryError: It does not say so, and nothing is known of the tag.
        """
        if reference.digest is not None:
            return self._of_digest(reference.digest, reference, platform)
        try:
            digest = self._registry().current_digest(reference)
        except RegistryError as error:
            found = self._of_tag(reference, platform, error)
            if found is None:
                raise
            return found
        if digest is None:
            return None
        return self._of_digest(digest, reference, platform)

    def _of_digest(
        self, digest: Digest, reference: Reference, platform: Platform
    ) -> BaseImage | None:
        entry = self._images.find(digest, platform)
        if entry is None:
            self._reporter.info(
                f"{reference} is not among the warmed images in {self._images.place}: "
                "it comes from the registry"
            )
            return None
        if entry.age > self._ttl:
            self._reporter.info(
                f"{reference} was warmed {describe_age(entry.age)} ago, more than "
                "--cache-ttl: it comes from the registry; the warmer renews it"
            )
            return None
        return self._resolved(entry, reference, platform)

    def _of_tag(
        self, reference: Reference, platform: Platform, error: RegistryError
    ) -> BaseImage | None:
        """Return what a tag stood for, where the registry cannot be asked."""
        if not _is_away(error):
            return None
        tag = self._images.find_tag(reference, platform)
        if tag is None or tag.age > self._ttl:
            return None
        entry = self._images.find(tag.digest, platform)
        if entry is None:
            return None
        found = self._resolved(entry, reference, platform)
        if found is not None:
            self._reporter.warning(
                f"{error}: {reference} is taken to be {tag.digest}, which it was "
                f"{describe_age(tag.age)} ago, when it was warmed"
            )
        return found

    def _resolved(
        self, entry: WarmedImage, reference: Reference, platform: Platform
    ) -> BaseImage | None:
        spare = _Spare(entry, self._registry, self._reporter)
        try:
            image = entry.source.resolve(reference, platform)
        except InvalidImage as error:
            self._reporter.info(
                f"the warmed image {entry.digest} cannot be used: {error}: "
                f"{reference} comes from the registry"
            )
            return None
        except ENTRY_FAULTS as error:
            spare.tell(error)
            return None
        return BaseImage(image=image, source=entry.source, spare=spare)


class _Spare:
    """The registry in the place of an entry that turns out to be damaged."""

    def __init__(
        self,
        entry: WarmedImage,
        registry: Callable[[], ImageRegistry],
        reporter: Reporter,
    ) -> None:
        self._entry = entry
        self._registry = registry
        self._reporter = reporter
        self._lock = threading.Lock()
        self._is_told = False

    def __call__(self, error: DigestMismatch) -> ImageSource:
        with self._lock:
            if not self._is_told:
                self.tell(error)
            return self._registry()

    def tell(self, error: KanipyError) -> None:
        self._is_told = True
        self._reporter.warning(
            f"the warmed image {self._entry.digest} is damaged: {error}: the registry "
            "is asked; run the warmer with --force to mend it"
        )


def _is_away(error: RegistryError) -> bool:
    """Return whether a registry is out of reach, for us or at the moment."""
    is_refusal = isinstance(error, (RegistryUnreachable, Unauthorized))
    return is_refusal or is_out_of_order(error.status)
