r"""A whole build in memory: the real services over the in-memory adapters.

    build = MemoryBuild("FROM base\nCOPY f /f", context={"f": b"1"})
    build.run()
    assert build.rows(-1) == ["f 0644 0:0 f"]

The image "base" is there: three layers with account files, a shell, a symlink.
A RUN is a function that changes its `MemoryRoot`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from adapters.archive.compression import Codec
from adapters.archive.layer_reader import read_index
from adapters.memory.ambient import FixedClock, MemoryResultFiles, RecordingReporter
from adapters.memory.archives import MemoryArchives
from adapters.memory.context import (
    MemoryBuildContext,
    MemoryContextSource,
    MemoryDockerfileSource,
)
from adapters.memory.dockerfile_reader import MemoryDockerfileReader
from adapters.memory.downloads import MemoryDownloads
from adapters.memory.filesystem import MemoryRoot, MemoryRoots
from adapters.memory.images import MemoryImageDestination, MemoryImageSource
from adapters.memory.layer_cache import MemoryLayerCache
from adapters.memory.layers import MemoryLayers
from adapters.memory.process import MemoryProcessRunner, Program
from adapters.memory.repositories import MemoryRepositories
from adapters.memory.secrets import MemorySecrets
from application.add_sources import AddSources
from application.build_image import BuildImage
from application.build_stage import BuildStage
from application.contents import Contents
from application.gather_facts import GatherFacts
from application.needed_stages import StageTools
from application.options import (
    CacheOptions,
    ContextAddress,
    ContextScheme,
    ImageOptions,
    InputOptions,
    OutputOptions,
)
from application.perform_effects import PerformEffects
from application.plan_image import PlanImage
from application.plan_only import NoRoots, UnreadLayers, nothing_fetched
from application.plan_stage import PlanStage
from application.ports.context import ContextSource
from application.ports.downloads import Downloads
from application.ports.filesystem import RootFilesystems
from application.ports.images import BuiltImage, ImageDestination, ImageSource
from application.ports.kept_caches import KeptCaches
from application.ports.layers import LayerStore
from application.ports.process import OnOutput, ProcessSpec
from application.ports.repositories import Repositories
from application.ports.secrets import Secrets
from application.prepare_build import PrepareBuild
from application.prepare_mounts import PrepareMounts
from application.publish_image import PublishedImage, PublishImage
from application.resolve_base import ResolveBase
from application.single_snapshot import SingleSnapshot
from application.stage_bases import StageBases
from application.stage_builder import StageBuilder
from application.step_cache import StepCache
from application.turns import SideBySide, Turns
from domain.build.cache_key import Field
from domain.build.effect import Effect
from domain.image.config import ContainerConfig, History, ImageConfig
from domain.image.media_type import Vendor
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.index import LayerIndex
from domain.snapshot.tree import FileTree
from tests.support.archives import Layer, directory, file, layer, symlink

AMD64 = Platform(os="linux", architecture="amd64")
NOW_NS = FixedClock().now
HERE = ContextAddress(scheme=ContextScheme.DIRECTORY, location="/context")

Command = Callable[[MemoryRoot, ProcessSpec], int | None]
"""What a RUN does to its root; None is exit status 0."""

BASE_CONFIG = ContainerConfig(env=(("PATH", "/bin"),), cmd=("sh",))
BASE_LAYERS = (
    layer(
        directory("bin"),
        file("bin/sh", b"shell", 0o755),
        directory("etc"),
        file("etc/passwd", b"root:x:0:0::/root:/bin/sh\n"),
        file("etc/group", b"root:x:0:\n"),
        directory("tmp", 0o1777),
    ),
    layer(directory("srv", 0o711), file("srv/data", b"data", uid=5, gid=6)),
    layer(symlink("www", "srv")),
)


class MemoryBuild:
    """A build whose every port is in memory; each part may be looked into."""

    def __init__(  # noqa: PLR0913 - each part may be given
        self,
        dockerfile: str | None,
        *,
        context: Mapping[str, bytes] | MemoryBuildContext | None = None,
        ignore: str | None = None,
        commands: Mapping[str, Command] | None = None,
        options: InputOptions | None = None,
        image: ImageOptions | None = None,
        output: OutputOptions | None = None,
        codec: Codec | None = None,
        layer_vendor: Vendor = Vendor.OCI,
        refusal: str = "",
        secrets: Secrets | None = None,
        reporter: RecordingReporter | None = None,
        exclusive: bool = False,
        cache: CacheOptions | None = None,
        salt: tuple[Field, ...] = (),
        single_snapshot: bool = False,
        kept: KeptCaches | None = None,
        jobs: int = 1,
    ) -> None:
        self.turns = Turns()
        self.clock = FixedClock()
        self.reporter = reporter or RecordingReporter()
        self.results = MemoryResultFiles()
        self.registry = MemoryImageSource()
        self.destination = MemoryImageDestination()
        self.destinations: list[ImageDestination] = [self.destination]
        self.further_checks: list[Callable[[], None]] = []
        self.layers = MemoryLayers(self.clock, codec, layer_vendor)
        self.roots = MemoryRoots(exclusive=exclusive)
        self.archives = MemoryArchives()
        self.downloads = MemoryDownloads()
        self.repositories = MemoryRepositories()
        self.secrets = secrets or MemorySecrets()
        self.contents = Contents()
        self.cache = MemoryLayerCache(self.layers)
        self._cache_options = cache
        self._salt = salt
        programs = {
            text: self._program(each) for text, each in (commands or {}).items()
        }
        self.runner = MemoryProcessRunner(programs, refusal=refusal)
        self.mounts = PrepareMounts(
            roots=MemoryRoots() if exclusive else self.roots,
            runner=self.runner,
            secrets=self.secrets,
            contents=self.contents,
            turns=self.turns,
            kept=kept,
        )
        self._side_by_side = None
        if jobs > 1:
            self._side_by_side = SideBySide(self.turns, jobs, self.runner.stop)
        self.effects = PerformEffects(
            layers=self.layers,
            runner=self.runner,
            reporter=self.reporter,
            contents=self.contents,
            mounts=self.mounts,
            turns=self.turns,
            makes_interim_layers=single_snapshot,
        )
        self.snapshot: SingleSnapshot | None = None
        if single_snapshot:
            self.snapshot = SingleSnapshot(
                layers=self.layers, contents=self.contents, reporter=self.reporter
            )
        self.named_contexts: dict[str, ContextSource] = {}
        self.named_images: dict[str, ImageSource] = {}
        if not isinstance(context, MemoryBuildContext):
            context = MemoryBuildContext(context)
        self.context = context
        self._dockerfile = MemoryDockerfileSource(dockerfile, ignore)
        self._options = options or InputOptions(context=HERE)
        self._image = image or ImageOptions()
        self._output = output or OutputOptions()
        self.add_base("base")

    def add_base(
        self,
        name: str,
        layers: Sequence[Layer] = BASE_LAYERS,
        config: ContainerConfig = BASE_CONFIG,
        vendor: Vendor = Vendor.OCI,
        into: MemoryImageSource | None = None,
    ) -> None:
        """Put an image into the registry, or another source."""
        source = into or self.registry
        full = ImageConfig(platform=AMD64, config=config)
        for number, each in enumerate(layers):
            source.blobs[each.descriptor.digest] = each.blob
            full = full.with_layer(each.diff_id, History(created_by=f"base {number}"))
        descriptors = [each.descriptor for each in layers]
        source.add_image(Reference.parse(name), full, descriptors, vendor)

    def run(self) -> PublishedImage:
        """Build and publish."""
        return self.service().run()

    def after(self, earlier: MemoryBuild) -> MemoryBuild:
        """Share the cache of an earlier build; return this one."""
        for name in ("steps", "blobs", "indexes", "seconds", "records"):
            setattr(self.cache, name, getattr(earlier.cache, name))
        return self

    def plan(self) -> list[str]:
        """Plan, and return what is told."""
        self.plan_service().run()
        return [text for level, text in self.reporter.messages if level == "info"]

    def service(self) -> BuildImage:
        """Wire the services as the composition root does."""
        steps = self._steps()
        builder = BuildStage(
            facts=self._facts(lambda: self.downloads, lambda: self.repositories),
            effects=self.effects,
            reader=MemoryDockerfileReader(),
            reporter=self.reporter,
            cache=steps,
            snapshot=self.snapshot,
        )
        return BuildImage(
            prepare=self._prepare(),
            tools=self._tools(builder, self.layers, self.roots, steps),
            publish=self._publish(),
            roots=self.roots,
            mounts=self.mounts,
            reporter=self.reporter,
            cache=steps,
            side_by_side=self._side_by_side,
        )

    def plan_service(self) -> PlanImage:
        steps = self._steps()
        planner = PlanStage(
            facts=self._facts(nothing_fetched, nothing_fetched),
            contents=self.contents,
            reader=MemoryDockerfileReader(),
            reporter=self.reporter,
            cache=steps,
            is_one_layer=self.snapshot is not None,
        )
        return PlanImage(
            prepare=self._prepare(),
            tools=self._tools(planner, UnreadLayers(), NoRoots(), steps),
            places=self._publish().places,
            reporter=self.reporter,
        )

    def _steps(self) -> StepCache | None:
        if self._cache_options is None:
            return None
        return StepCache(
            cache=self.cache,
            indexes=self.cache,
            contents=self.contents,
            options=self._cache_options,
            salt=self._salt,
        )

    def _facts(
        self,
        downloads: Callable[[], Downloads],
        repositories: Callable[[], Repositories],
    ) -> GatherFacts:
        return GatherFacts(
            add_sources=AddSources(
                archives=self.archives,
                downloads=downloads,
                repositories=repositories,
                secrets=self.secrets,
                contents=self.contents,
            )
        )

    def _prepare(self) -> PrepareBuild:
        return PrepareBuild(
            options=self._options,
            context=MemoryContextSource(self.context),
            dockerfiles=self._dockerfile,
            reader=MemoryDockerfileReader(),
            clock=self.clock,
            reporter=self.reporter,
            host_platform=AMD64,
        )

    def _publish(self) -> PublishImage:
        return PublishImage(
            image_options=self._image,
            output_options=self._output,
            destinations=self.destinations,
            layers=self.layers,
            results=self.results,
            reporter=self.reporter,
            further_checks=self.further_checks,
        )

    def _tools(
        self,
        builder: StageBuilder,
        layers: LayerStore,
        roots: RootFilesystems,
        steps: StepCache | None,
    ) -> StageTools:
        bases = StageBases(
            images=ResolveBase(
                registry=lambda: self.registry,
                named_images=self.named_images,
                reporter=self.reporter,
            ),
            layers=layers,
            roots=roots,
            contexts=self.named_contexts,
            reporter=self.reporter,
            indexes=steps,
            cache=steps,
        )
        return StageTools(
            builder=builder,
            bases=bases,
            named_contexts=self.named_contexts,
            contents=self.contents,
            reporter=self.reporter,
            turns=self.turns,
        )

    # --------------------------------------------------------------- what came of it

    @property
    def published(self) -> BuiltImage:
        """The image, as the destination got it."""
        (image,) = self.destination.published
        return image

    @property
    def config(self) -> ImageConfig:
        """The published config."""
        return ImageConfig.parse(self.published.config)

    @property
    def performed(self) -> list[type[Effect]]:
        """The kinds of effects that were carried out, in order."""
        return [type(effect) for effect in self.effects.performed]

    @property
    def warnings(self) -> list[str]:
        return [text for level, text in self.reporter.messages if level == "warning"]

    @property
    def history(self) -> list[str]:
        """What made the image beyond its base."""
        texts = [entry.created_by for entry in self.config.history]
        return [text for text in texts if not text.startswith("base ")]

    def index(self, number: int) -> LayerIndex:
        """Read a published layer."""
        descriptor = self.published.manifest.layers[number]
        blob = io.BytesIO(self.destination.blobs[descriptor.digest])
        return read_index(blob, self.config.diff_ids[number])

    def rows(self, number: int) -> list[str]:
        """Draw the rows of a published layer, in its order."""
        index = self.index(number)
        drawn = [drawn_entry(entry) for entry in index.entries.values()]
        return drawn + [f"- {path}" for path in (*index.whiteouts, *index.opaques)]

    def new_rows(self) -> list[list[str]]:
        """Draw every layer that is not the base's."""
        base = {each.descriptor.digest for each in BASE_LAYERS}
        layers = enumerate(self.published.manifest.layers)
        return [self.rows(number) for number, each in layers if each.digest not in base]

    def tree(self) -> FileTree:
        """Flatten the published image."""
        tree = FileTree.empty()
        for number in range(len(self.published.manifest.layers)):
            tree = tree.apply(self.index(number))
        return tree

    def _program(self, command: Command) -> Program:
        def program(process: ProcessSpec, root: str, on_output: OnOutput) -> int:
            on_output("stdout", b"$ " + process.argv[-1].encode())
            return command(self.roots.created[root], process) or 0

        return program


def inputs(**changed: object) -> InputOptions:
    """Return input options with some changed."""
    return replace(InputOptions(context=HERE), **changed)  # type: ignore[arg-type]


def writes(path: str, data: bytes = b"new", mode: int = 0o644) -> Command:
    """Return a command that writes a file."""

    def command(root: MemoryRoot, process: ProcessSpec) -> None:
        root.write_file(path, data, mode)

    return command


def fails(status: int) -> Command:
    """Return a command that ends with a status."""
    return lambda root, process: status


def drawn_entry(entry: FileEntry) -> str:
    """Draw a row: "f 0644 0:0 path", "l 0:0 path -> target"."""
    owner = f"{entry.uid}:{entry.gid}"
    if entry.type is FileType.SYMLINK:
        return f"l {owner} {entry.path} -> {entry.link_target}"
    letter = {FileType.FILE: "f", FileType.DIRECTORY: "d"}.get(entry.type, "s")
    linked = " &" if entry.link_group else ""
    return f"{letter} {entry.mode:04o} {owner} {entry.path}{linked}"
