"""The use case: from a Dockerfile and a context to a published image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from application.contents import CONTEXT_ORIGIN, Contents, ContextFiles
from application.context_tree import own_ignore_rules, read_context_tree
from application.errors import CacheMisled, Interrupted, RegistryError
from application.gather_facts import FactSources
from application.layered_filesystem import BaseImage, LayeredFilesystem, StageLayer
from application.ports.context import ContextSource
from application.ports.filesystem import RootFilesystems
from application.ports.layer_cache import LayerIndexes
from application.ports.layers import LayerStore
from application.ports.reporter import Reporter
from application.prepare_build import PrepareBuild, PreparedBuild, PreparedStage
from application.prepare_mounts import PrepareMounts
from application.publish_image import FinishedStage, PublishedImage, PublishImage
from application.resolve_base import ResolveBase
from application.stage_builder import StageBuilder, StageStart
from application.step_cache import StepCache
from domain.build.cache_key import NO_CHAIN, Chain
from domain.build.copying import SourceTree
from domain.build.state import StageState
from domain.dockerfile.stage import Stage, source_references
from domain.errors import BuildRuleError, KanipyError
from domain.image.config import ImageConfig, rfc3339
from domain.image.digest import Digest
from domain.image.media_type import Vendor
from domain.image.platform import Platform
from domain.values import dataclass, field, replace

SCRATCH = "scratch"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltStage:
    """A stage that is built.

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


