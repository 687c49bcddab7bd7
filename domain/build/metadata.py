"""Instructions that only change the config: no layer, no file system, no facts."""

from __future__ import annotations

from domain.values import replace
from typing import assert_never

from domain.build.exposed_port import parse_ports
from domain.build.state import StageState
from domain.build.stop_signal import check_stop_signal
from domain.build.variables import BuildArguments
from domain.build.words import Words, command_line
from domain.dockerfile.instruction import (
    Arg,
    Cmd,
    Entrypoint,
    Env,
    ExecForm,
    Expose,
    Healthcheck,
    Label,
    Maintainer,
    OnBuild,
    Shell,
    StopSignal,
    User,
    Volume,
)
from domain.errors import BuildRuleError
from domain.image import config as image_config

Metadata = (
    Arg
    | Cmd
    | Entrypoint
    | Env
    | Expose
    | Healthcheck
    | Label
    | Maintainer
    | OnBuild
    | Shell
    | StopSignal
    | User
    | Volume
)


def after_metadata(
    instruction: Metadata, words: Words, arguments: BuildArguments
) -> StageState:
    """Return the state after an instruction that only changes the config.

    Raises:
        DockerfileError: A word cannot be expanded.
        BuildRuleError: A port, signal or path is none.
    """
    match instruction:
        case Arg() | Env():
            return _with_variables(instruction, words, arguments)
        case Cmd() | Entrypoint() | Shell() | Healthcheck():
            return _with_command(instruction, words.state)
        case Maintainer(name=name):
            return replace(words.state, image=replace(words.state.image, author=name))
        case Expose() | Label() | OnBuild() | StopSignal() | User() | Volume():
            return _with_setting(instruction, words)
        case _:
            assert_never(instruction)


def _with_variables(
    instruction: Arg | Env, words: Words, arguments: BuildArguments
) -> StageState:
    state = words.state
    if isinstance(instruction, Env):
        for pair in instruction.pairs:
            name = words.expand(pair.key)
            if not name:
                message = "a variable has no name"
                raise BuildRuleError(message, hint="write ENV name=value")
            state = state.with_env(name, words.expand(pair.value))
        return state
    for declaration in instruction.declarations:
        name = words.expand(declaration.name)
        default = declaration.default
        # Of one line, a later ARG sees the earlier ones (BuildKit does so).
        seen = replace(words, state=state)
        value = None if default is None else seen.expand(default)
        state = state.with_argument(name, arguments.declared(name, value))
    return state


def _with_command(
    instruction: Cmd | Entrypoint | Shell | Healthcheck, state: StageState
) -> StageState:
    config = state.config
    match instruction:
        case Cmd(command=command):
            # Docker marks every CMD so; nothing but Windows reads it.
            line = command_line(command, state.shell)
            changed = replace(config, cmd=line, args_escaped=True)
            return replace(state.with_config(changed), has_own_cmd=True)
        case Entrypoint(command=command):
            line = command_line(command, state.shell)
            cmd = config.cmd if state.has_own_cmd else None
            return state.with_config(replace(config, entrypoint=line or None, cmd=cmd))
        case Shell(shell=shell):
            return state.with_config(replace(config, shell=shell))
        case Healthcheck():
            check = _healthcheck(instruction)
            return state.with_config(replace(config, healthcheck=check))
        case _:
            assert_never(instruction)


def _healthcheck(instruction: Healthcheck) -> image_config.Healthcheck:
    command = instruction.command
    if command is None:
        return image_config.Healthcheck(test=("NONE",))
    if isinstance(command, ExecForm):
        test = ("CMD", *command.arguments)
    else:
        test = ("CMD-SHELL", command.text)
    return image_config.Healthcheck(
        test=test,
        interval_ns=instruction.interval,
        timeout_ns=instruction.timeout,
        start_period_ns=instruction.start_period,
        start_interval_ns=instruction.start_interval,
        retries=instruction.retries,
    )


def _with_setting(
    instruction: Expose | Label | OnBuild | StopSignal | User | Volume, words: Words
) -> StageState:
    state, config = words.state, words.state.config
    match instruction:
        case Expose(ports=ports):
            named = map(parse_ports, words.expand_to_words(ports))
            changed = replace(config, exposed_ports=config.exposed_ports.union(*named))
        case Label(pairs=pairs):
            labels = {words.expand(p.key): words.expand(p.value) for p in pairs}
            changed = replace(config, labels={**config.labels, **labels})
        case OnBuild(trigger=trigger):
            changed = replace(config, on_build=(*config.on_build, trigger))
        case StopSignal(signal=signal):
            name = words.expand(signal)
            check_stop_signal(name)
            changed = replace(config, stop_signal=name)
        case User(user=user):
            changed = replace(config, user=words.expand(user))
        case Volume(paths=paths):
            volumes = [_volume(path) for path in words.expand_all(paths)]
            changed = replace(config, volumes=config.volumes.union(volumes))
        case _:
            assert_never(instruction)
    return state.with_config(changed)


def _volume(path: str) -> str:
    if not path.strip():
        message = "a volume has an empty path"
        raise BuildRuleError(message, hint="write VOLUME /path")
    return path
