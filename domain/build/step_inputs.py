"""What a step depends on, by names that a person knows.

A key tells that something differs, not what. Here the same inputs stand one by one,
each as a fingerprint: no value of a variable is in them in clear.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from domain.build.cache_key import (
    Chain,
    ContentDigest,
    FingerprintedRow,
    RunInputs,
    framed,
    mount_fingerprint,
    plan_rows,
)
from domain.build.mounts import BindMount, PlannedMount
from domain.build.process import FileMount
from domain.build.variables import PROXY_ARGUMENTS
from domain.snapshot.entry import parent_of

Inputs = Mapping[str, str]
"""Fingerprints by the name of the input."""

BASE = "the base"
BEFORE = "the files before it"
OPTIONS = "options that change layers"
INSTRUCTION = "the instruction"
FILES = "its files"

MAXIMUM_FILES = 2_000
"""Files that are named one by one; of more than these, directories are."""


def stage_inputs(start: Chain, chain: Chain, options: str) -> Inputs:
    """Return what a step inherits.

    Args:
        start: What its stage stands on.
        chain: What it works on.
        options: Stands for the options that can change a layer.
    """
    return {OPTIONS: options, BASE: start.hex, BEFORE: chain.hex}


def run_step_inputs(
    inputs: RunInputs, environment: Iterable[str], content: ContentDigest
) -> Inputs:
    """Return the inputs of a RUN that are its own.

    Args:
        inputs: What its key is made of.
        environment: Variables of the image; the others are build arguments.
        content: Reads the digests of files that it is shown.
    """
    kept = frozenset(environment)
    named = {INSTRUCTION: framed("command", inputs.command)}
    for name, value in inputs.variables.items():
        if name.upper() not in PROXY_ARGUMENTS:
            kind = "ENV" if name in kept else "ARG"
            named[f"{kind} {name}"] = framed("variable", (name, value))
    named["USER"] = framed("user", (inputs.user,))
    named["WORKDIR"] = framed("directory", (inputs.working_directory,))
    named["the network"] = framed("network", (inputs.network,))
    named["--security"] = framed("privileged", (inputs.privileged,))
    for mount in inputs.mounts:
        named |= _mount_inputs(mount, content)
    return named


def plan_step_inputs(text: str, rows: Sequence[FingerprintedRow]) -> Inputs:
    """Return the inputs of a step that was planned.

    Args:
        text: The instruction as it is written.
        rows: What it makes.
    """
    return {INSTRUCTION: framed("text", (text,)), **file_inputs(rows)}


def file_inputs(rows: Sequence[FingerprintedRow]) -> Inputs:
    """Return files by name, directories where they are many, one where too many."""
    for name in (_file, _directory):
        grouped: dict[str, list[str]] = {}
        for row in rows:
            grouped.setdefault(name(row.path), []).append(row.fingerprint)
            if len(grouped) > MAXIMUM_FILES:
                break
        else:
            return {each: framed("files", found) for each, found in grouped.items()}
    return {FILES: framed("files", (row.fingerprint for row in rows))}


def _file(path: str) -> str:
    return f"file {path}"


def _directory(path: str) -> str:
    return f"directory {parent_of(path) or '.'}"


def _mount_inputs(mount: PlannedMount, content: ContentDigest) -> Inputs:
    if isinstance(mount, FileMount):
        return {f"heredoc {mount.target}": mount_fingerprint(mount, content)}
    if not isinstance(mount, BindMount):
        return {f"--mount {mount.target}": mount_fingerprint(mount, content)}
    tree = mount.tree
    rows = plan_rows(tree.plan, content, declares_modes=tree.source.keeps_owners)
    how = framed("bind", (mount.target, mount.read_only))
    return {f"--mount {mount.target}": how, **file_inputs(list(rows))}
