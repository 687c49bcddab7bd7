"""Where configurations of docker and podman lie, and reading them.

Looked for as docker and kaniko do: DOCKER_AUTH_CONFIG, `$DOCKER_CONFIG/config.json`,
`$HOME/.docker/config.json`, and where no docker file exists podman's auth files.
What stands in a configuration is the business of `auths` and `docker_config`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from domain.errors import UsageError
from domain.values import dataclass

AUTH_VARIABLE = "DOCKER_AUTH_CONFIG"
MAXIMUM_CONFIG = 4 << 20


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration that was read.

    Attributes:
        document: Its JSON.
        source: Path or variable it comes from, "" where there is none.
    """

    document: Mapping[str, object]
    source: str

    def section(self, name: str) -> dict[str, object]:
        """Return an object of the configuration, empty where it is missing.

        Raises:
            UsageError: It is no object.
        """
        value = self.document.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise unreadable(self.source, f"{name!r} is not an object")
        return value

    def text(self, name: str) -> str:
        """Return a text of the configuration, "" where it is missing.

        Raises:
            UsageError: It is no text.
        """
        value = self.document.get(name)
        if not isinstance(value, str | None):
            raise unreadable(self.source, f"{name!r} is not a text")
        return value or ""


def load(environment: Mapping[str, str], warn: Callable[[str], None]) -> Config:
    """Return the configuration that counts, an empty one where there is none.

    Args:
        environment: Environment variables.
        warn: Is told what is passed over.

    Raises:
        UsageError: It cannot be read.
    """
    text = environment.get(AUTH_VARIABLE)
    files = docker_files(environment)
    if text:
        if any(path.is_file() for path in files):
            warn(f"{AUTH_VARIABLE} is set: docker's config.json is not read")
        return parse(text, AUTH_VARIABLE)
    for path in (*files, *_podman_files(environment)):
        raw = read_file(path)
        if raw is not None:
            return parse(raw, str(path))
    return Config({}, "")


def docker_files(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the path of docker's file, nothing where no variable leads to it."""
    # DOCKER_CONFIG replaces the home directory, as docker reads it.
    if directory := environment.get("DOCKER_CONFIG"):
        return (Path(directory, "config.json"),)
    if home := environment.get("HOME"):
        return (Path(home, ".docker", "config.json"),)
    return ()


def _podman_files(environment: Mapping[str, str]) -> Iterator[Path]:
    if named := environment.get("REGISTRY_AUTH_FILE"):
        yield Path(named)
    for variable in ("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        if directory := environment.get(variable):
            yield Path(directory, "containers", "auth.json")


def read_file(path: Path) -> bytes | None:
    """Return the bytes of a file, None where there is none.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAXIMUM_CONFIG)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(str(path), error.strerror or "cannot be read") from error


def parse(text: str | bytes, source: str) -> Config:
    """Return the configuration that a text holds.

    Raises:
        UsageError: It holds none.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        # The parser's own words might quote a secret.
        what = "not valid JSON" if text.strip() else "it is empty"
        raise unreadable(source, what) from None
    if not isinstance(document, dict):
        raise unreadable(source, "not a JSON object")
    return Config(document, source)


def unreadable(source: str, what: str) -> UsageError:
    """Make the error for a configuration that makes no sense."""
    return UsageError(
        f"cannot read the registry credentials: {what}",
        place=source,
        hint="it should be a docker config.json; `docker login` writes one",
    )
