"""Why a step was not found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from domain.build.explanation import (
    NotedStep,
    Outcome,
    RecordedStep,
    StageRecord,
    explain_stage,
    printable,
)
from domain.build.step_inputs import BASE, BEFORE, INSTRUCTION, OPTIONS
from domain.errors import InvalidImage

INPUTS = {OPTIONS: "o", BASE: "b", BEFORE: "c", INSTRUCTION: "i", "ENV A": "1"}


def step(
    changed: Mapping[str, str] | None = None,
    outcome: Outcome = Outcome.MISS,
    *,
    line: int = 2,
    kind: str = "RUN",
) -> NotedStep:
    inputs = {**INPUTS, **(changed or {})}
    return NotedStep(kind, line, f"{kind} one", inputs, outcome)


def said(steps: Sequence[NotedStep], *then: NotedStep) -> list[str]:
    record = StageRecord.of(then, "salt") if then else None
    return [line.partition(" one: ")[2] for line in explain_stage(steps, record)]


def test_a_hit_tells_what_it_saved() -> None:
    found = step(outcome=Outcome.HIT)._replace(seconds=2.25)
    assert explain_stage([found], None) == ["line 2, RUN one: hit, saved 2.2s"]


def test_a_miss_without_a_record_is_new() -> None:
    assert said([step()]) == ["miss, the last build had nothing like it"]
    other = step(kind="COPY")
    assert said([step()], other) == ["miss, the last build had nothing like it"]


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (step({INSTRUCTION: "j"}), "changed: the instruction"),
        (step({INSTRUCTION: "j", "file": "x"}), "changed: the instruction"),
        (step({BASE: "d", BEFORE: "e"}), "changed: the base"),
        (step({OPTIONS: "p", BASE: "d"}), "changed: options that change layers"),
        (step({"ENV A": "2"}), "changed: ENV A"),
        (step({"ENV B": "2"}), "changed: ENV B (new)"),
        (step({"heredoc /x": "2"}), "changed: the instruction"),
        (step({BEFORE: "e"}), "changed: the files before it"),
        (step(), "nothing changed: its entry has expired, or is gone"),
    ],
)
def test_a_miss_tells_what_differs(now: NotedStep, reason: str) -> None:
    assert said([now], step()) == [f"miss, {reason}"]


def test_what_is_gone_is_named() -> None:
    assert said([step()], step({"ARG X": "1"})) == ["miss, changed: ARG X (gone)"]


def test_of_many_inputs_three_are_named() -> None:
    now = step({f"file {each}": "1" for each in range(5)})
    changed = "file 0 (new), file 1 (new), file 2 (new) and 2 more"
    assert said([now], step()) == [f"miss, changed: {changed}"]


def test_a_step_on_other_files_names_the_step_that_made_them() -> None:
    copied = step({"file f": "2"}, Outcome.NOT_KEPT, line=2, kind="COPY")
    then = step({"file f": "1"}, Outcome.NOT_KEPT, line=2, kind="COPY")
    run, before = step({BEFORE: "x"}, line=3), step(line=3)
    assert said([copied, run], then, before) == [
        "not kept, changed: file f",
        "miss, works on what line 2 made",
    ]


def test_a_step_that_was_carried_out_again_is_a_cause() -> None:
    steps = [step(), step({INSTRUCTION: "two", BEFORE: "x"}, line=3)]
    then = [step(), step({INSTRUCTION: "two"}, line=3)]
    assert said(steps, *then)[1] == "miss, works on what line 2 made"


def test_a_step_that_is_not_kept_says_no_more_where_nothing_of_it_changed() -> None:
    now = step({BEFORE: "x"}, Outcome.NOT_KEPT, kind="COPY")
    assert said([now], step(kind="COPY")) == ["not kept"]
    assert said([now]) == ["not kept"]


def test_a_step_is_compared_with_the_one_of_the_same_instruction() -> None:
    now = step({INSTRUCTION: "two", "ENV A": "2"})
    then = [step(), step({INSTRUCTION: "two"}), step({INSTRUCTION: "three", "ENV A": "2"})]
    assert said([now], *then) == ["miss, changed: ENV A"]


def test_the_same_instruction_is_nearer_than_more_in_common() -> None:
    now = step({INSTRUCTION: "two", "ENV A": "2", "ENV B": "2"})
    then = [
        step({"ENV A": "2", "ENV B": "2"}),
        step({INSTRUCTION: "two", "ENV A": "3", "ENV B": "3"}),
    ]
    assert said([now], *then) == ["miss, changed: ENV A, ENV B"]


def test_the_first_step_that_changed_is_the_cause() -> None:
    steps = [step(line=2), step({BEFORE: "x"}, line=3), step({BEFORE: "y"}, line=4)]
    assert said(steps, step())[2] == "miss, works on what line 2 made"


def test_a_step_is_compared_with_the_nearest_of_them() -> None:
    now = step({"ENV A": "2", "ENV B": "3"})
    then = [step(), step({"ENV A": "2"})]
    assert said([now], *then) == ["miss, changed: ENV B (new)"]


def test_a_record_is_read_as_it_was_written() -> None:
    record = StageRecord.of([step({"file \udcff": "1"})], "salt")
    assert StageRecord.from_json(record.to_json()) == record


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"1", b"{}", b'{"salt": "s", "steps": [1]}', b'{"steps": []}']
    + [b'{"salt": "s", "steps": [{"kind": "RUN", "inputs": [1]}]}'],
)
def test_other_data_is_no_record(data: bytes) -> None:
    with pytest.raises(InvalidImage):
        StageRecord.from_json(data)


def test_a_record_tells_nothing_without_its_salt() -> None:
    one, two = (StageRecord.of([step()], salt) for salt in ("1", "2"))
    assert set(one.steps[0].inputs.values()).isdisjoint(two.steps[0].inputs.values())
    assert set(one.steps[0].inputs.values()).isdisjoint(INPUTS.values())


def test_equal_values_of_two_inputs_are_not_seen_to_be_equal() -> None:
    made = StageRecord.of([step({"ENV B": INPUTS["ENV A"]})], "1").steps[0].inputs
    assert made["ENV A"] != made["ENV B"]


def test_names_cannot_steer_a_terminal() -> None:
    record = StageRecord("s", [RecordedStep("RUN", {"file \x1b[2J\n\udcff": "1"})])
    [line] = explain_stage([step()], record)
    assert printable(line) == line


def test_long_instructions_are_cut() -> None:
    long = step(outcome=Outcome.HIT)._replace(text="RUN " + "x" * 100)
    [line] = explain_stage([long], None)
    assert line == f"line 2, RUN {'x' * 55}…: hit, saved 0.0s"
