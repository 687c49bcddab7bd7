"""RUN: from the instruction to the process that is started."""

from __future__ import annotations

from domain.build.accounts import Identity
from domain.build.process import ProcessSpec
from domain.build.state import StageState
from domain.build.words import command_line
from domain.dockerfile.instruction import ExecForm, Run
from domain.errors import BuildRuleError

HOSTNAME = "buildkitsandbox"
"""Host name RUN sees; programs compiled into images have been seen to record it."""


def run_process(
    instruction: Run, state: StageState, identity: Identity, proxies: dict[str, str]
) -> ProcessSpec:
    """Return the process of a RUN.

    Its environment is that of the image, the declared ARGs and the given proxies;
    nothing of the builder's own.

    Raises:
        BuildRuleError: The instruction wants what is not supported yet.
    """
    _refuse_unsupported(instruction)
    environment = dict(proxies) | dict(state.variables)
    environment.setdefault("HOME", identity.home)
    environment.setdefault("HOSTNAME", HOSTNAME)
    return ProcessSpec(
        argv=run_arguments(instruction, state.shell),
        environment=tuple(environment.items()),
        working_directory=state.working_directory,
        uid=identity.uid,
        gid=identity.gid,
        groups=identity.groups,
        hostname=HOSTNAME,
    )


def run_arguments(instruction: Run, shell: tuple[str, ...]) -> tuple[str, ...]:
    """Return program and arguments.

    A heredoc that is the whole command becomes the shell's text.
    """
    if isinstance(instruction.command, ExecForm):
        return command_line(instruction.command, shell)
    return (*shell, instruction.shell_text)


def _refuse_unsupported(instruction: Run) -> None:
    """Refuse clearly what would otherwise be ignored."""
    script = instruction.script
    wanted = {
        "RUN --mount": bool(instruction.mounts),
        "RUN --network": instruction.network not in (None, "default"),
        "RUN --security": instruction.security not in (None, "sandbox"),
        "RUN --device": bool(instruction.devices),
        "a heredoc that starts with #!": bool(script and script.startswith("#!")),
    }
    for name, is_wanted in wanted.items():
        if is_wanted:
            hint = "leave it out for now"
            raise BuildRuleError(f"{name} is not supported yet", hint=hint)
