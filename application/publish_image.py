"""Turns a finished stage into an image and writes it everywhere it is wanted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import BinaryIO

from application.layered_filesystem import LayerFetcher, StageLayer
from application.options import ImageFormat, ImageOptions, OutputOptions
from application.ports.images import BuiltImage, ImageDestination
from application.ports.layers import LayerStore
from application.ports.reporter import Reporter
from application.ports.results import ResultFiles
from domain.errors import UsageError
from domain.image.config import ImageConfig
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import Manifest
from domain.image.media_type import (
    Compression,
    Vendor,
    compression_of,
    relabel_layer,
)
from domain.values import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedStage:
    """What the target stage has become.

    Attributes:
        config: The image config, complete but for labels of the command line.
        layers: Its layers, lowest first.
        base_vendor: Media type family of the base image, None for scratch.
    """

    config: ImageConfig
    layers: tuple[StageLayer, ...]
    base_vendor: Vendor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedImage:
    """The image as it was published.

    Attributes:
        manifest: Its manifest.
        config: The config the manifest names.
    """

    manifest: Manifest
    config: ImageConfig


class PublishImage:
    """Writes the image, then the result files, in this order."""

    def __init__(
        self,
        *,
        image_options: ImageOptions,
        output_options: OutputOptions,
        destinations: Sequence[ImageDestination],
        layers: LayerStore,
        results: ResultFiles,
        reporter: Reporter,
    ) -> None:
        self._image = image_options
        self._output = output_options
        self._destinations = destinations
        self._fetcher = LayerFetcher(layers)
        self._results = results
        self._reporter = reporter

    @property
    def places(self) -> tuple[str, ...]:
        """What the image is written to, by name."""
        return tuple(destination.name for destination in self._destinations)

    @property
    def downloaded(self) -> frozenset[Digest]:
        """Digests of the layers that had to be fetched to be written elsewhere."""
        return frozenset(self._fetcher.opened)

    def check(self) -> None:
        """Find out before the build whether publishing can work.

        Raises:
            KanipyError: What a destination says against it.
        """
        for destination in self._destinations:
            destination.check()

    def publish(self, stage: FinishedStage) -> PublishedImage:
        """Write the image everywhere, then the result files.

        Raises:
            UsageError: The format cannot hold the layers.
            KanipyError: What a destination says.
        """
        built, config = self._assemble(stage)
        layers = {layer.descriptor.digest: layer for layer in stage.layers}

        def open_layer(descriptor: Descriptor) -> BinaryIO:
            return self._fetcher.open(layers[descriptor.digest])

        digest = built.manifest.digest
        for destination in self._destinations:
            self._reporter.info(f"Writing {destination.name}")
            destination.publish(built, open_layer)
            self._reporter.info(f"Wrote {destination.name} {digest}")
        published = PublishedImage(manifest=built.manifest, config=config)
        self._write_results(published)
        return published

    def _assemble(self, stage: FinishedStage) -> tuple[BuiltImage, ImageConfig]:
        config = self._with_labels(stage.config)
        raw_config = config.to_json()
        vendor = self._vendor(stage)
        manifest = Manifest.create(
            vendor,
            Descriptor(
                media_type=vendor.config_type,
                digest=Digest.of(raw_config),
                size=len(raw_config),
            ),
            [_relabelled(layer.descriptor, vendor) for layer in stage.layers],
            dict(self._image.annotations),
        )
        if self._image.annotations and vendor is not Vendor.OCI:
            self._reporter.warning(
                "annotations are left out: docker manifests have none;"
                " use --image-format=oci"
            )
        origins = {
            layer.descriptor.digest: layer.base.image
            for layer in stage.layers
            if layer.base is not None
        }
        built = BuiltImage(manifest=manifest, config=raw_config, origins=origins)
        return built, config

    def _with_labels(self, config: ImageConfig) -> ImageConfig:
        if not self._image.labels:
            return config
        labels = {**config.config.labels, **dict(self._image.labels)}
        return replace(config, config=replace(config.config, labels=labels))

    def _vendor(self, stage: FinishedStage) -> Vendor:
        """Choose the media types: as asked, else the base's, else docker's.

        kaniko does the same. zstd layers exist in OCI images only, and readers of
        OCI layouts refuse docker's media types.
        """
        has_zstd = any(
            compression_of(layer.descriptor.media_type) is Compression.ZSTD
            for layer in stage.layers
        )
        if self._image.format is None:
            if has_zstd or self._output.oci_layout_path:
                return Vendor.OCI
            return stage.base_vendor or Vendor.DOCKER
        vendor = Vendor(self._image.format.value)
        if has_zstd and self._image.format is ImageFormat.DOCKER:
            message = "docker images cannot hold layers compressed with zstd"
            raise UsageError(message, hint="use --image-format=oci")
        return vendor

    def _write_results(self, published: PublishedImage) -> None:
        digest = published.manifest.digest
        files = {
            self._output.digest_file: str(digest),
            self._output.image_name_with_digest_file: "".join(
                f"{ref.name}@{digest}\n" for ref in self._output.destinations
            ),
            self._output.image_name_tag_with_digest_file: "".join(
                f"{ref.name}:{ref.tag}@{digest}\n" for ref in self._output.destinations
            ),
            self._output.image_id_file: str(published.manifest.config.digest),
            self._output.metadata_file: _metadata(
                published.manifest, [str(ref) for ref in self._output.destinations]
            ),
        }
        for path, text in files.items():
            if path:
                self._results.write(path, text)


def _relabelled(descriptor: Descriptor, vendor: Vendor) -> Descriptor:
    media_type = relabel_layer(descriptor.media_type, vendor)
    return replace(descriptor, media_type=media_type)


def _metadata(manifest: Manifest, names: list[str]) -> str:
    """Return what `docker buildx build --metadata-file` writes."""
    document = {
        "containerimage.config.digest": str(manifest.config.digest),
        "containerimage.descriptor": manifest.descriptor.to_json(),
        "containerimage.digest": str(manifest.digest),
    }
    if names:
        document["image.name"] = ",".join(names)
    return json.dumps(document, indent=2) + "\n"
