"""`python -m integration.bench`: measures, prints a table, writes JSON when asked.

Everything it makes lies in one temporary directory (TMPDIR decides where), which is
gone at the end. Needs root and the registry of the integration tests.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from integration.bench.at_once import stages_at_once
from integration.bench.builders import (
    IMAGE_VARIABLE,
    Builder,
    all_builders,
    has_docker,
    loaded,
)
from integration.bench.cases import CASES, Base, Case
from integration.bench.containers import container_starts
from integration.bench.inputs import make_base, make_files
from integration.bench.measuring import Seconds, start_up, take_turns
from integration.bench.table import (
    OURS,
    Row,
    container_lines,
    header,
    line,
    stages_lines,
    start_up_lines,
)
from integration.bench.transfers import (
    TRANSFERS,
    Transfers,
    transfer_lines,
    transfers,
)
from integration.executor import write_context
from integration.services.docker import running_docker
from integration.services.registry import Registry, running_registry

START_UP = "start"
CONTAINER = "start-container"
STAGES = "stages-at-once"


def main() -> int:
    """Measure what the command line chooses; 1 when a build of ours failed."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = [case for case in CASES if arguments.case in case.name]
    starts = start_up() if arguments.case in START_UP else {}
    for text in start_up_lines(starts) if starts else ():
        _tell(text)
    containers = _containers() if arguments.case in CONTAINER else {}
    for text in container_lines(containers) if containers else ():
        _tell(text)
    moved = _transfers(arguments)
    stages = _stages(arguments)
    rows = _measure(chosen, arguments) if chosen else []
    if not (starts or containers or moved or stages or rows):
        cases = (case.name for case in CASES)
        names = ", ".join((START_UP, CONTAINER, STAGES, *TRANSFERS, *cases))
        _tell(f"no case is named like {arguments.case}; there are {names}")
        return 1
    if arguments.json:
        document = {
            "start_up": starts,
            "containers": containers,
            "transfers": moved,
            "stages_at_once": stages,
            "cases": [row.to_json() for row in rows],
        }
        Path(arguments.json).write_text(json.dumps(document, indent=2) + "\n")
    return int(any(row.seconds[OURS] is None for row in rows))


def _stages(arguments: argparse.Namespace) -> Seconds:
    if arguments.case not in STAGES:
        return {}
    seconds = stages_at_once()
    for text in stages_lines(seconds):
        _tell(text)
    return seconds


def _transfers(arguments: argparse.Namespace) -> Transfers:
    if not any(arguments.case in name for name in TRANSFERS):
        return {}
    with tempfile.TemporaryDirectory(prefix="kanipy-bench-") as directory:
        moved = transfers(Path(directory), arguments.rounds)
    for text in transfer_lines(moved):
        _tell(text)
    return moved


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="integration.bench", description=__doc__)
    parser.add_argument("case", nargs="?", default="", help="part of a case's name")
    parser.add_argument("--rounds", type=int, default=3, help="medians of so many")
    parser.add_argument("--json", help="file for all seconds and ratios")
    parser.add_argument(
        "--flag", action="append", default=[], help="a flag for kanipy, such as --flag="
    )
    return parser.parse_args()


def _containers() -> Seconds:
    """Return the seconds of containers' starts; none without an image or docker."""
    image = os.environ.get(IMAGE_VARIABLE)
    if not image or not has_docker():
        _tell(f"absent: {CONTAINER}, for {IMAGE_VARIABLE} names no image")
        return {}
    with running_docker() as docker:
        return container_starts(docker, loaded(image, docker))


def _measure(cases: Sequence[Case], arguments: argparse.Namespace) -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory(prefix="kanipy-bench-") as directory:
        scratch = Path(directory)
        with (
            running_registry(_made(scratch / "registry")) as registry,
            all_builders(
                _made(scratch / "builders"), arguments.flag, registry.host
            ) as found,
        ):
            builders, absent = found
            for text in absent:
                _tell(f"absent: {text}")
            peers = [builder.name for builder in builders[1:]]
            _tell(header(peers))
            served: dict[Base, str] = {}
            for case in cases:
                if case.base not in served:
                    served[case.base] = _serve(case.base, scratch, registry)
                context = _context(case, scratch / case.name, served[case.base])
                rows.append(_row(case, builders, context, arguments.rounds))
                _tell(line(rows[-1], peers))
    return rows


def _row(case: Case, builders: Sequence[Builder], context: Path, rounds: int) -> Row:
    seconds = take_turns(
        builders, context, rounds, _tell, again=case.again, changed=case.changed
    )
    return Row(case=case.name, title=case.title, seconds=seconds)


def _serve(base: Base, scratch: Path, registry: Registry) -> str:
    """Put a base image into the registry and return its reference."""
    with tempfile.TemporaryDirectory(dir=scratch) as directory:
        layout = Path(directory) / "layout"
        make_base(layout, base.name, files=base.files, size=base.size)
        return registry.push_layout(layout, base.name, f"bench/{base.name}")


def _context(case: Case, directory: Path, reference: str) -> Path:
    make_files(directory / "files", files=case.files, size=case.size)
    return write_context(directory, case.dockerfile.replace("{base}", reference))


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
