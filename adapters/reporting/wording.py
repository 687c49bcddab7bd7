"""How steps are put into words. Pure."""

from __future__ import annotations

from application.amounts import size
from application.ports.reporter import Step, StepResult


def started(step: Step) -> str:
    """Return the line of an instruction whose process begins."""
    return f"{step.place} {step.text}"


def finished(step: Step, result: StepResult, seconds: float) -> str:
    """Return the line of an instruction that has ended well.

    `[builder 2/5] RUN make  12.3s  3.4 MB  cached`
    """
    facts = [started(step), f"{seconds:.1f}s"]
    if result.layer_size is not None:
        facts.append(size(result.layer_size))
    if result.note:
        facts.append(result.note)
    return "  ".join(facts)
