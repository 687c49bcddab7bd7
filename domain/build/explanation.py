"""Why a step was not found: what differs from the last build of its stage.

Each build that makes something leaves a record of its stages behind: the inputs of
each step, as digests keyed by a salt of the record, so that neither a value can be
read there nor two records be compared. The next build compares its own inputs with
those of the step that is nearest.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import NamedTuple, Self

from domain.build.step_inputs import BASE, BEFORE, INSTRUCTION, OPTIONS, Inputs
from domain.errors import InvalidImage

_DIGITS = 32
_SHOWN = 3
_SHORT = 60
_HEREDOC = "heredoc "


class Outcome(Enum):
    """What became of a step."""

    HIT = "hit"
    MISS = "miss"
    NOT_KEPT = "not kept"


class NotedStep(NamedTuple):
    """A step of this build.

    Attributes:
        kind: The instruction: "RUN", "COPY", ….
        line: Its line in the Dockerfile.
        text: The instruction on one line, as it may be shown.
        inputs: What it depends on.
        outcome: What became of it.
        seconds: How long it takes to carry it out, where a cache knows.
    """

    kind: str
    line: int
    text: str
    inputs: Inputs
    outcome: Outcome
    seconds: float = 0.0


class RecordedStep(NamedTuple):
    """A step of an earlier build; its inputs are digests that the salt keys."""

    kind: str
    inputs: Mapping[str, str]


class StageRecord(NamedTuple):
    """What the last build of a stage was made of.

    Attributes:
        salt: The key of the digests.
        steps: Its steps in order.
    """

    salt: str
    steps: Sequence[RecordedStep]

    @classmethod
    def of(cls, steps: Iterable[NotedStep], salt: str) -> Self:
        """Record the steps of a build."""
        return cls(
            salt, [RecordedStep(step.kind, _keyed(step.inputs, salt)) for step in steps]
        )

    def to_json(self) -> bytes:
        """Return it as it is kept."""
        steps = [{"kind": step.kind, "inputs": dict(step.inputs)} for step in self.steps]
        return json.dumps({"salt": self.salt, "steps": steps}).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read what `to_json` made.

        Raises:
            InvalidImage: It is something else.
        """
        try:
            document = json.loads(data)
            steps = [
                RecordedStep(
                    str(step["kind"]),
                    {str(name): str(made) for name, made in step["inputs"].items()},
                )
                for step in document["steps"]
            ]
            return cls(str(document["salt"]), steps)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvalidImage("it is no record of a stage") from error


class _Verdict(NamedTuple):
    """What is to be said of a step.

    Attributes:
        is_known: Whether the record has a step to compare it with.
        own: Names of its own inputs that differ.
        has_other_files: Whether it works on other files.
    """

    is_known: bool
    own: Sequence[str]
    has_other_files: bool = False


def explain_stage(steps: Sequence[NotedStep], record: StageRecord | None) -> list[str]:
    """Return a line for each step of a stage.

    Args:
        steps: Its steps, in order.
        record: What the last build of it was made of, None where nobody knows.
    """
    lines: list[str] = []
    cause: NotedStep | None = None
    for step in steps:
        verdict = _verdict(step, record)
        lines.append(f"line {step.line}, {_short(step.text)}: {_said(step, verdict, cause)}")
        is_changed = step.outcome is Outcome.MISS or bool(verdict.own)
        if cause is None and is_changed:
            cause = step
    return lines


def printable(text: str) -> str:
    """Return a text with what would upset a terminal escaped."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def _said(step: NotedStep, verdict: _Verdict, cause: NotedStep | None) -> str:
    if step.outcome is Outcome.HIT:
        return f"hit, saved {step.seconds:.1f}s"
    reason = _reason(verdict, cause) if step.outcome is Outcome.MISS else ""
    if verdict.own:
        reason = f"changed: {_listed(verdict.own)}"
    return f"{step.outcome.value}, {reason}" if reason else step.outcome.value


def _reason(verdict: _Verdict, cause: NotedStep | None) -> str:
    if not verdict.is_known:
        return "the last build had nothing like it"
    if verdict.has_other_files:
        return f"works on what line {cause.line} made" if cause else f"changed: {BEFORE}"
    return "nothing changed: its entry has expired, or is gone"


def _verdict(step: NotedStep, record: StageRecord | None) -> _Verdict:
    if record is None:
        return _Verdict(is_known=False, own=())
    now = _keyed(step.inputs, record.salt)
    then = _nearest(step.kind, now, record)
    if then is None:
        return _Verdict(is_known=False, own=())
    names = sorted(
        name for name in {*now, *then} if now.get(name) != then.get(name)
    )
    for first in (OPTIONS, BASE):
        if first in names:
            return _Verdict(is_known=True, own=[first])
    own = [_difference(name, now, then) for name in names if name != BEFORE]
    if INSTRUCTION in own:
        own = [INSTRUCTION]
    return _Verdict(is_known=True, own=own, has_other_files=BEFORE in names)


def _nearest(
    kind: str, now: Mapping[str, str], record: StageRecord
) -> Mapping[str, str] | None:
    """Return the inputs of the step that has most in common with this one.

    One with the same instruction is always nearer than one with another.
    """
    alike = [step.inputs for step in record.steps if step.kind == kind]
    wanted = now.get(INSTRUCTION)
    same = [inputs for inputs in alike if inputs.get(INSTRUCTION) == wanted]
    return max(
        same or alike, key=lambda inputs: len(inputs.items() & now.items()), default=None
    )


def _difference(name: str, now: Mapping[str, str], then: Mapping[str, str]) -> str:
    if name.startswith(_HEREDOC):
        return INSTRUCTION
    if name not in then:
        return f"{name} (new)"
    return name if name in now else f"{name} (gone)"


def _keyed(inputs: Inputs, salt: str) -> dict[str, str]:
    key = salt.encode()
    return {
        name: hmac.digest(key, f"{name}\0{made}".encode("utf-8", "surrogateescape"), "sha256").hex()[:_DIGITS]
        for name, made in inputs.items()
    }


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name) for name in names[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"
