"""Reads the values of `--secret` and `--ssh`, as buildx understands them.

Variables are looked up here; files are read when the build is wired.
"""

import csv
from collections.abc import Iterable, Mapping

from application.options import AgentOption, SecretOption
from domain.errors import UsageError

AGENT_SOCKET = "SSH_AUTH_SOCK"
_FORM = "write --secret id=ID,src=FILE or --secret id=ID,env=VARIABLE"
_KEYS = {"id": "id", "src": "src", "source": "src", "env": "env", "type": "type"}


def parse_secrets(
    texts: Iterable[str], environment: Mapping[str, str]
) -> tuple[SecretOption, ...]:
    """Read all values of `--secret`.

    Without a type: the variable that is named, else the file, else the variable
    named as the id if it is set, else the file named as the id.

    Raises:
        UsageError: A value breaks the form, names a variable that is not set, or
            repeats an id. No message holds the value of a variable.
    """
    secrets: dict[str, SecretOption] = {}
    for text in texts:
        secret = _secret(_settings(text), text, environment)
        if secret.id in secrets:
            raise UsageError(f"--secret id={secret.id} is given twice", hint="keep one")
        secrets[secret.id] = secret
    return tuple(secrets.values())


def parse_agents(
    texts: Iterable[str], environment: Mapping[str, str]
) -> tuple[AgentOption, ...]:
    """Read all values of `--ssh`.

    Raises:
        UsageError: No socket is named and none is in the environment, several are,
            or an id is repeated.
    """
    agents: dict[str, AgentOption] = {}
    for text in texts:
        name, _, path = text.partition("=")
        path = path or environment.get(AGENT_SOCKET, "")
        if not name or not path:
            raise UsageError(
                f'--ssh "{text}" names no socket, and {AGENT_SOCKET} is not set',
                hint="write --ssh default=SOCKET, or start ssh-agent",
            )
        if "," in path:
            raise UsageError(
                f'--ssh "{text}" names several keys: keys are not read',
                hint="add them to an agent by ssh-add, and name its socket",
            )
        if name in agents:
            raise UsageError(f"--ssh {name} is given twice", hint="keep one")
        agents[name] = AgentOption(id=name, path=path)
    return tuple(agents.values())


def _settings(text: str) -> dict[str, str]:
    settings: dict[str, str] = {}
    try:
        fields = [field for row in csv.reader([text], strict=True) for field in row]
    except csv.Error as error:
        raise UsageError(f'invalid --secret "{text}": {error}', hint=_FORM) from error
    for field in fields:
        name, separator, value = field.partition("=")
        key = _KEYS.get(name.lower())
        if key is None or not separator:
            raise UsageError(f'invalid field "{field}" of --secret', hint=_FORM)
        settings[key] = value
    return settings


def _secret(
    settings: Mapping[str, str], text: str, environment: Mapping[str, str]
) -> SecretOption:
    name = settings.get("id", "")
    path, variable = settings.get("src", ""), settings.get("env", "")
    kind = settings.get("type", "")
    if not name:
        raise UsageError(f'--secret "{text}" has no id', hint=_FORM)
    if path and variable:
        raise UsageError(
            f"--secret id={name} has both a file and a variable", hint="keep one"
        )
    if kind not in {"", "file", "env"}:
        hint = "it is file or env"
        raise UsageError(f'unknown type "{kind}" of --secret id={name}', hint=hint)
    wants_variable = bool(variable) or (not path and name in environment)
    if kind == "env" or (not kind and wants_variable):
        return _of_variable(name, variable or path or name, environment)
    if variable:
        hint = "write src=FILE, or type=env"
        raise UsageError(f"--secret id={name} of type file has env", hint=hint)
    return SecretOption(id=name, path=path or name)


def _of_variable(
    name: str, variable: str, environment: Mapping[str, str]
) -> SecretOption:
    if variable not in environment:
        raise UsageError(
            f"--secret id={name}: the variable {variable} is not set",
            hint="set it, or name a file by src=",
        )
    value = environment[variable].encode("utf-8", "surrogateescape")
    return SecretOption(id=name, value=value)
