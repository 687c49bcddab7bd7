"""What carrying out an instruction does to the world: a closed union of values.

Planning produces effects, one service interprets them through ports. Effects
are also what tests and dry runs look at.
"""

from __future__ import annotations

from domain.values import dataclass

from domain.build.mounts import PlannedMount
from domain.build.process import ProcessSpec
from domain.snapshot.layer_plan import LayerPlan


@dataclass(frozen=True, slots=True)
class ReadLayers:
    """Know what the file system of the stage holds, without unpacking it."""


@dataclass(frozen=True, slots=True)
class Materialise:
    """Unpack all layers of the stage so far into a root file system."""


@dataclass(frozen=True, slots=True)
class WriteLayer:
    """Make a layer of a plan, and apply the plan to the root if there is one."""

    plan: LayerPlan


@dataclass(frozen=True, slots=True)
class RunProcess:
    """Run a process in the root and make a layer of what it changed.

    What it is shown by its mounts is in no layer.
    """

    process: ProcessSpec
    mounts: tuple[PlannedMount, ...] = ()


Effect = ReadLayers | Materialise | WriteLayer | RunProcess
