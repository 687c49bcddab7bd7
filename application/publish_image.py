"""Turns a finished stage into an image and writes it everywhere it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from application.followed import followed
from application.layered_filesystem import LayerFetcher, StageLayer
from application.options import ImageFormat, ImageOptions, OutputOptions
from application.ports.images import BuiltImage, ImageDestination
from application.ports.layers import LayerStore
from application.ports.reporter import Activity, Reporter, Work
from application.ports.results import ResultFiles
from application.publish_everywhere import publish_everywhere
from application.write_results import WriteResults
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
from domain.snapshot.index import LayerIndex
from domain.values import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedStage:
    """What the target stage has become.

    Attributes:
        config: The image config, complete but for labels of the command line.
        layers: Its layers, lowest first.
        base_vendor: Media type family of the base image, None for scratch.
        indexes: What is known of what layers hold, by diff ID.
    """

    config: ImageConfig
    layers: tuple[StageLayer, ...]
    base_vendor: Vendor | None
    indexes: Mapping[Digest, LayerIndex] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedImage:
    """The image as it was published.

    Attributes:
        manifest: Its manifest.
        config: The config the manifest names.
        layers: Its layers, lowest first.
        indexes: What is known of what they hold, by diff ID.
        places: What it was written to, by name.
    """

    manifest: Manifest
    config: ImageConfig
    layers: tuple[StageLayer, ...] = ()
    indexes: Mapping[Digest, LayerIndex] = field(default_factory=dict)
    places: tuple[str, ...] = ()


class PublishImage:
    """Writes the image, then the result files, in this order."""

    def __init__(  # noqa: PLR0913 - a service is given all its ports
        self,
        *,
        image_options: ImageOptions,
        output_options: OutputOptions,
        destinations: Sequence[ImageDestination],
        layers: LayerStore,
        results: ResultFiles,
        reporter: Reporter,
        further_checks: Sequence[Callable[[], None]] = (),
    ) -> None:
        # further_checks: of places that get something else than the image
        self._further_checks = further_checks
        self._image = image_options
        self._output = output_options
        self._destinations = destinations
        self._fetcher = LayerFetcher(layers, reporter)
        self._results = WriteResults(output=output_options, files=results)
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
        for check in self._further_checks:
            check()
        self._results.check()

    def publish(self, stage: FinishedStage) -> PublishedImage:
        """Write the image everywhere, then the result files.

        Raises:
            UsageError: The format cannot hold the layers.
            KanipyError: What a destination says.
        """
        built, config = self._assemble(stage)
        layers = {layer.descriptor.digest: layer for layer in stage.layers}

        def open_layer(descriptor: Descriptor) -> BinaryIO:
            stream = self._fetcher.open(layers[descriptor.digest])
            push = Activity(
                work=Work.PUSH, subject=descriptor.digest.short, size=descriptor.size
            )
            return followed(stream, push, self._reporter)

        publish_everywhere(built, open_layer, self._destinations, self._reporter)
        published = PublishedImage(
            manifest=built.manifest,
            config=config,
            layers=stage.layers,
            indexes=stage.indexes,
            places=self.places,
        )
        self._results.write(built.manifest)
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
                " leave --image-format=docker out"
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

        kaniko does the same. zstd layers and annotations exist in OCI images only,
        and readers of OCI layouts refuse docker's media types.
        """
        has_zstd = any(
            compression_of(layer.descriptor.media_type) is Compression.ZSTD
            for layer in stage.layers
        )
        if self._image.format is None:
            wants_oci = self._output.oci_layout_path or self._image.annotations
            if has_zstd or wants_oci:
                return Vendor.OCI
            return stage.base_vendor or Vendor.DOCKER
        vendor = Vendor(self._image.format.value)
        if has_zstd and self._image.format is ImageFormat.DOCKER:
            message = "docker images cannot hold layers compressed with zstd"
            raise UsageError(message, hint="use --image-format=oci")
        return vendor


def _relabelled(descriptor: Descriptor, vendor: Vendor) -> Descriptor:
    media_type = relabel_layer(descriptor.media_type, vendor)
    return replace(descriptor, media_type=media_type)