class BuildImage:
    """Builds the target stage, and those it needs, and publishes it."""

    def __init__(  # noqa: PLR0913 - a service is given all its ports
        self,
        *,
        prepare: PrepareBuild,
        bases: ResolveBase,
        stages: StageBuilder,
        publish: PublishImage,
        layers: LayerStore,
        roots: RootFilesystems,
        named_contexts: Mapping[str, ContextSource],
        contents: Contents,
        mounts: PrepareMounts | None,
        reporter: Reporter,
        cache: StepCache | None = None,
        indexes: LayerIndexes | None = None,
        materialise_target: bool = False,
    ) -> None:
        # mounts: None for a plan, which shows nothing to anybody
        # materialise_target: whether the target's root is to be there at the end even
        # where no RUN wanted it; of use where roots outlast the build
        self._prepare = prepare
        self._bases = bases
        self._stages = stages
        self._publish = publish
        self._layers = layers
        self._roots = roots
        self._named_contexts = named_contexts
        self._contents = contents
        self._mounts = mounts
        self._reporter = reporter
        self._materialise_target = materialise_target
        self._cache = cache
        self._indexes = indexes

    def run(self) -> PublishedImage:
        """Build and publish.

        Raises:
            KanipyError: Anything that went wrong; nothing is published then.
        """
        self._publish.check()
        prepared = self._prepare.prepare()
        self._contents.add(CONTEXT_ORIGIN, ContextFiles(prepared.context))
        try:
            published = self._run(prepared)
        except Interrupted:
            raise
        except Exception:
            self._keep_steps()
            raise
        self._keep_steps()
        return published

    def plan(self) -> None:
        """Tell what `run` would do, stage by stage; of use where stages are planned.

        Raises:
            KanipyError: The build could not succeed.
        """
        prepared = self._prepare.prepare()
        self._contents.add(CONTEXT_ORIGIN, ContextFiles(prepared.context))
        build = _Build(prepared)
        for stage in prepared.dockerfile.stages:
            if stage in prepared.stages:
                self._build_stage(stage, build)
            else:
                self._reporter.info(f"Skipping {stage}: the target needs nothing of it")
        for place in self._publish.places or ("nothing",):
            self._reporter.info(f"Would write {place}; this was a plan")

    def _explain(self, build: _Build) -> None:
        """Tell what the cache was good for, and leave a record to the next build."""
        if self._cache is None:
            return
        layers = {
            layer.descriptor.digest: layer.descriptor.size
            for files in build.filesystems
            for layer in files.layers
            if layer.base is not None
        }
        downloaded = self._publish.downloaded.union(
            *(files.downloaded for files in build.filesystems)
        )
        spared = sum(layers[digest] for digest in layers.keys() - downloaded)
        explanations = self._cache.explanations
        explanations.tell(self._reporter, spared)
        explanations.remember()

    def _run(self, prepared: PreparedBuild) -> PublishedImage:
        """Build and publish; once more without what a cache was wrong in."""
        while True:
            try:
                return self._build(_Build(prepared))
            except CacheMisled as error:
                if self._cache is None or not self._cache.distrust(error.digest):
                    raise
                self._reporter.warning(f"{error}; building again without it")

    def _build(self, build: _Build) -> PublishedImage:
        try:
            for stage in build.prepared.stages:
                self._build_stage(stage, build)
            self._warn_of_unused_arguments(build)
            if self._materialise_target and self._roots.exclusive:
                build.stages[build.prepared.target].filesystem.materialise("target")
            published = self._publish_and_tidy_up(build)
            self._explain(build)
            return published
        finally:
            if self._mounts is not None:
                self._mounts.discard()
            build.discard_roots()

    def _publish_and_tidy_up(self, build: _Build) -> PublishedImage:
        """Publish while the roots are removed, which publishing does not read.

        Both have ended when this returns or raises. An exclusive root is left alone:
        we live in it.
        """
        finished = self._finish(build)
        if self._roots.exclusive:
            return self._publish.publish(finished)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="discard") as pool:
            removal = pool.submit(build.discard_roots)
            published = self._publish.publish(finished)
            removal.result()
        return published

    def _keep_steps(self) -> None:
        """Wait until the steps that succeeded are in the cache, for the next build."""
        if self._cache is not None:
            self._cache.finish()

    def _build_stage(self, stage: Stage, build: _Build) -> BuiltStage:
        """Build a stage; asked for again, return it."""
        if stage.index in build.stages:
            return build.stages[stage.index]
        if self._roots.exclusive:
            # the root of a stage that waits for this one; its layers make it anew
            build.discard_roots()
        prepared = build.prepared.prepare_stage(stage)
        self._reporter.info(f"{self._stages.announcement} {_title(prepared)}")
        base = self._start(prepared, build)
        build.filesystems.append(base.filesystem)
        self._contents.add(base.filesystem.name, base.filesystem)
        end = self._stages.build(
            StageStart(
                stage=prepared.stage,
                state=base.state,
                filesystem=base.filesystem,
                parents=build.prepared.parents(prepared.stage),
                ignore=build.prepared.ignore,
                remarks=build.prepared.remarks,
                chain=base.chain,
            ),
            FactSources(
                source=lambda name, line: self._source(name, line, prepared, build),
                complete=build.complete,
            ),
            build.prepared.settings,
        )
        built = replace(base, state=end.state, chain=end.chain)
        build.stages[stage.index] = built
        if self._roots.exclusive or _is_finished_with(stage, build.prepared):
            built.filesystem.discard_root()
        return built

    def _start(self, prepared: PreparedStage, build: _Build) -> BuiltStage:
        """Return the base of a stage as a stage of its own, without a root."""
        parent = build.prepared.dockerfile.base_stage(prepared.stage, prepared.base)
        name = f"stage:{prepared.stage.index}"
        if parent is not None:
            built = self._build_stage(parent, build)
            layers = built.filesystem.layers
            state = built.state.child()
            return replace(built, state=state, filesystem=self._files(name, layers))
        if prepared.base == SCRATCH:
            image = ImageConfig(platform=prepared.platform)
            files = self._files(name, ())
            return BuiltStage(
                state=StageState.start(image),
                filesystem=files,
                vendor=None,
                chain=self._chain((), prepared.platform),
            )
        return self._start_on_image(name, prepared)

    def _start_on_image(self, name: str, prepared: PreparedStage) -> BuiltStage:
        if prepared.base in self._named_contexts:
            message = f"FROM {prepared.base}: a build context that is a directory"
            hint = "write FROM scratch and COPY --from= of that name"
            line = prepared.stage.start.location.first
            error = BuildRuleError(f"{message} is not supported yet", hint=hint)
            raise error.at_line(line)
        try:
            base = self._bases.resolve(prepared.base, prepared.platform)
        except KanipyError as error:
            error.at_line(prepared.stage.start.location.first)
            raise
        image = base.image
        return BuiltStage(
            state=StageState.start(image.config),
            filesystem=self._files(name, _image_layers(base)),
            vendor=image.manifest.vendor,
            chain=self._chain(image.config.diff_ids, prepared.platform),
        )

    def _chain(self, diff_ids: Sequence[Digest], platform: Platform) -> Chain:
        return self._cache.start(diff_ids, platform) if self._cache else NO_CHAIN

    def _files(self, name: str, layers: tuple[StageLayer, ...]) -> LayeredFilesystem:
        return LayeredFilesystem(
            name=name,
            layers=layers,
            store=self._layers,
            roots=self._roots,
            indexes=self._indexes,
        )

    def _source(
        self, name: str | None, line: int, prepared: PreparedStage, build: _Build
    ) -> SourceTree:
        """Find what COPY and ADD take files from."""
        if name is None:
            return self._context_tree(build)
        dockerfile = build.prepared.dockerfile
        stage = dockerfile.source_stage(prepared.stage, name, line=line)
        if stage is not None:
            files = self._build_stage(stage, build).filesystem
            return build.source_tree(files, f"stage {stage}")
        if name in self._named_contexts:
            return self._named_context_tree(name, build)
        try:
            return self._image_tree(name, build)
        except RegistryError as error:
            if not set(name) & set("/:@"):
                error.hint = f"no stage before line {line} is named {name}"
            raise

    def _context_tree(self, build: _Build) -> SourceTree:
        prepared = build.prepared
        if CONTEXT_ORIGIN not in build.sources:
            tree = read_context_tree(prepared.context, prepared.ignore)
            build.sources[CONTEXT_ORIGIN] = SourceTree(
                tree=tree,
                origin=CONTEXT_ORIGIN,
                keeps_owners=False,
                description="the build context",
            )
        return build.sources[CONTEXT_ORIGIN]

    def _named_context_tree(self, name: str, build: _Build) -> SourceTree:
        origin = f"context:{name}"
        if origin not in build.sources:
            context = self._named_contexts[name].fetch()
            self._contents.add(origin, ContextFiles(context))
            build.sources[origin] = SourceTree(
                tree=read_context_tree(context, own_ignore_rules(context)),
                origin=origin,
                keeps_owners=False,
                description=f"the build context {name}",
            )
        return build.sources[origin]

    def _image_tree(self, name: str, build: _Build) -> SourceTree:
        origin = f"image:{name}"
        if origin not in build.sources:
            base = self._bases.resolve(name, build.prepared.platform)
            files = self._files(origin, _image_layers(base))
            build.filesystems.append(files)
            self._contents.add(origin, files)
            build.sources[origin] = build.source_tree(files, f"image {name}")
        return build.sources[origin]

    def _warn_of_unused_arguments(self, build: _Build) -> None:
        """Warn of build arguments no ARG took, the triggers of bases included."""
        taken = {
            name for each in build.stages.values() for name in each.state.arguments
        }
        unused = [name for name in build.prepared.unclaimed if name not in taken]
        if unused:
            names = ", ".join(unused)
            self._reporter.warning(f"build arguments were not consumed: {names}")

    def _finish(self, build: _Build) -> FinishedStage:
        target = build.stages[build.prepared.target]
        created = rfc3339(build.prepared.settings.now_ns)
        return FinishedStage(
            config=replace(target.state.image, created=created),
            layers=target.filesystem.layers,
            base_vendor=target.vendor,
        )


