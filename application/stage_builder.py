"""What builds a stage, or plans it: what it is given, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from application.gather_facts import FactSources
from application.layered_filesystem import LayeredFilesystem
from application.ports.dockerfile import DockerfileReader
from application.remarks import Remarks
from domain.build.cache_key import NO_CHAIN, Chain
from domain.build.plan import BuildSettings
from domain.build.state import StageState
from domain.dockerfile.ignore import IgnoreRules
from domain.dockerfile.instruction import Instruction
from domain.dockerfile.parse import parse_trigger
from domain.dockerfile.stage import Stage
from domain.values import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class StageStart:
    """A stage before its first instruction.

    Attributes:
        stage: The stage as parsed.
        state: Config and variables of its base.
        filesystem: Layers of its base.
        parents: The stages it is built on, for remarks.
        ignore: What the context's ignore file leaves out, for remarks.
        remarks: Takes the remarks on the stage.
        chain: What stands for its file system in cache keys.
    """

    stage: Stage
    state: StageState
    filesystem: LayeredFilesystem
    parents: Sequence[Stage] = ()
    ignore: IgnoreRules = field(default_factory=IgnoreRules)
    remarks: Remarks
    chain: Chain = NO_CHAIN

    def triggers(self, reader: DockerfileReader) -> list[Instruction]:
        """Parse the ONBUILD triggers that the base brings; they run first.

        Args:
            reader: Splits them.

        Raises:
            DockerfileError: One breaks a rule; the error's place is the FROM.
        """
        line = self.stage.start.location.first
        return [
            parse_trigger(text, reader.split, line=line)
            for text in self.state.config.on_build
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEnd:
    """A stage after its last instruction.

    Attributes:
        state: Its config and variables.
        chain: What stands for its file system in cache keys.
    """

    state: StageState
    chain: Chain


class StageBuilder(Protocol):
    """Builds stages, or plans them."""

    @property
    def announcement(self) -> str:
        """What is said to happen to a stage."""

    def build(
        self, start: StageStart, sources: FactSources, settings: BuildSettings
    ) -> StageEnd:
        """Go through a stage on its base; its layers are appended to its file system.

        Args:
            start: The stage on its base.
            sources: Finds what `COPY --from` names.
            settings: What is the same for all instructions.

        Raises:
            DockerfileError, BuildRuleError: An instruction cannot be carried out;
                the error's place is its line.
            CommandFailed: A RUN failed.
            KanipyError: What the ports raise.
        """
