"""Credentials from docker's configuration: the `auths` of a config.json.

Looked for as docker and kaniko do: DOCKER_AUTH_CONFIG, `$DOCKER_CONFIG/config.json`,
`$HOME/.docker/config.json`, and where no docker file exists podman's auth files.
Credential helpers are not run yet: where one would be asked, a warning says so.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from application.ports.credentials import Credential
from domain.errors import UsageError
from domain.image.reference import normalise_registry
from domain.values import dataclass

AUTH_VARIABLE = "DOCKER_AUTH_CONFIG"
TOKEN_USER = "<token>"  # noqa: S105 - the marker of identity tokens, no secret
MAXIMUM_CONFIG = 4 << 20


@dataclass(frozen=True, slots=True)
class _Config:
    document: Mapping[str, object]
    source: str

    def section(self, name: str) -> dict[str, object]:
        value = self.document.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise _unreadable(self.source, f"{name!r} is not an object")
        return value


class DockerConfigCredentials:
    """Finds credentials in docker's configuration, read once.

    Args:
        environment: Environment variables.
        warn: Is told what stands in the configuration and is not used.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._environment = environment
        self._warn = warn
        self._read: _Config | None = None
        self._warned: set[str] = set()

    def find(self, registry: str, repository: str) -> Credential | None:
        """Return the credential of the longest key that names the repository."""
        if self._read is None:
            self._read = self._load()
        config = self._read
        helper = _helper_for(config, registry)
        found = _find_entry(config, registry, repository)
        credential = _credential(found[1], config, found[0]) if found else None
        if helper:
            self._warn_about(helper, registry, config.source, credential)
        return credential

    def _warn_about(
        self, helper: str, registry: str, source: str, found: Credential | None
    ) -> None:
        if registry in self._warned:
            return
        self._warned.add(registry)
        instead = (
            "its entry in auths is used instead"
            if found
            else "going on without a credential; put one into auths instead"
        )
        self._warn(
            f"{source} asks for the credential helper {helper!r} for {registry}: "
            f"credential helpers are not supported yet, {instead}"
        )

    def _load(self) -> _Config:
        text = self._environment.get(AUTH_VARIABLE)
        if text:
            if any(path.is_file() for path in self._docker_files()):
                self._warn(f"{AUTH_VARIABLE} is set: docker's config.json is not read")
            return _parse(text, AUTH_VARIABLE)
        for path in (*self._docker_files(), *self._podman_files()):
            raw = _read_file(path)
            if raw is not None:
                return _parse(raw, str(path))
        return _Config({}, "")

    def _docker_files(self) -> Iterator[Path]:
        # DOCKER_CONFIG replaces the home directory, as docker reads it.
        directory = self._environment.get("DOCKER_CONFIG")
        if directory:
            yield Path(directory, "config.json")
        elif home := self._environment.get("HOME"):
            yield Path(home, ".docker", "config.json")

    def _podman_files(self) -> Iterator[Path]:
        if named := self._environment.get("REGISTRY_AUTH_FILE"):
            yield Path(named)
        for variable in ("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
            if directory := self._environment.get(variable):
                yield Path(directory, "containers", "auth.json")


def _read_file(path: Path) -> bytes | None:
    """Return the bytes of a file, None where there is none."""
    try:
        with path.open("rb") as file:
            return file.read(MAXIMUM_CONFIG)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(str(path), error.strerror or "cannot be read") from error


def _parse(text: str | bytes, source: str) -> _Config:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        # The parser's own words might quote a secret.
        raise _unreadable(source, "not valid JSON") from error
    if not isinstance(document, dict):
        raise _unreadable(source, "not a JSON object")
    return _Config(document, source)


def _helper_for(config: _Config, registry: str) -> str:
    """Return the name of the helper docker would ask, "" for none."""
    for key, helper in config.section("credHelpers").items():
        if _split_key(key) == (registry, "") and isinstance(helper, str):
            return helper
    store = config.document.get("credsStore")
    return store if isinstance(store, str) else ""


def _find_entry(
    config: _Config, registry: str, repository: str
) -> tuple[str, dict[str, object]] | None:
    """Return key and entry of the most specific key of `auths`."""
    best: tuple[int, str, dict[str, object]] | None = None
    for key, entry in config.section("auths").items():
        host, path = _split_key(key)
        if host != registry or not f"{repository}/".startswith(
            f"{path}/" if path else ""
        ):
            continue
        if isinstance(entry, dict) and entry and (best is None or len(path) > best[0]):
            best = (len(path), key, entry)
    return best[1:] if best else None


def _split_key(key: str) -> tuple[str, str]:
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


def _credential(
    entry: Mapping[str, object], config: _Config, key: str
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


def _decode(encoded: str, config: _Config, key: str) -> tuple[str, str]:
    """Return user and password of `base64(user:password)`; NULs may follow."""
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise _unreadable(config.source, f"auth of {key!r} is not base64") from error
    username, colon, password = pair.partition(":")
    if not colon:
        raise _unreadable(config.source, f"auth of {key!r} is not user:password")
    return username, password.rstrip("\0")


def _text(entry: Mapping[str, object], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _unreadable(source: str, what: str) -> UsageError:
    return UsageError(
        f"cannot read the registry credentials: {what}",
        place=source,
        hint="it should be a docker config.json; `docker login` writes one",
    )
