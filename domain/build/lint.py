"""Remarks on the instructions of a stage that take its variables, or its base, to see.

The stage is gone through without carrying anything out: only ENV, ARG and the like
change what the instructions below them see. What is wrong rather than odd is passed
over: planning will say so.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from domain.values import dataclass, field
from difflib import get_close_matches

from domain.build.metadata import after_metadata
from domain.build.state import StageState
from domain.build.variables import BuildArguments
from domain.build.words import Words
from domain.dockerfile.ignore import IgnoreRules
from domain.dockerfile.instruction import (
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Instruction,
    Label,
    Run,
    ShellForm,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from domain.dockerfile.location import LintWarning
from domain.dockerfile.stage import Stage
from domain.dockerfile.word import expansion
from domain.errors import KanipyError

_SECRET = re.compile(
    r"(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(r"(?:_|^)(?:public|file|version)(?:_|$)", re.IGNORECASE)
_REMOTE = re.compile(r"[a-z]+://|git@")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageText:
    """A stage before its first instruction, with what remarks on it depend on.

    Attributes:
        instructions: Its instructions, without triggers of its base.
        triggers: The triggers of its base, which run first and are not remarked on.
        parents: The stages it is built on.
        state: Config and variables of its base.
        arguments: Build arguments.
        escape: The Dockerfile's escape character.
        ignore: What the context's ignore file leaves out.
    """

    instructions: Sequence[Instruction]
    triggers: Sequence[Instruction] = ()
    parents: Sequence[Stage] = ()
    state: StageState
    arguments: BuildArguments = field(default_factory=BuildArguments)
    escape: str = "\\"
    ignore: IgnoreRules = field(default_factory=IgnoreRules)


def stage_remarks(stage: StageText) -> Iterator[LintWarning]:
    """Yield the remarks on a stage; some may come more than once."""
    yield from _repeated(stage.instructions)
    yield from _relative_workdir(stage)
    above = [step for parent in stage.parents for step in parent.instructions]
    declared = _declared([*above, *stage.triggers])
    state = stage.state
    steps = [(step, True) for step in stage.instructions]
    for step, is_own in [*((each, False) for each in stage.triggers), *steps]:
        words = Words.of(step, state, stage.escape)
        declared |= _declared([step])
        try:
            if is_own:
                yield from _on_step(step, words, declared, stage.ignore)
            state = _after(step, words, stage.arguments)
        except KanipyError:
            return


def _after(step: Instruction, words: Words, arguments: BuildArguments) -> StageState:
    match step:
        case Run() | Copy() | Add() | Workdir() | From():
            return words.state
        case _:
            return after_metadata(step, words, arguments)


def _declared(steps: Iterable[Instruction]) -> set[str]:
    args = (step for step in steps if isinstance(step, Arg))
    return {each.name for arg in args for each in arg.declarations}


# -------------------------------------------------------------------- the whole stage


def _repeated(steps: Sequence[Instruction]) -> Iterator[LintWarning]:
    """Remark on each CMD, ENTRYPOINT and HEALTHCHECK that a later one overrides."""
    last: dict[type, Instruction] = {}
    for step in steps:
        if isinstance(step, Cmd | Entrypoint | Healthcheck):
            before = last.get(type(step))
            if before is not None:
                name = type(step).__name__.upper()
                yield LintWarning(
                    rule="MultipleInstructionsDisallowed",
                    message=f"the {name} in line {step.location.first} overrides "
                    "this one: keep one of them",
                    line=before.location.first,
                )
            last[type(step)] = step


def _relative_workdir(stage: StageText) -> Iterator[LintWarning]:
    """Remark on a first WORKDIR that depends on the base image's."""
    above = (step for parent in stage.parents for step in parent.instructions)
    if any(isinstance(step, Workdir) for step in above):
        return
    first = next((s for s in stage.instructions if isinstance(s, Workdir)), None)
    if first is not None and not first.path.lstrip("\"'").startswith(("/", "$")):
        yield LintWarning(
            rule="WorkdirRelativePath",
            message=f"{first.path} is relative to the base image's directory, which "
            "may change: begin with an absolute WORKDIR",
            line=first.location.first,
        )


# ------------------------------------------------------------------ single instructions


def _on_step(
    step: Instruction, words: Words, declared: set[str], ignore: IgnoreRules
) -> Iterator[LintWarning]:
    line = step.location.first
    for rule, messages in (
        ("JSONArgsRecommended", _shell_form(step, words.state)),
        ("SecretsUsedInArgOrEnv", _secrets(step)),
        ("UndefinedVar", _undefined(step, words, declared)),
        ("CopyIgnoredFile", _ignored(step, words, ignore)),
    ):
        for message in messages:
            yield LintWarning(rule=rule, message=message, line=line)


def _shell_form(step: Instruction, state: StageState) -> Iterator[str]:
    # Who sets a SHELL wants the shell form.
    if isinstance(step, Cmd | Entrypoint) and not state.config.shell:
        if isinstance(step.command, ShellForm):
            name = type(step).__name__.upper()
            yield f'write {name} ["program", "argument"]: a shell keeps signals back'


def _secrets(step: Instruction) -> Iterator[str]:
    """Tell which names are those of secrets; never a value."""
    names: Iterable[str]
    match step:
        case Arg(declarations=declarations):
            names, word = (each.name for each in declarations), "ARG"
        case Env(pairs=pairs):
            names, word = (each.key for each in pairs), "ENV"
        case _:
            return
    for name in names:
        if _SECRET.search(name) and not _NO_SECRET.search(name):
            yield (
                f"{word} {name} looks like a secret, and the image keeps it: "
                "use RUN --mount=type=secret"
            )


def _undefined(step: Instruction, words: Words, declared: set[str]) -> Iterator[str]:
    variables = words.state.variables
    unset: set[str] = set()
    for word in _words(step):
        unset |= expansion(word, variables, escape=words.escape).unset
    for body in _bodies(step):
        unset |= expansion(body, variables, quotes=False).unset
    for name in sorted(unset - declared):
        close = get_close_matches(name, sorted({*variables, *declared}), n=1)
        meant = f" (did you mean ${close[0]}?)" if close else ""
        yield f"${name} is not defined here{meant}"


def _words(step: Instruction) -> tuple[str, ...]:
    """Return the words of an instruction that variables are expanded in."""
    match step:
        case Arg(declarations=declarations):
            return tuple(each.default or "" for each in declarations)
        case Env(pairs=pairs) | Label(pairs=pairs):
            return tuple(word for pair in pairs for word in pair)
        case Expose(ports=several) | Volume(paths=several):
            return several
        case StopSignal(signal=word) | User(user=word) | Workdir(path=word):
            return (word,)
        case Copy() | Add():
            flags = (step.chown or "", step.chmod or "")
            return (*step.sources, step.destination, *flags)
        case _:
            return ()


def _bodies(step: Instruction) -> tuple[str, ...]:
    if not isinstance(step, Copy | Add):
        return ()
    return tuple(each.content for each in step.heredocs if each.expand)


def _ignored(step: Instruction, words: Words, ignore: IgnoreRules) -> Iterator[str]:
    if not isinstance(step, Copy | Add) or ignore.takes_back:
        return  # below an ignored directory, something may be taken back
    if isinstance(step, Copy) and step.from_ is not None:
        return
    for word in step.sources:
        source = words.expand(word)
        path = posixpath.normpath(f"/{source}").lstrip("/")
        if path and not _REMOTE.match(source) and ignore.ignores(path):
            yield f"{word} is left out by the ignore file, so it cannot be copied"
