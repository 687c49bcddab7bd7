"""What a stage starts on: scratch, the stage it is built on, or an image."""

from __future__ import annotations

from collections.abc import Container, Sequence

from application.layered_filesystem import BaseImage, LayeredFilesystem, StageLayer
from application.ports.filesystem import RootFilesystems
from application.ports.layer_cache import LayerIndexes
from application.ports.layers import LayerStore
from application.ports.repetition import Repetition
from application.ports.reporter import Reporter
from application.prepare_build import PreparedStage
from application.resolve_base import ResolveBase
from application.step_cache import StepCache
from domain.build.cache_key import NO_CHAIN, Chain
from domain.build.state import StageState
from domain.errors import BuildRuleError, KanipyError
from domain.image.config import ImageConfig
from domain.image.digest import Digest
from domain.image.media_type import Vendor
from domain.image.platform import Platform
from domain.values import dataclass, replace

SCRATCH = "scratch"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltStage:
    """A stage that is built; at first, what it starts on.

    Attributes:
        state: Its config.
        filesystem: Its layers, and its root while something may copy from it.
        vendor: Media type family of its base image, None for scratch.
        chain: What stands for its file system in cache keys.
    """

    state: StageState
    filesystem: LayeredFilesystem
    vendor: Vendor | None
    chain: Chain = NO_CHAIN


class StageBases:
    """Makes the file systems that stages start with, and those of other images.

    None of them has a root on disk yet.
    """

    def __init__(  # noqa: PLR0913 - a service is given all its ports
        self,
        *,
        images: ResolveBase,
        layers: LayerStore,
        roots: RootFilesystems,
        contexts: Container[str],
        reporter: Reporter,
        indexes: LayerIndexes | None = None,
        cache: StepCache | None = None,
        repetition: Repetition | None = None,
    ) -> None:
        """Take the services.

        Args:
            images: Finds images.
            layers: Where the blobs of layers are kept.
            roots: Makes roots on disk.
            contexts: Names of further contexts that are directories, and no images.
            reporter: Is told what is fetched and unpacked.
            indexes: Knows what layers hold without reading them.
            cache: Begins the chains of cache keys; None for no cache.
            repetition: How often fetching or unpacking a layer is repeated.
        """
        self._images = images
        self._layers = layers
        self._roots = roots
        self._contexts = contexts
        self._reporter = reporter
        self._indexes = indexes
        self._cache = cache
        self._repetition = repetition

    @property
    def takes_turns(self) -> bool:
        """Whether there is one root on disk, which stages have one after the other."""
        return self._roots.exclusive

    def start(self, stage: PreparedStage, parent: BuiltStage | None) -> BuiltStage:
        """Return the base of a stage as a stage of its own.

        Args:
            stage: The stage.
            parent: The stage it is built on, None for an image or scratch.

        Raises:
            BuildRuleError: The base is a context.
            KanipyError: What is said of the image; its place is the FROM.
        """
        name, title = f"stage:{stage.stage.index}", str(stage.stage)
        if parent is not None:
            return replace(
                parent,
                state=parent.state.child(),
                filesystem=self._files(name, title, parent.filesystem.layers),
            )
        if stage.base == SCRATCH:
            return BuiltStage(
                state=StageState.start(ImageConfig(platform=stage.platform)),
                filesystem=self._files(name, title, ()),
                vendor=None,
                chain=self._chain((), stage.platform),
            )
        return self._start_on_image(name, stage)

    def image(self, origin: str, name: str, platform: Platform) -> LayeredFilesystem:
        """Return the file system of an image that files are copied from.

        Args:
            origin: Name of the file system in `StoredContent.origin`.
            name: The image.
            platform: Its platform.

        Raises:
            KanipyError: What is said of the image.
        """
        return self._files(origin, name, _layers(self._images.resolve(name, platform)))

    def _start_on_image(self, name: str, stage: PreparedStage) -> BuiltStage:
        line = stage.stage.start.location.first
        if stage.base in self._contexts:
            message = f"FROM {stage.base}: that build context holds files, and no image"
            hint = f"write FROM scratch, and COPY --from={stage.base} . /"
            error = BuildRuleError(message, hint=hint)
            raise error.at_line(line)
        try:
            base = self._images.resolve(stage.base, stage.platform)
        except KanipyError as error:
            error.at_line(line)
            raise
        image = base.image
        return BuiltStage(
            state=StageState.start(image.config),
            filesystem=self._files(name, str(stage.stage), _layers(base)),
            vendor=image.manifest.vendor,
            chain=self._chain(image.config.diff_ids, stage.platform),
        )

    def _chain(self, diff_ids: Sequence[Digest], platform: Platform) -> Chain:
        return self._cache.start(diff_ids, platform) if self._cache else NO_CHAIN

    def _files(
        self, name: str, title: str, layers: tuple[StageLayer, ...]
    ) -> LayeredFilesystem:
        return LayeredFilesystem(
            name=name,
            title=title,
            layers=layers,
            store=self._layers,
            roots=self._roots,
            reporter=self._reporter,
            indexes=self._indexes,
            repetition=self._repetition,
        )


def _layers(base: BaseImage) -> tuple[StageLayer, ...]:
    image = base.image
    return tuple(
        StageLayer(descriptor=descriptor, diff_id=diff_id, base=base)
        for descriptor, diff_id in zip(
            image.manifest.layers, image.config.diff_ids, strict=True
        )
    )
