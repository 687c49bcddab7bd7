"""The use case: what a build would do, and none of it."""

from __future__ import annotations

from collections.abc import Sequence

from application.needed_stages import NeededStages, StageTools
from application.ports.reporter import Reporter
from application.prepare_build import PrepareBuild, PreparedBuild


class PlanImage:
    """Tells what building and publishing would do, stage by stage.

    Args:
        prepare: Reads context and Dockerfile.
        tools: What stages are planned with. Its contents, and those of the cache, are
            not those of a build: a plan knows a stage by what the cache has of it.
        places: What the image would be written to, by name.
        reporter: Is told the plan.
    """

    def __init__(
        self,
        *,
        prepare: PrepareBuild,
        tools: StageTools,
        places: Sequence[str],
        reporter: Reporter,
    ) -> None:
        self._prepare = prepare
        self._tools = tools
        self._places = places
        self._reporter = reporter

    def run(self) -> None:
        """Prepare a build and tell its plan.

        Raises:
            KanipyError: The build could not succeed.
        """
        self._tell(self._prepare.prepare(), "this was a plan")

    def tell(self, prepared: PreparedBuild) -> None:
        """Tell the plan of a build that is prepared and follows.

        Raises:
            KanipyError: The build could not succeed.
        """
        self._tell(prepared, "the build follows")

    def _tell(self, prepared: PreparedBuild, end: str) -> None:
        stages = NeededStages(prepared, self._tools)
        for stage in prepared.dockerfile.stages:
            if stage in prepared.stages:
                stages.build(stage)
            else:
                self._reporter.info(f"Skipping {stage}: the target needs nothing of it")
        for place in self._places or ("nothing",):
            self._reporter.info(f"Would write {place}; {end}")
