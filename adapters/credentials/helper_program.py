"""Programs that keep credentials, `docker-credential-NAME`, and how they are run.

Their protocol is docker's: the registry on standard input, JSON on standard output.
Programs are looked for in PATH. Once an image is unpacked over / those outside of our
own directory may be that image's, or load its libraries: they are not run any more.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from adapters.credentials.helper import HelperFailure
from application.ports.credentials import Credential
from domain.dockerfile.redaction import without_credentials
from domain.image.reference import DOCKER_HUB

HUB_KEY = "https://index.docker.io/v1/"
"""What helpers know Docker Hub by."""

TOKEN_USER = "<token>"  # noqa: S105 - the marker of identity tokens, no secret
SECONDS = 60.0
MAXIMUM_SAID = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NONE = "credentials not found in native keychain"


class HelperPrograms:
    """The programs of this machine.

    Args:
        environment: Environment of the programs; PATH says where they are.
        runtime: Directory whose programs no image can change.
        seconds: How long a program may take.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        runtime: str = "/kaniko",
        seconds: float = SECONDS,
    ) -> None:
        self._environment = environment
        self._runtime = runtime
        self._seconds = seconds
        self._only_ours = False

    @property
    def runs_only_ours(self) -> bool:
        """Whether no program outside of the runtime's directory is run any more."""
        return self._only_ours

    def run_only_ours(self) -> None:
        """Run no program outside of the runtime's directory from now on."""
        self._only_ours = True

    def is_ours(self, name: str) -> bool:
        """Whether a helper's program lies in the runtime's directory, or nowhere."""
        path = self._find(name)
        return path is None or self._lies_in_runtime(path)

    def get(self, name: str, registry: str) -> Credential | None:
        """Return what a helper says of a registry, None where it knows nothing.

        Args:
            name: Its name, the part after "docker-credential-".
            registry: As in `Helper`.

        Raises:
            HelperFailure: It is not there, fails, or says what makes no sense.
        """
        path = self._find(name)
        if path is None and self._only_ours:
            raise HelperFailure(
                f"there is no docker-credential-{name} in {self._runtime}, and no "
                "other is run once an image is unpacked over /"
            )
        if path is None:
            raise HelperFailure(f"there is no docker-credential-{name} in PATH")
        asked = HUB_KEY if registry == DOCKER_HUB else registry
        status, output = self._run(path, asked)
        if status:
            _check(path, status, output)
            return None
        return _parse(path, output)

    def _find(self, name: str) -> str | None:
        if not _NAME.fullmatch(name):
            raise HelperFailure(f"{name[:MAXIMUM_SAID]!r} is no name of a helper")
        for directory in self._environment.get("PATH", "").split(":"):
            path = f"{directory}/docker-credential-{name}"
            # What is relative would be looked for in the working directory.
            is_absolute = directory.startswith("/")
            is_program = Path(path).is_file() and os.access(path, os.X_OK)
            if is_absolute and is_program and self._may_be_run(path):
                return path
        return None

    def _may_be_run(self, path: str) -> bool:
        return not self._only_ours or self._lies_in_runtime(path)

    def _lies_in_runtime(self, path: str) -> bool:
        return Path(path).resolve().is_relative_to(self._runtime)

    def _run(self, path: str, asked: str) -> tuple[int, bytes]:
        try:
            process = subprocess.Popen(  # noqa: S603 - named by docker's configuration
                [path, "get"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=dict(self._environment),
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise HelperFailure(f"cannot run {path}: {error.strerror}") from error
        try:
            output, _ = process.communicate(asked.encode(), self._seconds)
        except subprocess.TimeoutExpired:
            said = f"{path} did not answer within {self._seconds:g} seconds"
            raise HelperFailure(said) from None
        finally:
            if process.returncode is None:
                _end(process)
        return process.returncode, output


class HelperProgram:
    """One of them, as a `Helper`.

    Args:
        programs: The programs.
        name: Its name.
    """

    def __init__(self, programs: HelperPrograms, name: str) -> None:
        self._programs = programs
        self._name = name

    def get(self, registry: str) -> Credential | None:
        """Return what it says; see `Helper`."""
        return self._programs.get(self._name, registry)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and what it has started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _check(path: str, status: int, output: bytes) -> None:
    """Do nothing where a program says that it has nothing.

    Raises:
        HelperFailure: It says something else.
    """
    lines = output.decode("utf-8", "replace").strip().splitlines()
    said = lines[0] if lines else ""
    if _NONE in said:
        return
    if not said or "{" in said or not said.isprintable():
        said = f"it ended with status {status}"  # an answer may hold a secret
    raise HelperFailure(f"{path}: {without_credentials(said)[:MAXIMUM_SAID]}")


def _parse(path: str, output: bytes) -> Credential | None:
    try:
        answer = json.loads(output)
        username, secret = answer["Username"], answer["Secret"]
    except (ValueError, LookupError, TypeError, RecursionError):
        username = secret = None
    if not isinstance(username, str) or not isinstance(secret, str):
        raise HelperFailure(f"{path} answered no JSON with Username and Secret")
    if not secret:
        return None
    if username == TOKEN_USER:
        return Credential(identity_token=secret, source=path)
    return Credential(username=username, password=secret, source=path)
