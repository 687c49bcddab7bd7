"""Finds the image a FROM, or a --from, names: manifest and config, no layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from application.layered_filesystem import BaseImage
from application.ports.images import ImageSource
from application.ports.reporter import Reporter
from application.warmed_bases import WarmedBases
from domain.errors import InvalidImage, InvalidReference
from domain.image.platform import Platform
from domain.image.reference import Reference


class ResolveBase:
    """Asks named contexts, warmed images, the registry, in this order; once each."""

    def __init__(
        self,
        *,
        registry: Callable[[], ImageSource],
        named_images: Mapping[str, ImageSource],
        reporter: Reporter,
        warmed: WarmedBases | None = None,
    ) -> None:
        """Take the places images are in.

        Args:
            registry: Gives what has every name that is not one of `named_images`;
                not asked for before such a name comes up.
            named_images: Images of `--build-context` by their name as given.
            reporter: Is told what was found.
            warmed: Images that need not be fetched from the registry.
        """
        self._registry = registry
        self._named = {_key(name): source for name, source in named_images.items()}
        self._reporter = reporter
        self._warmed = warmed
        self._known: dict[tuple[str, Platform], BaseImage] = {}

    def resolve(self, name: str, platform: Platform) -> BaseImage:
        """Return the image of a platform.

        Raises:
            InvalidReference: The name is no image reference.
            InvalidImage: Manifest and config contradict each other.
            KanipyError: What the source says.
        """
        key = (_key(name), platform)
        if key not in self._known:
            self._known[key] = self._look_up(name, platform)
        return self._known[key]

    def _look_up(self, name: str, platform: Platform) -> BaseImage:
        base = self._find(name, platform)
        image = base.image
        image.manifest.require_layers()
        if len(image.config.diff_ids) != len(image.manifest.layers):
            message = (
                f"{len(image.manifest.layers)} layers, but"
                f" {len(image.config.diff_ids)} diff IDs in the config"
            )
            raise InvalidImage(message, place=name, hint="rebuild the base image")
        warmed = ", which is warmed" if base.spare else ""
        self._reporter.info(f"Resolved {name} to {image.digest}{warmed}")
        self._compare(name, image.config.platform, platform)
        return base

    def _compare(self, name: str, found: Platform, wanted: Platform) -> None:
        """Warn of a name that stands for one image alone, which is for elsewhere."""
        if found.architecture and wanted.rank(found) is None:
            self._reporter.warning(
                f"{name} is for {found}, not for {wanted}: "
                "what is run in it may fail, and so may the result"
            )

    def _find(self, name: str, platform: Platform) -> BaseImage:
        named = self._named.get(_key(name))
        reference = _reference(name, is_registry=named is None)
        if named is None and self._warmed is not None:
            found = self._warmed.find(reference, platform)
            if found is not None:
                return found
        source = named or self._registry()
        return BaseImage(image=source.resolve(reference, platform), source=source)


def _key(name: str) -> str:
    """Return what makes two spellings of one image name equal."""
    try:
        return Reference.parse(name).canonical
    except InvalidReference:
        return name.lower()


def _reference(name: str, *, is_registry: bool) -> Reference:
    """Parse the name; that of a named context need not be a reference."""
    try:
        return Reference.parse(name)
    except InvalidReference:
        if is_registry:
            raise
        return Reference(registry="context", repository=name)
