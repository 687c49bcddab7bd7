"""Taking times: builders in turn, medians of some rounds, the best of many starts."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from integration.bench.builders import Builder, BuildFailedError
from integration.executor import COMMAND, ENVIRONMENT

STARTS = 10
BUDGET = 0.060
"""Seconds that `--help` may take longer than the bare interpreter."""

Seconds = dict[str, float | None]


def take_turns(
    builders: Sequence[Builder],
    context: Path,
    rounds: int,
    tell: Callable[[str], None],
    *,
    again: bool = False,
    changed: bool = False,
) -> Seconds:
    """Return the median seconds of each builder, None for one that fails.

    The one that begins changes with each round.

    Args:
        builders: What is compared.
        context: What each of them builds.
        rounds: How often.
        tell: Takes the end of the log of a failed build.
        again: Whether each builds once before, which is not measured.
        changed: Whether the files of the context are others then.
    """
    taken: dict[str, list[float]] = {builder.name: [] for builder in builders}
    failed: set[str] = set()
    for number in range(rounds):
        first = number % len(builders)
        for builder in (*builders[first:], *builders[:first]):
            if builder.name in failed:
                continue
            try:
                seconds = _build(builder, context, again=again, changed=changed)
                taken[builder.name].append(seconds)
            except BuildFailedError as error:
                failed.add(builder.name)
                tell(f"{builder.name} failed:\n{str(error)[-2000:]}")
    return {
        name: None if name in failed else statistics.median(seconds)
        for name, seconds in taken.items()
    }


def start_up() -> Seconds:
    """Return the best seconds of `--version`, `--help` and the bare interpreter."""
    commands = {
        "interpreter": (sys.executable, "-I", "-c", "pass"),
        "--version": (*COMMAND, "--version"),
        "--help": (*COMMAND, "--help"),
    }
    best = dict.fromkeys(commands, float("inf"))
    for _ in range(STARTS):
        for name, command in commands.items():
            best[name] = min(best[name], _start(command))
    return {**best}


def _build(builder: Builder, context: Path, *, again: bool, changed: bool) -> float:
    builder.prepare(context, again=again)
    try:
        if again:
            builder.build(context)
        if changed:
            for path in (context / "files").rglob("*"):
                if path.is_file():
                    path.write_bytes(os.urandom(path.stat().st_size))
        # What earlier builds wrote is not to be waited for in this one.
        subprocess.run(["sync"], check=True)
        return builder.build(context)
    finally:
        builder.clean()


def _start(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=ENVIRONMENT)
    return time.perf_counter() - began
