"""The commands `docker-credential-*` of the image: clouds' helpers for other programs.

docker, skopeo and the like start them, and so do people's scripts. The protocol is
docker's: an action as the only word, a registry on standard input, JSON or a sentence
on standard output. kanipy itself needs none of them. Nothing is kept by them.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from application.options import LogOptions, LookupOptions, Verbosity
from application.ports.credentials import Credential, CredentialSource
from domain.errors import KanipyError
from domain.image.reference import normalise_registry
from entrypoints.exit_status import FAILURE, SUCCESS
from entrypoints.flags.environment import (
    Environment,
    credential_options,
    network_options,
)
from entrypoints.version import VERSION_LINE

COMMANDS: Mapping[str, str] = {
    "docker-credential-ecr-login": "ecr",
    "docker-credential-gcr": "google",
    "docker-credential-acr-env": "acr",
}
"""Which of our helpers answers for which command."""

NOTHING = "credentials not found in native keychain"
"""What docker's clients know for "none"."""

TOKEN_USER = "<token>"  # noqa: S105 - the marker of identity tokens, no secret
_MAXIMUM_QUESTION = 1 << 16

Find = Callable[[str, Environment], CredentialSource]


def ecr_login() -> int:
    """Be docker-credential-ecr-login."""
    return _main("docker-credential-ecr-login")


def gcr() -> int:
    """Be docker-credential-gcr."""
    return _main("docker-credential-gcr")


def acr_env() -> int:
    """Be docker-credential-acr-env."""
    return _main("docker-credential-acr-env")


def _main(command: str) -> int:
    question = ""
    if sys.argv[1:2] == ["get"]:
        question = sys.stdin.read(_MAXIMUM_QUESTION)
    status, answer = run(command, sys.argv[1:], question, os.environ)
    sys.stdout.write(f"{answer}\n")
    return status


def source_of(name: str, environment: Environment) -> CredentialSource:
    """Return one of our helpers.

    Args:
        name: Its name.
        environment: The process's variables.
    """
    from entrypoints.credential_builders import cloud_source

    options = LookupOptions(
        credentials=credential_options(environment),
        network=network_options(environment),
        log=LogOptions(verbosity=Verbosity.ERROR),
    )
    return cloud_source(options, name)


def run(
    command: str,
    words: Sequence[str],
    question: str,
    environment: Environment,
    find: Find = source_of,
) -> tuple[int, str]:
    """Carry out an action; return the exit status and what is to be printed.

    Args:
        command: One of `COMMANDS`.
        words: Words after the command's name.
        question: The standard input.
        environment: The process's variables.
        find: Returns a helper by its name.
    """
    match list(words):
        case ["get"]:
            return _get(find(COMMANDS[command], environment), question.strip())
        case ["list"]:
            return SUCCESS, "{}"
        case ["store" | "erase"]:
            return FAILURE, f"{command} keeps nothing"
        case ["version"]:
            return SUCCESS, VERSION_LINE.rstrip()
        case ["config", *_] if command == "docker-credential-gcr":
            # Images that are made of kaniko's call it so.
            return SUCCESS, "nothing to configure: default credentials are used"
        case _:
            return FAILURE, f"usage: {command} get|list|store|erase|version"


def _get(source: CredentialSource, server: str) -> tuple[int, str]:
    host = (server.partition("://")[2] or server).partition("/")[0]
    try:
        found = source.find(normalise_registry(host), "") if host else None
    except KanipyError as error:
        return FAILURE, str(error)
    if found is None:
        return FAILURE, NOTHING
    return SUCCESS, json.dumps(_answer(server, found))


def _answer(server: str, found: Credential) -> dict[str, str]:
    user, secret = found.username, found.password
    if found.identity_token:
        user, secret = TOKEN_USER, found.identity_token
    return {"ServerURL": server, "Username": user, "Secret": secret}
