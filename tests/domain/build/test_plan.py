"""What an instruction needs before it can be planned, and what its plan holds."""

import pytest

from domain.build.effect import Materialise, ReadLayers, RunProcess, WriteLayer
from domain.build.plan import Facts, requirement
from tests.domain.dockerfile.parsing import instruction
from tests.support.planning import after, context, fresh, planned

RUN = instruction("RUN x")
ENV = instruction("ENV a=1")


@pytest.mark.parametrize(
    ("text", "alone", "before_a_run"),
    [
        ("RUN x", Materialise(), Materialise()),
        ("COPY a b", ReadLayers(), Materialise()),
        ("ADD a b", ReadLayers(), Materialise()),
        ("WORKDIR /a", ReadLayers(), Materialise()),
        ("COPY --link a b", None, None),
        ("ADD --link a b", None, None),
        ("ENV a=1", None, None),
        ("USER app", None, None),
    ],
)
def test_requirement(text: str, alone: object, before_a_run: object) -> None:
    """A later RUN needs the root anyway: then nothing is read and unpacked twice."""
    assert requirement(instruction(text), [ENV]) == alone
    assert requirement(instruction(text), [ENV, RUN]) == before_a_run


def test_a_run_runs_one_process() -> None:
    (effect,) = planned("RUN x").effects
    assert isinstance(effect, RunProcess)


def test_copy_and_workdir_write_one_layer() -> None:
    facts = Facts(source=context("a"))
    for text in ("COPY a b", "ADD a b", "WORKDIR /w"):
        (effect,) = planned(text, facts=facts).effects
        assert isinstance(effect, WriteLayer)


def test_metadata_does_nothing_but_change_the_state() -> None:
    plan = planned("ENV a=1")
    assert plan.effects == ()
    assert plan.state == after("ENV a=1")


def test_only_metadata_and_workdir_change_the_state() -> None:
    facts = Facts(source=context("a"))
    for text in ("RUN x", "COPY a b", "ADD a b"):
        assert planned(text, facts=facts).state == fresh()


def test_planning_leaves_the_history_to_who_knows_the_layer() -> None:
    assert planned("ENV a=1").state.image.history == ()


def test_destinations_and_sources_are_expanded() -> None:
    state = after("ARG d=/dir src=a")
    plan = planned("COPY $src ${d}/copied-$src", state, Facts(source=context("a")))
    assert plan.history == "COPY a /dir/copied-a # buildkit"
