"""The table at the end of a build: its steps, and where the time went. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from application.amounts import size
from application.ports.report_page import TimedStep
from application.ports.reporter import Work
from application.timeline import Timeline

TEXT_WIDTH = 60
"""Characters of an instruction that are shown."""

HEADINGS = ("step", "cache", "time", "layer")


def summary(timeline: Timeline) -> list[str]:
    """Return the lines of the table, and one that says where the time went.

    Steps that did not end are left out.
    """
    rows = [
        HEADINGS,
        *(_row(each) for each in timeline.steps if each.ended is not None),
    ]
    return [*_aligned(rows), f"total {timeline.elapsed:.1f}s: {_shares(timeline)}"]


def _row(timed: TimedStep) -> tuple[str, str, str, str]:
    step, result = timed.step, timed.result
    layer = "" if result.layer_size is None else size(result.layer_size)
    text = f"{step.place} {_shortened(step.text)}"
    return text, result.note, f"{timed.seconds:.1f}s", layer


def _shortened(text: str) -> str:
    return text if len(text) <= TEXT_WIDTH else f"{text[: TEXT_WIDTH - 1]}…"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            (
                row[0].ljust(widths[0]),
                row[1].ljust(widths[1]),
                *(
                    cell.rjust(width)
                    for cell, width in zip(row[2:], widths[2:], strict=True)
                ),
            )
        ).rstrip()
        for row in rows
    ]


def _shares(timeline: Timeline) -> str:
    """Return what took how long, the longest first; work side by side counts twice."""
    took = {work: timeline.took(work) for work in Work}
    longest = sorted(took, key=lambda work: -took[work])
    shares = [
        f"{work} {took[work]:.1f}s{_amount(timeline.moved(work))}"
        for work in longest
        if round(took[work], 1) > 0
    ]
    return ", ".join(shares) or "nothing took long"


def _amount(count: int) -> str:
    return f" ({size(count)})" if count else ""
