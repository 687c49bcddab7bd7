"""The use case: images of several platforms become one image, an index of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from application.errors import DigestMismatch
from application.followed import followed
from application.options import IndexOptions
from application.ports.images import (
    BuiltImage,
    ImageDestination,
    ImageLister,
    IndexDestination,
    ResolvedImage,
)
from application.ports.reporter import Activity, Reporter, Work
from application.verified import verified
from application.write_results import WriteResults
from domain.image.assembly import IndexPart, assemble_index
from domain.image.descriptor import Descriptor
from domain.image.manifest import Index
from domain.image.reference import Reference
from domain.values import replace


class CreateIndex:
    """Copies images to where their index will be, then names the index.

    Args:
        options: Which images, and which names.
        images: The registries that have the images.
        copies: Gives the destination of an image that is named by its digest.
        names: Gives the destination of an index.
        results: Writes the result files.
        reporter: Is told what happens.
    """

    def __init__(
        self,
        *,
        options: IndexOptions,
        images: ImageLister,
        copies: Callable[[Reference], ImageDestination],
        names: Callable[[Reference], IndexDestination],
        results: WriteResults,
        reporter: Reporter,
    ) -> None:
        self._options = options
        self._images = images
        self._copies = copies
        self._names = names
        self._results = results
        self._reporter = reporter

    def run(self) -> Index:
        """Make the index; no name changes before all images are everywhere.

        Raises:
            InvalidImage: The images cannot be one index.
            KanipyError: What a registry says.
        """
        destinations = self._options.output.destinations
        targets = [self._names(reference) for reference in destinations]
        for target in targets:
            target.check()
        self._results.check()
        images = [image for name in self._options.images for image in self._find(name)]
        index = assemble_index(
            (_part(image) for image in images), dict(self._options.annotations)
        )
        repositories = dict.fromkeys(replace(one, tag=None) for one in destinations)
        for image in {image.digest: image for image in images}.values():
            for repository in repositories:
                self._copy(image, repository.with_digest(image.digest))
        for target in targets:
            target.publish_index(index)
            self._reporter.info(f"Wrote {target.name} {index.digest}")
        self._results.write(index)
        return index

    def _find(self, reference: Reference) -> tuple[ResolvedImage, ...]:
        images = self._images.resolve_all(reference)
        for image in images:
            self._reporter.info(
                f"Resolved {reference} to {image.digest} for {image.config.platform}"
            )
        return images

    def _copy(self, image: ResolvedImage, target: Reference) -> None:
        """Bring an image to a repository, from another one of its registry unsent."""
        every = (*image.manifest.layers, image.manifest.config)
        built = BuiltImage(
            manifest=image.manifest,
            config=self._config(image),
            origins={blob.digest: image for blob in every},
        )

        def open_layer(layer: Descriptor) -> BinaryIO:
            stream = self._images.open_blob(image, layer)
            stream = verified(stream, layer, str(image.reference))
            push = Activity(work=Work.PUSH, subject=layer.digest.short, size=layer.size)
            return followed(stream, push, self._reporter)

        self._copies(target).publish(built, open_layer)

    def _config(self, image: ResolvedImage) -> bytes:
        config = image.manifest.config
        with self._images.open_blob(image, config) as stream:
            raw = stream.read(config.size + 1)
        if not config.digest.matches(raw):
            raise DigestMismatch(
                f"the config's bytes are not {config.digest}",
                place=str(image.reference),
            )
        return raw


def _part(image: ResolvedImage) -> IndexPart:
    return IndexPart(
        name=str(image.reference),
        manifest=image.manifest,
        platform=image.config.platform,
    )
