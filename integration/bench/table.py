"""The results as a table and as JSON: seconds of kanipy, and ratios to the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from integration.bench.at_once import ALLOWED as ALLOWED_SHARE
from integration.bench.at_once import AT_ONCE, IN_TURN
from integration.bench.containers import ALLOWED, SMALLEST, VERSION
from integration.bench.measuring import BUDGET, Seconds

OURS = "kanipy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The result of one case."""

    case: str
    title: str
    seconds: Seconds

    def ratio(self, peer: str) -> float | None:
        """Return our time by a peer's; below 1 we are faster; None if one failed."""
        ours, theirs = self.seconds[OURS], self.seconds.get(peer)
        return ours / theirs if ours is not None and theirs is not None else None

    def to_json(self) -> dict[str, Any]:
        """Return the row as JSON: all seconds, and the ratios to each peer."""
        peers = [name for name in self.seconds if name != OURS]
        ratios = {peer: self.ratio(peer) for peer in peers}
        return {"case": self.case, "seconds": self.seconds, "ratios": ratios}


def header(peers: Sequence[str]) -> str:
    """Return the table's first line."""
    return _line("what", OURS, [f"/ {peer}" for peer in peers])


def line(row: Row, peers: Sequence[str]) -> str:
    """Return a row's line."""
    ours = row.seconds[OURS]
    shown = [_ratio(row.ratio(peer)) for peer in peers]
    title = f"{row.case}: {row.title}"
    return _line(title, "failed" if ours is None else f"{ours:.2f} s", shown)


def start_up_lines(seconds: Seconds) -> list[str]:
    """Return what is to be said about start-up."""
    bare = seconds["interpreter"] or 0.0
    lines = [f"start-up, best of several; the bare interpreter takes {_ms(bare)}"]
    for name in ("--version", "--help"):
        taken = seconds[name] or 0.0
        met = "within" if taken - bare <= BUDGET else "ABOVE"
        more = f"{_ms(taken - bare)} more, {met} the {_ms(BUDGET)} allowed"
        lines.append(f"  {name:<10} {_ms(taken)}: {taken / bare:.2f} times, {more}")
    return lines


def container_lines(seconds: Seconds) -> list[str]:
    """Return what is to be said about the start of containers."""
    ours, least = seconds[VERSION] or 0.0, seconds[SMALLEST] or 0.0
    met = "within" if ours <= ALLOWED * least else "ABOVE"
    least_line = f"busybox's {SMALLEST} takes {_ms(least)}"
    ours_line = (
        f"{_ms(ours)}: {ours / least:.2f} times, {met} the {ALLOWED:.2f} allowed"
    )
    return [
        f"start of a container, median of several; {least_line}",
        f"  {VERSION:<10} {ours_line}",
    ]


def stages_lines(seconds: Seconds) -> list[str]:
    """Return what is to be said about independent stages at once."""
    ours, least = seconds[AT_ONCE] or 0.0, seconds[IN_TURN] or 0.0
    met = "within" if ours <= ALLOWED_SHARE * least else "ABOVE"
    share = f"{ours / least:.2f} of it, {met} the {ALLOWED_SHARE:.2f} allowed"
    return [
        f"three busy stages, median of several; {IN_TURN} takes {_ms(least)}",
        f"  {AT_ONCE:<10} {_ms(ours)}: {share}",
    ]


def _line(title: str, ours: str, others: Sequence[str]) -> str:
    return f"{title:<58}{ours:>10}" + "".join(f"{other:>12}" for other in others)


def _ratio(ratio: float | None) -> str:
    return "failed" if ratio is None else f"{ratio:.2f}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
