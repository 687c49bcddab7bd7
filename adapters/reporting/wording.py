"""How steps are put into words. Pure."""

from __future__ import annotations

from application.amounts import size
from application.ports.reporter import Step, StepResult


def started(step: Step) -> str:
    """Return the line of an instruction that begins."""
    return f"{place(step)} {step.text}"


def finished(step: Step, result: StepResult, seconds: float) -> str:
    """Return the line of an instruction that has ended well."""
    facts = [f"done in {seconds:.1f}s"]
    if result.layer_size is not None:
        facts.append(f"layer of {size(result.layer_size)}")
    if result.note:
        facts.append(result.note)
    return f"{place(step)} {', '.join(facts)}"


def place(step: Step) -> str:
    """Return where the build is: "[builder 2/5]"."""
    return f"[{step.stage} {step.number}/{step.count}]"
