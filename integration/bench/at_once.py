"""Independent stages at once, beside the same build one stage after the other."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from integration.bench.measuring import Seconds
from integration.executor import Executor, named_base, write_context
from integration.services.bases import SMALL_BASES

ROUNDS = 3
ALLOWED = 0.7
"""Share of the time of one after the other that both processors may take."""

AT_ONCE = "--jobs=2"
IN_TURN = "--jobs=1"

_BUSY = "RUN i=0; while [ $i -lt 2000000 ]; do i=$((i+1)); done; echo $i > /made\n"
_DOCKERFILE = (
    "".join(f"FROM busybox AS stage{number}\n{_BUSY}" for number in range(3))
    + "FROM scratch\n"
    + "".join(f"COPY --from=stage{number} /made /{number}\n" for number in range(3))
)


def stages_at_once() -> Seconds:
    """Return the median seconds of a build of three busy stages, both ways.

    Raises:
        AssertionError: A build failed, or the images differ.
    """
    taken: dict[str, list[float]] = {AT_ONCE: [], IN_TURN: []}
    images = set()
    with tempfile.TemporaryDirectory(prefix="kanipy-bench-") as directory:
        scratch = Path(directory)
        context = write_context(scratch / "context", _DOCKERFILE)
        base = named_base("busybox", SMALL_BASES, "busybox")
        executor = Executor(work=scratch / "work", flags=(base, "--reproducible"))
        for number in range(ROUNDS):
            for flag, seconds in taken.items():
                layout = scratch / f"layout{flag}-{number}"
                began = time.perf_counter()
                executor.layout(context, layout, flag).check()
                seconds.append(time.perf_counter() - began)
                images.add((layout / "index.json").read_bytes())
    assert len(images) == 1, "the images differ"
    return {flag: statistics.median(times) for flag, times in taken.items()}
