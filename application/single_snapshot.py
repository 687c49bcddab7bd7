"""`--single-snapshot`: one layer of all that the instructions of a stage changed."""

from __future__ import annotations

from application.contents import Contents, RecordedFiles
from application.layered_filesystem import LayeredFilesystem
from application.ports.layers import LayerStore, WrittenLayer
from application.ports.reporter import Activity, Reporter, Work
from domain.snapshot.changes import tree_changes

RECORDED_ORIGIN = "recorded"
"""Origin of the contents of the stage that a layer is made of."""


class SingleSnapshot:
    """Compares the trees before and after a stage; the disk is not walked again."""

    def __init__(
        self, *, layers: LayerStore, contents: Contents, reporter: Reporter
    ) -> None:
        self._layers = layers
        self._contents = contents
        self._reporter = reporter

    def take(self, stage: LayeredFilesystem, base_layers: int) -> WrittenLayer | None:
        """Put one layer in the place of those of the steps.

        Args:
            stage: A stage after its last instruction.
            base_layers: How many of its layers are its base's.

        Returns:
            The layer; None where nothing is other than in the base.

        Raises:
            KanipyError: What the ports raise.
        """
        if len(stage.layers) == base_layers:
            return None
        before = stage.tree_below(base_layers)
        plan = tree_changes(before, stage.tree, RECORDED_ORIGIN)
        if plan.is_empty:
            stage.replace_above(base_layers, None)
            return None
        self._contents.add(RECORDED_ORIGIN, RecordedFiles(stage))
        self._contents.prepare(plan)
        with self._reporter.activity(Activity(work=Work.WRITE, subject=stage.title)):
            written = self._layers.write(plan, self._contents.open)
        stage.replace_above(base_layers, written)
        size = written.descriptor.size
        self._reporter.info(f"Made one layer of the stage: {size} bytes")
        return written
