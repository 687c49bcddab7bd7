"""Plans instructions written as Dockerfile text, without any port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from domain.build.accounts import Accounts
from domain.build.copying import SourceTree
from domain.build.effect import RunProcess, WriteLayer
from domain.build.plan import (
    BuildSettings,
    Facts,
    InstructionPlan,
    plan_instruction,
)
from domain.build.process import ProcessSpec
from domain.build.state import StageState
from domain.build.variables import BuildArguments
from domain.image.config import ContainerConfig, ImageConfig
from domain.image.platform import Platform
from domain.snapshot.layer_plan import LayerPlan, PlannedEntry
from domain.snapshot.tree import FileTree
from tests.domain.dockerfile.parsing import dockerfile, instruction
from tests.support.trees import tree

PLATFORM = Platform(os="linux", architecture="amd64")
NOW_NS = 1_700_000_000 * 10**9
PASSWD = b"root:x:0:0::/root:\napp:x:1000:1001::/home/app:\n"
GROUP = b"root:x:0:\napp:x:1001:\nextra:x:50:app\n"
ACCOUNTS = Accounts.parse(PASSWD, GROUP)


def fresh(config: ContainerConfig | None = None) -> StageState:
    """Return a stage on an image of this config."""
    config = config or ContainerConfig(env=(("PATH", "/bin"),))
    return StageState.start(ImageConfig(platform=PLATFORM, config=config))


def settings(given: Mapping[str, str] | None = None) -> BuildSettings:
    """Return settings with build arguments, at a fixed time."""
    return BuildSettings(
        arguments=BuildArguments(given=given or {}, predefined={"TARGETARCH": "arm"}),
        now_ns=NOW_NS,
    )


def planned(
    text: str,
    state: StageState | None = None,
    facts: Facts | None = None,
    given: Mapping[str, str] | None = None,
) -> InstructionPlan:
    """Plan the one instruction that a text holds."""
    return plan_instruction(
        instruction(text),
        fresh() if state is None else state,
        Facts(accounts=ACCOUNTS) if facts is None else facts,
        settings(given),
    )


def after(
    text: str,
    state: StageState | None = None,
    given: Mapping[str, str] | None = None,
) -> StageState:
    """Return the state after a few instructions, their effects left undone."""
    current = fresh() if state is None else state
    for step in dockerfile(f"FROM scratch\n{text}\n").stages[0].instructions:
        facts = Facts(accounts=ACCOUNTS)
        current = plan_instruction(step, current, facts, settings(given)).state
    return current


def process(
    text: str,
    state: StageState | None = None,
    given: Mapping[str, str] | None = None,
) -> ProcessSpec:
    """Return the process of a RUN."""
    (effect,) = planned(text, state, given=given).effects
    assert isinstance(effect, RunProcess)
    return effect.process


def layer(plan: InstructionPlan) -> LayerPlan:
    """Return the layer that a plan wants written."""
    (effect,) = plan.effects
    assert isinstance(effect, WriteLayer)
    return effect.plan


def context(drawing: str) -> SourceTree:
    """Return a build context of a drawing."""
    return SourceTree(
        tree=tree(drawing),
        origin="context",
        keeps_owners=False,
        description="the build context",
    )


def stage(drawing: str) -> SourceTree:
    """Return a stage of a drawing as a source."""
    return replace(context(drawing), origin="stage:0", keeps_owners=True)


def copied(
    text: str,
    source: SourceTree | str,
    root: FileTree | str = "",
    state: StageState | None = None,
    archives: Mapping[str, Sequence[PlannedEntry]] | None = None,
) -> LayerPlan:
    """Plan a COPY or ADD from a source to a root, both perhaps drawings."""
    facts = Facts(
        tree=tree(root) if isinstance(root, str) else root,
        accounts=ACCOUNTS,
        source=context(source) if isinstance(source, str) else source,
        archives=archives or {},
    )
    return layer(planned(text, state, facts))
