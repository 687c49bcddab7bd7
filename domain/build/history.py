"""The history text of each instruction, in docker's form and with words expanded.

Tools that show where a layer came from (`docker history`, scanners) read these
texts. They never change what is built.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from domain.build.exposed_port import parse_ports
from domain.build.metadata import Metadata
from domain.build.running import run_arguments
from domain.build.state import StageState
from domain.build.words import Words
from domain.dockerfile.instruction import (
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    Label,
    Pair,
    Run,
    Shell,
    StopSignal,
    User,
    Volume,
)
from domain.dockerfile.redaction import without_credentials


def metadata_history(instruction: Metadata, words: Words, after: StageState) -> str:
    """Return the text of an instruction that only changes the config.

    Args:
        instruction: The instruction.
        words: Expands its words with the variables before it.
        after: The state it led to.
    """
    match instruction:
        case Arg(declarations=declarations):
            names = [words.expand(each.name) for each in declarations]
            return f"ARG {' '.join(_declared(name, after) for name in names)}"
        case Env(pairs=pairs):
            return f"ENV {_pairs(pairs, words)}"
        case Label(pairs=pairs):
            return f"LABEL {_pairs(pairs, words)}"
        case Cmd():
            return f"CMD {_quoted(after.config.cmd or ())}"
        case Entrypoint():
            return f"ENTRYPOINT {_quoted(after.config.entrypoint or ())}"
        case _:
            return _setting_history(instruction, words)


def run_history(instruction: Run, state: StageState) -> str:
    """Return the text of a RUN: the declared ARGs as it sees them, its arguments."""
    seen = state.variables
    declared = [f"{name}={seen.get(name, '')}" for name in state.arguments]
    count = [f"|{len(declared)}"] if declared else []
    command = run_arguments(instruction, state.shell)
    return " ".join(["RUN", *count, *declared, *command, "# buildkit"])


def transfer_history(instruction: Copy | Add, words: Words) -> str:
    """Return the text of a COPY or ADD; addresses lose their credentials."""
    name = "COPY" if isinstance(instruction, Copy) else "ADD"
    chown, chmod = instruction.chown, instruction.chmod
    parents = isinstance(instruction, Copy) and instruction.parents
    flags = ["--parents"] if parents else []
    flags += [] if chown is None else [f"--chown={words.expand(chown)}"]
    flags += [] if chmod is None else [f"--chmod={words.expand(chmod)}"]
    inline = [f"<<{heredoc.name}" for heredoc in instruction.heredocs]
    expanded = map(without_credentials, words.expand_all(instruction.sources))
    sources = [*expanded, *inline]
    destination = words.expand(instruction.destination)
    return " ".join([name, *flags, *sources, destination, "# buildkit"])


def _setting_history(instruction: Metadata, words: Words) -> str:
    match instruction:
        case Expose(ports=ports):
            named = map(parse_ports, words.expand_to_words(ports))
            return f"EXPOSE [{' '.join(sorted(frozenset().union(*named)))}]"
        case Volume(paths=paths):
            return f"VOLUME [{' '.join(words.expand_all(paths))}]"
        case Shell(shell=shell):
            return f"SHELL [{' '.join(shell)}]"
        case User(user=user):
            return f"USER {words.expand(user)}"
        case StopSignal(signal=signal):
            return f"STOPSIGNAL {words.expand(signal)}"
        case _:
            return instruction.text


def _declared(name: str, after: StageState) -> str:
    value = after.arguments.get(name)
    return name if value is None else f"{name}={value}"


def _pairs(pairs: Iterable[Pair], words: Words) -> str:
    return " ".join(f"{words.expand(p.key)}={words.expand(p.value)}" for p in pairs)


def _quoted(arguments: Sequence[str]) -> str:
    shown = (json.dumps(argument, ensure_ascii=False) for argument in arguments)
    return f"[{' '.join(shown)}]"
