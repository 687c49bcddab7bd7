"""RUN: from the instruction to the process that is started."""

from __future__ import annotations

from collections.abc import Sequence

from domain.build.accounts import Identity
from domain.build.cache_key import RunInputs
from domain.build.mounts import PlannedMount, SshMount, heredoc_script
from domain.build.process import ProcessSpec
from domain.build.state import StageState
from domain.build.words import command_line
from domain.dockerfile.instruction import ExecForm, Run
from domain.errors import BuildRuleError

HOSTNAME = "buildkitsandbox"
"""Host name RUN sees; programs compiled into images have been seen to record it."""

AGENT_VARIABLE = "SSH_AUTH_SOCK"


def run_process(
    instruction: Run,
    state: StageState,
    identity: Identity,
    proxies: dict[str, str],
    mounts: Sequence[PlannedMount] = (),
) -> ProcessSpec:
    """Return the process of a RUN.

    Its environment is that of the image, the declared ARGs and the given proxies;
    nothing of the builder's own. Secrets are added when it is started.

    Raises:
        BuildRuleError: The instruction wants a device.
    """
    _refuse_devices(instruction)
    environment = dict(proxies) | dict(state.variables)
    environment.setdefault("HOME", identity.home)
    environment.setdefault("HOSTNAME", HOSTNAME)
    agents = [mount.target for mount in mounts if isinstance(mount, SshMount)]
    if agents:
        environment.setdefault(AGENT_VARIABLE, agents[0])
    return ProcessSpec(
        argv=run_arguments(instruction, state.shell),
        environment=tuple(environment.items()),
        working_directory=state.working_directory,
        uid=identity.uid,
        gid=identity.gid,
        # The primary group is one of them, too: a set-group-ID program does not
        # lose it (docker does so).
        groups=tuple(dict.fromkeys((identity.gid, *identity.groups))),
        hostname=HOSTNAME,
        has_network=instruction.network != "none",
        privileged=instruction.security == "insecure",
    )


def run_inputs(
    instruction: Run,
    state: StageState,
    mounts: Sequence[PlannedMount],
    *,
    has_network: bool,
) -> RunInputs:
    """Return what a RUN depends on besides the file system.

    Args:
        instruction: The RUN.
        state: The stage before it.
        mounts: What it is shown.
        has_network: Whether RUNs that name no network have one.
    """
    named = instruction.network
    return RunInputs(
        command=run_arguments(instruction, state.shell),
        variables=state.variables,
        user=state.config.user,
        working_directory=state.working_directory,
        network=has_network if named is None else named != "none",
        privileged=instruction.security == "insecure",
        mounts=mounts,
    )


def run_arguments(instruction: Run, shell: tuple[str, ...]) -> tuple[str, ...]:
    """Return program and arguments.

    A heredoc that is the whole command becomes the shell's text, or where it starts
    with #! the program the shell starts.
    """
    if isinstance(instruction.command, ExecForm):
        return command_line(instruction.command, shell)
    script = heredoc_script(instruction)
    if script is not None:
        return (*shell, script.target)
    return (*shell, instruction.shell_text)


def _refuse_devices(instruction: Run) -> None:
    if instruction.devices:
        raise BuildRuleError(
            "RUN --device is not supported: RUN is given no devices of the builder",
            hint="leave it out, and do that work outside of the build",
        )
