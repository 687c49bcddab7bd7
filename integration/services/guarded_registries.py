"""Real registries that let in only whom they know, each beside an open one.

Both have the same storage: what tests put into the open one is in the guarded one, and
what is pushed to the guarded one can be looked at in the open one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from integration.services.certificates import Authority, self_signed
from integration.services.nginx import running_nginx
from integration.services.registry import Account, Registry, running_registry
from integration.services.token_server import TokenServer

ACCOUNT = Account(user="builder", password="correct horse")
KINDS = ("token", "htpasswd", "tls", "tls-directory", "client-certificate", "nginx")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedRegistry:
    """A registry, and how one gets in.

    Attributes:
        host: `HOST:PORT`, as references name it.
        open: A registry with the same blobs that lets in everybody.
        log: The guarded one's log, one line per request.
        flags: What a build has to be told.
        environment: Variables that a build has to be given.
        refusal: What is told to those who do not know it, a regular expression.
    """

    host: str
    open: Registry
    log: Path
    flags: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""


@contextmanager
def guarded_registry(
    kind: str, directory: Path, authority: Authority
) -> Iterator[GuardedRegistry]:
    """Run a registry of one of `KINDS` until the block ends.

    Args:
        kind: How it is guarded.
        directory: An empty directory for its files; made when absent.
        authority: Signs what it shows, and what it wants to be shown.
    """
    run = {
        "token": _with_tokens,
        "htpasswd": _with_password,
        "nginx": _behind_nginx,
    }.get(kind, _with_tls)
    directory.mkdir(exist_ok=True)
    with running_registry(directory / "open") as plain:
        yield from run(kind, directory, authority, plain)


def _with_tokens(
    _: str, directory: Path, __: Authority, plain: Registry
) -> Iterator[GuardedRegistry]:
    signed = self_signed(directory / "tokens", "tokens")
    with (
        TokenServer(ACCOUNT, signed) as tokens,
        running_registry(
            directory / "guarded",
            storage=plain.storage,
            authentication=tokens.configuration(),
        ) as registry,
    ):
        yield GuardedRegistry(
            host=registry.host,
            open=plain,
            log=registry.log,
            environment=_docker_config(directory, registry.host),
            refusal="answered 401",
        )


def _with_password(
    _: str, directory: Path, __: Authority, plain: Registry
) -> Iterator[GuardedRegistry]:
    with running_registry(
        directory / "guarded", storage=plain.storage, account=ACCOUNT
    ) as registry:
        yield GuardedRegistry(
            host=registry.host,
            open=plain,
            log=registry.log,
            environment=_docker_config(directory, registry.host),
            refusal="answered 401",
        )


def _with_tls(
    kind: str, directory: Path, authority: Authority, plain: Registry
) -> Iterator[GuardedRegistry]:
    wants_client = kind == "client-certificate"
    own, client = authority.own.certificate, authority.client
    with running_registry(
        directory / "guarded",
        storage=plain.storage,
        tls=authority.server.directory,
        clients=own if wants_client else None,
    ) as registry:
        flags = [f"--registry-certificate={registry.host}={own}"]
        if wants_client:
            files = f"{client.certificate},{client.key}"
            flags.append(f"--registry-client-cert={registry.host}={files}")
        environment = {}
        if kind == "tls-directory":
            certificates = directory / "certificates"
            certificates.mkdir()
            (certificates / "any name at all").write_bytes(own.read_bytes())
            flags, environment = [], {"SSL_CERT_DIR": str(certificates)}
        yield GuardedRegistry(
            host=registry.host,
            open=plain,
            log=registry.log,
            flags=tuple(flags),
            environment=environment,
            refusal="certificate is not trusted",
        )


def _behind_nginx(
    _: str, directory: Path, authority: Authority, plain: Registry
) -> Iterator[GuardedRegistry]:
    """TLS and small requests alone, a password, and nothing told of TLS inside."""
    guarded = _with_password(_, directory, authority, plain)
    inner = next(guarded)
    with running_nginx(
        directory / "nginx", inner.host, largest="1m", tls=authority.server
    ) as host:
        yield GuardedRegistry(
            host=host,
            open=plain,
            log=inner.log,
            flags=(f"--registry-certificate={host}={authority.own.certificate}",),
            environment=_docker_config(directory, host),
            refusal="certificate is not trusted",
        )
    next(guarded, None)


def _docker_config(directory: Path, host: str) -> dict[str, str]:
    folder = directory / f"config-{host.rpartition(':')[2]}"
    folder.mkdir()
    entry = {"username": ACCOUNT.user, "password": ACCOUNT.password}
    (folder / "config.json").write_text(json.dumps({"auths": {host: entry}}))
    return {"DOCKER_CONFIG": str(folder)}
