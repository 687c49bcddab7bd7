"""Carries out the effects of an instruction, through ports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from application.contents import Contents, RootFiles
from application.errors import CommandFailed
from application.layered_filesystem import LayeredFilesystem
from application.ports.layers import LayerStore, WrittenLayer
from application.ports.process import ProcessRunner, ShownMount
from application.ports.reporter import Activity, Reporter, Work
from application.prepare_mounts import PrepareMounts
from application.turns import Turns
from domain.build.effect import (
    Effect,
    Materialise,
    ReadLayers,
    RunProcess,
    WriteLayer,
)
from domain.build.process import ProcessSpec
from domain.snapshot.changes import ROOT_ORIGIN
from domain.snapshot.layer_plan import LayerPlan
from domain.values import replace


class PerformEffects:
    """Interprets the closed union of effects.

    `performed` lists what was really done, in order: asking for a root that is
    there already, or for what is known, does nothing and is not listed.
    """

    def __init__(  # noqa: PLR0913 - a service is given all its ports
        self,
        *,
        layers: LayerStore,
        runner: ProcessRunner,
        reporter: Reporter,
        contents: Contents,
        mounts: PrepareMounts,
        turns: Turns,
        makes_interim_layers: bool = False,
    ) -> None:
        """Take the ports.

        Args:
            layers: Receives the layers.
            runner: Starts processes.
            reporter: Gets their output.
            contents: Where contents of plans come from.
            mounts: Prepares what processes are shown.
            turns: Lets other stages go on while a process runs.
            makes_interim_layers: Whether the layers of steps are in no image.
        """
        self._layers = layers
        self._runner = runner
        self._reporter = reporter
        self._contents = contents
        self._mounts = mounts
        self._turns = turns
        self._interim = makes_interim_layers
        self.performed: list[Effect] = []

    def perform(self, effect: Effect, stage: LayeredFilesystem) -> WrittenLayer | None:
        """Carry out one effect; the layer it made is appended to the stage.

        Raises:
            CommandFailed: A process ended with a status other than 0.
            KanipyError: What the ports raise.
        """
        match effect:
            case ReadLayers():
                was_done = stage.read()
            case Materialise():
                self._runner.expect()
                was_done = stage.materialise(stage.name.replace(":", "-"))
            case WriteLayer(plan):
                self.performed.append(effect)
                return self._write(plan, stage)
            case RunProcess():
                self.performed.append(effect)
                return self._run(effect, stage)
            case _:
                assert_never(effect)
        if was_done:
            self.performed.append(effect)
        return None

    def _write(self, plan: LayerPlan, stage: LayeredFilesystem) -> WrittenLayer | None:
        if plan.is_empty:
            return None
        self._contents.prepare(plan)
        written = self._write_layer(plan, stage.title)
        if stage.root is not None:
            stage.root.apply(plan, self._contents.open)
        stage.append(written)
        return written

    def _write_layer(self, plan: LayerPlan, title: str) -> WrittenLayer:
        with self._reporter.activity(Activity(work=Work.WRITE, subject=title)):
            return self._layers.write(
                plan, self._contents.open, is_interim=self._interim
            )

    def _run(self, effect: RunProcess, stage: LayeredFilesystem) -> WrittenLayer | None:
        root = stage.root
        if root is None:
            message = "a process was to run without a root file system"
            raise AssertionError(message)
        with self._mounts.ready(effect.mounts) as ready:
            # Secrets are in nothing that is kept, shown or part of an error.
            environment = dict(effect.process.environment) | ready.secrets
            process = replace(effect.process, environment=tuple(environment.items()))
            status = self._execute(process, stage.title, root.path, ready.shown)
        if status != 0:
            raise _command_failed(effect.process, status)
        snapshot = Activity(work=Work.SNAPSHOT, subject=stage.title)
        with self._reporter.activity(snapshot):
            plan = root.changes(stage.tree)
        if plan.is_empty:
            return None
        self._contents.add(ROOT_ORIGIN, RootFiles(stage))
        written = self._write_layer(plan, stage.title)
        stage.append(written, from_root=True)
        return written

    def _execute(
        self, process: ProcessSpec, title: str, root: str, shown: Sequence[ShownMount]
    ) -> int:
        def output(stream: str, data: bytes) -> None:
            self._reporter.output(title, stream, data)

        run = Activity(work=Work.RUN, subject=title)
        with self._reporter.activity(run), self._turns.given_up():
            return self._runner.run(process, root, output, shown)


def _command_failed(process: ProcessSpec, status: int) -> CommandFailed:
    command = " ".join(process.argv)
    first_line, _, more = command.partition("\n")
    shown = f"{first_line} …" if more else first_line
    return CommandFailed(
        f"the command '{shown}' ended with exit status {status}",
        exit_status=status,
        hint="its output above tells why",
    )
