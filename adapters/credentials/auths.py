"""The `auths` of docker's configuration: keys, their repositories, and entries."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from adapters.credentials.config_file import Config, unreadable
from adapters.credentials.helper_program import TOKEN_USER
from application.ports.credentials import Credential
from domain.image.reference import normalise_registry


def find_credential(
    config: Config, registry: str, repository: str
) -> Credential | None:
    """Return the credential of the longest key that names a repository.

    Raises:
        UsageError: Its entry makes no sense.
    """
    found = _find_entry(config, registry, repository)
    return _credential(found[1], config, found[0]) if found else None


def split_key(key: str) -> tuple[str, str]:
    """Return registry and path of a key: with scheme, path, API version, or none.

    "https://index.docker.io/v1/", "docker.io" and "registry-1.docker.io/v2" are
    all Docker Hub's.
    """
    rest = key.partition("://")[2] or key
    host, _, path = rest.partition("/")
    path = path.strip("/")
    first = path.partition("/")[0]
    if first in ("v1", "v2"):
        path = path[len(first) :].strip("/")
    return normalise_registry(host), path


def _find_entry(
    config: Config, registry: str, repository: str
) -> tuple[str, dict[str, object]] | None:
    """Return key and entry of the most specific key of `auths`."""
    best: tuple[int, str, dict[str, object]] | None = None
    for key, entry in config.section("auths").items():
        host, path = split_key(key)
        if host != registry or not f"{repository}/".startswith(
            f"{path}/" if path else ""
        ):
            continue
        if isinstance(entry, dict) and entry and (best is None or len(path) > best[0]):
            best = (len(path), key, entry)
    return best[1:] if best else None


def _credential(
    entry: Mapping[str, object], config: Config, key: str
) -> Credential | None:
    username, password = _text(entry, "username"), _text(entry, "password")
    if encoded := _text(entry, "auth"):
        username, password = _decode(encoded, config, key)
    identity = _text(entry, "identitytoken")
    if username == TOKEN_USER:
        username, password, identity = "", "", password
    registry_token = _text(entry, "registrytoken")
    if not (username or password or identity or registry_token):
        return None
    return Credential(
        username=username,
        password=password,
        identity_token=identity,
        registry_token=registry_token,
        source=config.source,
    )


def _decode(encoded: str, config: Config, key: str) -> tuple[str, str]:
    """Return user and password of `base64(user:password)`; NULs may follow."""
    # `base64` breaks long lines, and docker's decoder passes over the breaks
    text = "".join(encoded.split())
    try:
        pair = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        raise unreadable(config.source, f"auth of {key!r} is not base64") from None
    username, colon, password = pair.partition(":")
    if not colon:
        raise unreadable(config.source, f"auth of {key!r} is not user:password")
    return username, password.rstrip("\0")


def _text(entry: Mapping[str, object], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""