@dataclass(slots=True)
class _Build:
    """What one run has found and built so far."""

    prepared: PreparedBuild
    stages: dict[int, BuiltStage] = field(default_factory=dict)
    filesystems: list[LayeredFilesystem] = field(default_factory=list)
    sources: dict[str, SourceTree] = field(default_factory=dict)
    copied: dict[str, LayeredFilesystem] = field(default_factory=dict)

    def source_tree(self, files: LayeredFilesystem, description: str) -> SourceTree:
        """Return a stage or image as what files are copied from."""
        self.copied[files.name] = files
        return SourceTree(
            tree=files.tree,
            origin=files.name,
            keeps_owners=True,
            description=description,
            is_thin=files.is_thin,
        )

    def complete(self, source: SourceTree, paths: Iterable[str]) -> SourceTree:
        """Return a thin source with all about some of its files."""
        if not source.is_thin:
            return source
        return replace(source, tree=self.copied[source.origin].tree_with(paths))

    def discard_roots(self) -> None:
        """Remove all roots from disk. Idempotent."""
        for filesystem in self.filesystems:
            filesystem.discard_root()


def _image_layers(base: BaseImage) -> tuple[StageLayer, ...]:
    image = base.image
    return tuple(
        StageLayer(descriptor=descriptor, diff_id=diff_id, base=base)
        for descriptor, diff_id in zip(
            image.manifest.layers, image.config.diff_ids, strict=True
        )
    )


def _is_finished_with(stage: Stage, prepared: PreparedBuild) -> bool:
    """Tell whether a root may go; the target's goes while its image is published."""
    return stage.index != prepared.target and not _is_copied_from(stage, prepared)


def _is_copied_from(stage: Stage, prepared: PreparedBuild) -> bool:
    """Tell whether a later stage takes files from this one.

    A trigger of a base image may do so unforeseen; its files then come out of the
    layers.
    """
    find = prepared.dockerfile.source_stage
    return any(
        find(later, reference, line=step.location.first) == stage
        for later in prepared.stages
        for step in later.instructions
        for reference in source_references(step)
    )


def _title(prepared: PreparedStage) -> str:
    return f"{prepared.stage} on {prepared.base}"
