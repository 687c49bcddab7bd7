"""Random COPY instructions make the same layers with a real root and without one.

A stage without RUN has no root; a RUN before the copies makes one, in each isolation.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from integration.executor import Executor, named_base
from integration.image_comparison.stored_image import read_layout
from integration.services.layouts import write_layout
from tests.support.archives import tar
from tests.support.random_copies import random_copies
from tests.support.union_model import random_layers, union

SEEDS = (3, 5, 11)
TIMES = {"SOURCE_DATE_EPOCH": "1500000000"}


class Case:
    """Two random bases and a random context."""

    def __init__(self, seed: int, directory: Path) -> None:
        self._steps = random_copies(seed)
        self._directory = directory
        self._bases = [
            named_base(name, self._layout(name, number), name)
            for name, number in (("random", seed), ("other", seed + 2))
        ]
        self._context = directory / "context"
        self._context.mkdir()
        self._write_context(seed + 1)

    def build(self, executor: Executor, *, run: str = "") -> Sequence[str]:
        """Return the digests of the layers, or what is wrong."""
        start = ["FROM other AS other", "FROM busybox", "COPY --from=random / /"]
        text = "\n".join([*start, *([run] if run else []), *self._steps])
        # Outside of the context, where no COPY finds it.
        dockerfile = self._directory / "Dockerfile"
        dockerfile.write_text(text)
        layout = self._directory / ("with" if run else "without")
        flags = (f"--dockerfile={dockerfile}", "--no-push", *self._bases)
        outcome = executor.run(
            self._context, *flags, f"--oci-layout-path={layout}", environment=TIMES
        )
        if outcome.status:
            return [outcome.error.partition(": ")[2]]
        return [str(layer.digest) for layer in read_layout(layout).layers]

    def _layout(self, name: str, seed: int) -> Path:
        layers = [tar(*members) for members in random_layers(seed)]
        return write_layout(self._directory / name, name, layers)

    def _write_context(self, seed: int) -> None:
        for row in union(random_layers(seed)):
            path = self._context / row.path
            if row.type == "dir":
                path.mkdir(row.mode)
            elif row.type == "symlink":
                path.symlink_to(row.content)
            else:
                path.write_text(row.content)
                path.chmod(row.mode)


@pytest.mark.parametrize("seed", SEEDS)
def test_layers_are_the_same_with_and_without_a_root(
    seed: int, builder: Executor, tmp_path: Path
) -> None:
    case = Case(seed, tmp_path)
    planned = case.build(builder)
    assert len(planned) > 2, "the seed makes no layers"
    assert case.build(builder, run="RUN true") == planned
