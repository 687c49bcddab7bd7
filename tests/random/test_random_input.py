"""Random Dockerfiles and ignore files end in an image or in an error of ours.

A short run with fixed seeds; `make soak` goes on for longer.
"""

from itertools import islice

import pytest

from tests.support.fuzzing import no_hang, random_inputs, seeds, take

INPUTS = 250


@pytest.mark.parametrize("seed", range(4))
def test_any_input_is_built_or_refused(seed: int) -> None:
    with no_hang():
        for each in islice(random_inputs(seed), INPUTS):
            for error in take(each):
                assert error.message


def test_changed_files_get_far_enough() -> None:
    """Most of the seeds build, and so does a good part of what is made of them."""
    assert len(seeds()) > 100
    errors = [take(each) for each in islice(random_inputs(5), INPUTS)]
    assert sum(not each for each in errors) > INPUTS / 10
    places = {str(error.place)[:11] for each in errors for error in each}
    assert {"Dockerfile:", ".dockerigno"} <= places
