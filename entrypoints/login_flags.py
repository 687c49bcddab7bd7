"""Reads the words of `kanipy login`: words and variables in, one request out.

As `executor_flags`, it prints nothing and touches no file; where the password comes
by standard input, whoever calls reads it.
"""

from collections.abc import Callable, Sequence

from application.options import LoginOptions, RegistryOptions
from domain.errors import InvalidReference, UsageError
from domain.image.reference import Reference, normalise_registry
from domain.values import dataclass
from entrypoints.flags.build_options import log_options
from entrypoints.flags.commands import Show, parse_words
from entrypoints.flags.environment import (
    Environment,
    credential_options,
    network_options,
    warnings,
)
from entrypoints.flags.given import GivenFlags
from entrypoints.flags.login_table import LOGIN_FLAGS, LOGIN_VARIABLES
from entrypoints.flags.registry_options import registry_options
from entrypoints.flags.scanner import Scanned
from entrypoints.flags.table import EXECUTOR_FLAGS

ReadPassword = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody wants to log in.

    Attributes:
        options: Who, and where.
        warnings: Lines to tell as warnings when logging has begun.
    """

    options: LoginOptions
    warnings: tuple[str, ...]


def parse_login_line(
    arguments: Sequence[str], environment: Environment, read: ReadPassword
) -> Show | Login:
    """Read the words after `login`.

    Args:
        arguments: The words.
        environment: The process's variables.
        read: Reads the standard input; called where it has the password.

    Raises:
        UsageError: The words do not make sense, or there is no password.
    """
    return parse_words(
        arguments,
        LOGIN_FLAGS,
        lambda scanned: _login(scanned, environment, read),
        operands=1,
    )


def _login(scanned: Scanned, environment: Environment, read: ReadPassword) -> Login:
    given = scanned.given
    host = _host(scanned.operands[0] if scanned.operands else "")
    username = given.text("username")
    if not username or ":" in username:
        what = "has a colon" if username else "is missing"
        raise UsageError(f"the name of the user {what}", hint="write --username=USER")
    options = LoginOptions(
        host=host,
        username=username,
        password=_password(given, read),
        registry=_registry(given, environment),
        credentials=credential_options(environment),
        network=network_options(environment),
        log=log_options(given),
    )
    seen = ("--password can be seen by others: use --password-stdin",)
    told = seen if given.given("password") else ()
    told = (*told, *warnings(environment, LOGIN_VARIABLES))
    return Login(options, (*scanned.warnings, *told))


def _host(text: str) -> str:
    """Return the registry that a person means, as references have it."""
    if not text:
        raise UsageError("no registry is named", hint="docker.io is Docker Hub")
    host, _, path = (text.partition("://")[2] or text).partition("/")
    if path.strip("/") not in ("", "v1", "v2"):
        raise UsageError(
            f'"{text}" has a path', hint=f"a login is for a registry: write {host}"
        )
    registry = normalise_registry(host)
    try:
        named = Reference.parse(f"{registry}/x/x").registry
    except InvalidReference:
        named = ""
    # What is no host would be read as the first part of a repository's name.
    if registry != named:
        raise UsageError(f'"{text}" is no registry', hint="write HOST or HOST:PORT")
    return registry


def _password(given: GivenFlags, read: ReadPassword) -> str:
    is_read = given.boolean("password-stdin")
    if is_read == given.given("password"):
        many = "two passwords are" if is_read else "no password is"
        raise UsageError(
            f"{many} given",
            hint="write either --password-stdin or --password=PASSWORD",
        )
    # What `echo` writes ends with a line break.
    password = read().removesuffix("\n").removesuffix("\r") if is_read else ""
    password = password or given.text("password")
    if not password:
        raise UsageError("the password is empty")
    return password


def _registry(given: GivenFlags, environment: Environment) -> RegistryOptions:
    return registry_options(given.within(EXECUTOR_FLAGS), environment)
