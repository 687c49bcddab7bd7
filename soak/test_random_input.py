"""Random Dockerfiles and ignore files, for minutes: no foreign error, no hang."""

from itertools import islice

from soak.conftest import TimedSeeds
from tests.support.fuzzing import no_hang, random_inputs, take

BATCH = 100


def test_any_input_is_built_or_refused(timed_seeds: TimedSeeds) -> None:
    """An input that hangs ends the run with a traceback that shows where."""
    for seed in timed_seeds(0.25):
        for each in islice(random_inputs(seed), BATCH):
            with no_hang():
                try:
                    take(each)
                except Exception as error:
                    error.add_note(f"seed {seed}: {each!r}")
                    raise
