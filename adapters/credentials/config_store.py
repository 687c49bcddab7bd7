"""Keeps credentials in docker's configuration, in `auths`."""

from __future__ import annotations

import base64
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from adapters.credentials.auths import split_key
from adapters.credentials.config_file import (
    AUTH_VARIABLE,
    Config,
    docker_files,
    parse,
    read_file,
)
from adapters.credentials.helper_program import HUB_KEY
from application.errors import OutputError
from application.ports.credentials import Credential
from domain.errors import UsageError
from domain.image.reference import DOCKER_HUB


class DockerConfigStore:
    """Writes docker's config.json (implements `CredentialStore`).

    What else stands in the file stays. It is readable for its owner alone.

    Args:
        environment: Environment variables.
        warn: Is told what would come before the credential.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._environment = environment
        self._warn = warn

    def keep(self, registry: str, credential: Credential) -> str:
        """Keep a credential; see the port."""
        files = docker_files(self._environment)
        if not files:
            raise UsageError(
                "there is no place for credentials",
                hint="set DOCKER_CONFIG to a directory",
            )
        # What links lead to is replaced, not the link.
        path = Path(os.path.realpath(files[0]))
        raw = read_file(path)
        config = parse(b"{}" if raw is None else raw, str(path))
        self._warn_of_others(config, registry)
        document = _with_entry(config, registry, credential)
        try:
            _write(path, json.dumps(document, indent="\t").encode())
        except OSError as error:
            raise OutputError(
                f"the credential cannot be written: {error.strerror}",
                place=str(path),
                hint="set DOCKER_CONFIG to a directory that can be written",
            ) from error
        return str(path)

    def _warn_of_others(self, config: Config, registry: str) -> None:
        if self._environment.get(AUTH_VARIABLE):
            self._warn(f"{AUTH_VARIABLE} is set: {config.source} is not read by builds")
        named = {split_key(key)[0] for key in config.section("credHelpers")}
        if registry in named or config.text("credsStore"):
            self._warn(
                f"{config.source} names a credential helper for {registry}: what it "
                "has comes before what is kept here"
            )


def _with_entry(
    config: Config, registry: str, credential: Credential
) -> dict[str, object]:
    """Return the configuration with one entry for a registry, however it is spelled."""
    others = {
        key: entry
        for key, entry in config.section("auths").items()
        if split_key(key) != (registry, "")
    }
    pair = f"{credential.username}:{credential.password}".encode()
    entry = {"auth": base64.b64encode(pair).decode()}
    key = HUB_KEY if registry == DOCKER_HUB else registry
    return {**config.document, "auths": {**others, key: entry}}


def _write(path: Path, data: bytes) -> None:
    """Replace a file by one that its owner alone may read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".config.json.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
