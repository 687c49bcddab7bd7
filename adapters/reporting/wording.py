"""How steps are put into words. Pure."""

from __future__ import annotations

from application.ports.reporter import Step, StepResult

_UNITS = ("kB", "MB", "GB", "TB")


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


def size(count: int) -> str:
    """Return a number of bytes as docker prints it: decimal units."""
    if count < 1000:  # noqa: PLR2004 - a kilobyte
        return f"{count} B"
    amount = float(count)
    for unit in _UNITS:
        amount /= 1000
        if amount < 999.95 or unit == _UNITS[-1]:  # noqa: PLR2004 - rounds to 1000.0
            return f"{amount:.1f} {unit}"
    raise AssertionError(count)
