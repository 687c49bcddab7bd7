"""Finds steps that were carried out before, and keeps those that were not.

What a step is known by is the domain's to say (`domain.build.cache_key`); this reads
the digests of the files that keys are made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from application.contents import CONTEXT_ORIGIN, Contents
from application.explain_steps import ExplainSteps
from application.options import CacheOptions
from application.ports.layer_cache import FoundStep, LayerCache, LayerIndexes
from application.ports.layers import WrittenLayer
from domain.build.cache_key import (
    CacheKey,
    Chain,
    ContentDigest,
    Field,
    FingerprintedRow,
    RunInputs,
    after_layer,
    after_plan,
    framed,
    plan_key,
    plan_rows,
    rows_fingerprint,
    run_key,
    start_chain,
)
from domain.build.step_inputs import Inputs, plan_step_inputs, run_step_inputs
from domain.dockerfile.instruction import Add, Copy, Instruction, Run, Workdir
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.platform import Platform
from domain.snapshot.index import LayerIndex
from domain.snapshot.layer_plan import (
    LayerPlan,
    PlannedEntry,
    StoredContent,
)


class StepCache:
    """The cache of one build's steps.

    Args:
        cache: Where steps are kept.
        indexes: Where the indexes of layers are kept.
        contents: Opens the files that keys depend on.
        options: Which steps are kept.
        salt: What else of the options can change a layer.
        place: What is built, the same in each build of it.

    Attributes:
        explanations: Takes notes of what becomes of the steps.
    """

    def __init__(
        self,
        *,
        cache: LayerCache,
        indexes: LayerIndexes,
        contents: Contents,
        options: CacheOptions,
        salt: Sequence[Field] = (),
        place: str = "",
    ) -> None:
        self._cache = cache
        self._indexes = indexes
        self._distrusted: set[Digest] = set()
        self._contents = contents
        self._options = options
        self._salt = tuple(salt)
        self._rows: tuple[LayerPlan, list[FingerprintedRow]] = (LayerPlan(), [])
        self.explanations = ExplainSteps(
            cache=cache,
            place=place,
            options=framed("options", self._salt),
            push=options.push,
        )

    def start(self, diff_ids: Sequence[Digest], platform: Platform) -> Chain:
        """Begin the chain of a stage on an image."""
        return start_chain(diff_ids, platform, self._salt)

    def run_key(self, chain: Chain, inputs: RunInputs) -> CacheKey | None:
        """Return the key of a RUN; None where RUNs are not kept."""
        if not self._options.run_layers:
            return None
        return run_key(chain, inputs, self._contents.digest)

    def plan_key(
        self, chain: Chain, instruction: Instruction, plan: LayerPlan
    ) -> CacheKey | None:
        """Return the key of a planned layer; None where such are not kept.

        A WORKDIR is kept as RUNs are: its directory has the time it was made at.
        """
        is_kept = self._options.run_layers
        if isinstance(instruction, Copy | Add):
            is_kept = self._options.copy_layers
        if not is_kept or plan.is_empty:
            return None
        rows = self._rows_of(instruction, plan, self._contents.digest)
        return plan_key(chain, rows_fingerprint(rows))

    def run_inputs(self, inputs: RunInputs, environment: Iterable[str]) -> Inputs:
        """Return by name what the key of a RUN is made of.

        Args:
            inputs: What it depends on.
            environment: Variables of the image, among its own.
        """
        return run_step_inputs(inputs, environment, self._contents.digest)

    def plan_inputs(
        self, instruction: Instruction, plan: LayerPlan, written: WrittenLayer | None
    ) -> Inputs:
        """Return by name what the key of a planned layer is made of."""
        rows = self._written_rows(instruction, plan, written)
        return plan_step_inputs(instruction.text, rows)

    def keeps_stage(self, instructions: Sequence[Instruction]) -> bool:
        """Return whether a stage that makes one layer is kept.

        One with a RUN is kept as RUNs are, whatever else it has; one without is kept
        as its copies are.
        """
        kinds = {type(instruction) for instruction in instructions}
        if Run in kinds:
            return self._options.run_layers
        if kinds & {Copy, Add}:
            return self._options.copy_layers
        return Workdir in kinds and self._options.run_layers

    def content_digest(self, content: StoredContent) -> str:
        """Return the hex sha256 of a file of any origin."""
        return self._contents.digest(content)

    def fingerprint(self, instruction: Copy | Add, plan: LayerPlan) -> str:
        """Return what a COPY or ADD lays down."""
        return rows_fingerprint(self._rows_of(instruction, plan, self._contents.digest))

    def find(self, key: CacheKey | None) -> FoundStep | None:
        """Return a step that was carried out before."""
        found = None if key is None else self._cache.find(key)
        if found is not None and found.layer is not None:
            is_wrong = found.layer.descriptor.digest in self._distrusted
            return None if is_wrong else found
        return found

    def store(
        self, key: CacheKey | None, layer: WrittenLayer | None, seconds: float
    ) -> None:
        """Keep a step that was carried out."""
        if key is not None and self._options.push:
            self._cache.store(key, layer, seconds)

    def after_run(self, chain: Chain, diff_id: Digest | None) -> Chain:
        """Go on after a RUN, found or executed."""
        return after_layer(chain, diff_id)

    def after_plan(
        self,
        chain: Chain,
        instruction: Instruction,
        plan: LayerPlan,
        written: WrittenLayer | None,
    ) -> Chain:
        """Go on after a planned step.

        Args:
            chain: Before it.
            instruction: The instruction.
            plan: What was planned.
            written: Its layer where one was made: it has the digests.
        """
        if plan.is_empty:
            return chain
        rows = self._written_rows(instruction, plan, written)
        return after_plan(chain, rows_fingerprint(rows))

    def distrust(self, layer: Digest) -> bool:
        """Do without what the cache says of a layer; return whether that is new."""
        if layer in self._distrusted:
            return False
        self._distrusted.add(layer)
        self._cache.forget(layer)
        return True

    def find_index(self, layer: Descriptor, diff_id: Digest) -> LayerIndex | None:
        """Return the index of a layer, thin or full, or None."""
        if layer.digest in self._distrusted:
            return None
        return self._indexes.find_index(layer, diff_id)

    def find_rows(
        self, layer: Descriptor, diff_id: Digest, thin: LayerIndex
    ) -> LayerIndex | None:
        """Return the full index of a layer, or None."""
        if layer.digest in self._distrusted:
            return None
        return self._indexes.find_rows(layer, diff_id, thin)

    def store_index(
        self, layer: Descriptor, diff_id: Digest, index: LayerIndex
    ) -> None:
        """Keep the index of a layer that was read."""
        if self._options.push:
            self._indexes.store_index(layer, diff_id, index)

    def finish(self) -> None:
        """Wait until everything that is to be kept is written."""
        self._cache.finish()

    def _written_rows(
        self, instruction: Instruction, plan: LayerPlan, written: WrittenLayer | None
    ) -> list[FingerprintedRow]:
        known = _written_digests(plan, written) if written else {}

        def digest(content: StoredContent) -> str:
            return known.get(content) or self._contents.digest(content)

        return self._rows_of(instruction, plan, digest)

    def _rows_of(
        self, instruction: Instruction, plan: LayerPlan, digest: ContentDigest
    ) -> list[FingerprintedRow]:
        """Return the rows of a plan; those of the last one are remembered."""
        if self._rows[0] is not plan:
            declares = _declares_modes(instruction, plan)
            rows = list(plan_rows(plan, digest, declares_modes=declares))
            self._rows = (plan, rows)
        return self._rows[1]


def _declares_modes(instruction: Instruction, plan: LayerPlan) -> bool:
    """Return whether modes are more than those of a checkout.

    Of an archive that ADD unpacks there may be directories alone, which do not say
    where they come from.
    """
    if isinstance(instruction, Copy):
        return bool(instruction.chmod or instruction.from_ is not None)
    if not isinstance(instruction, Add) or instruction.chmod:
        return True
    origins = {
        row.content.origin
        for row in plan.rows
        if isinstance(row, PlannedEntry) and isinstance(row.content, StoredContent)
    }
    return origins != {CONTEXT_ORIGIN}


def _written_digests(
    plan: LayerPlan, written: WrittenLayer
) -> dict[StoredContent, str]:
    entries = written.index.entries
    return {
        row.content: entries[row.entry.path].sha256
        for row in plan.rows
        if isinstance(row, PlannedEntry) and isinstance(row.content, StoredContent)
    }
