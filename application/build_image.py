"""The use case: from a Dockerfile and a context to a published image."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from application.errors import CacheMisled, Interrupted
from application.needed_stages import NeededStages, StageTools
from application.plan_image import PlanImage
from application.ports.filesystem import RootFilesystems
from application.ports.reporter import Reporter
from application.prepare_build import PrepareBuild, PreparedBuild
from application.prepare_mounts import PrepareMounts
from application.publish_image import FinishedStage, PublishedImage, PublishImage
from application.step_cache import StepCache
from application.turns import SideBySide
from domain.image.config import rfc3339
from domain.values import replace


class BuildImage:
    """Builds the target stage, and those it needs, and publishes it."""

    def __init__(  # noqa: PLR0913 - a service is given all its ports
        self,
        *,
        prepare: PrepareBuild,
        tools: StageTools,
        publish: PublishImage,
        roots: RootFilesystems,
        mounts: PrepareMounts,
        reporter: Reporter,
        cache: StepCache | None = None,
        side_by_side: SideBySide | None = None,
        materialise_target: bool = False,
    ) -> None:
        """Take the services.

        Args:
            prepare: Reads context and Dockerfile.
            tools: What stages are built with.
            publish: Writes the image.
            roots: Where stages have their roots.
            mounts: What RUNs were shown, to be let go of at the end.
            reporter: Is told what happens.
            cache: Has the steps of earlier builds; None for no cache.
            side_by_side: Builds stages at once; None for one after the other.
            materialise_target: Whether the target's root is to be there at the end even
                where no RUN wanted it; of use where roots outlast the build.
        """
        self._prepare = prepare
        self._tools = tools
        self._publish = publish
        self._roots = roots
        self._mounts = mounts
        self._reporter = reporter
        self._cache = cache
        self._side_by_side = side_by_side
        self._materialise_target = materialise_target

    def run(self, plan: PlanImage | None = None) -> PublishedImage:
        """Build and publish.

        Args:
            plan: Tells before what is going to be done; None where nobody asked.

        Raises:
            KanipyError: Anything that went wrong; nothing is published then.
        """
        self._publish.check()
        prepared = self._prepare.prepare()
        if plan is not None:
            plan.tell(prepared)
        try:
            published = self._run(prepared)
        except Interrupted:
            raise
        except Exception:
            self._keep_steps()
            raise
        self._keep_steps()
        return published

    def _run(self, prepared: PreparedBuild) -> PublishedImage:
        """Build and publish; once more without what a cache was wrong in."""
        while True:
            try:
                return self._build(NeededStages(prepared, self._tools))
            except CacheMisled as error:
                if self._cache is None or not self._cache.distrust(error.digest):
                    raise
                self._reporter.warning(f"{error}; building again without it")

    def _build(self, stages: NeededStages) -> PublishedImage:
        try:
            stages.build_all(self._side_by_side)
            self._warn_of_unused_arguments(stages)
            if self._materialise_target and self._roots.exclusive:
                stages.target.filesystem.materialise("target")
            published = self._publish_and_tidy_up(stages)
            self._explain(stages)
            return published
        finally:
            self._mounts.discard()
            stages.discard_roots()

    def _publish_and_tidy_up(self, stages: NeededStages) -> PublishedImage:
        """Publish while the roots are removed, which publishing does not read.

        Both have ended when this returns or raises. An exclusive root is left alone:
        we live in it.
        """
        finished = _finished(stages)
        if self._roots.exclusive:
            return self._publish.publish(finished)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="discard") as pool:
            removal = pool.submit(stages.discard_roots)
            published = self._publish.publish(finished)
            removal.result()
        return published

    def _explain(self, stages: NeededStages) -> None:
        """Tell what the cache was good for, and leave a record to the next build."""
        if self._cache is None:
            return
        layers = {
            layer.descriptor.digest: layer.descriptor.size
            for files in stages.filesystems
            for layer in files.layers
            if layer.base is not None
        }
        downloaded = self._publish.downloaded.union(
            *(files.downloaded for files in stages.filesystems)
        )
        spared = sum(layers[digest] for digest in layers.keys() - downloaded)
        explanations = self._cache.explanations
        explanations.tell(self._reporter, spared)
        explanations.remember()

    def _keep_steps(self) -> None:
        """Wait until the steps that succeeded are in the cache, for the next build."""
        if self._cache is not None:
            self._cache.finish()

    def _warn_of_unused_arguments(self, stages: NeededStages) -> None:
        """Warn of build arguments no ARG took, the triggers of bases included."""
        taken = stages.arguments
        unused = [name for name in stages.prepared.unclaimed if name not in taken]
        if unused:
            names = ", ".join(unused)
            self._reporter.warning(f"build arguments were not consumed: {names}")


def _finished(stages: NeededStages) -> FinishedStage:
    target = stages.target
    created = rfc3339(stages.prepared.settings.now_ns)
    return FinishedStage(
        config=replace(target.state.image, created=created),
        layers=target.filesystem.layers,
        base_vendor=target.vendor,
        indexes=target.filesystem.indexes,
    )
