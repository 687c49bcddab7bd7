"""A real registry on loopback: Debian's docker-registry with a private directory.

Plain HTTP without authentication unless asked otherwise. Images come and go through
skopeo; the few questions tests ask are answered over the distribution API.
"""

import json
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration.services.processes import accepts_connections, free_port, running

REGISTRY = "/usr/bin/docker-registry"
MANIFEST_TYPES = ", ".join(
    f"application/vnd.{name}+json"
    for name in (
        "oci.image.manifest.v1",
        "oci.image.index.v1",
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user name and a password that a registry asks for."""

    user: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """A running registry.

    Attributes:
        host: `127.0.0.1:PORT`, as references name it.
        storage: Where it keeps its blobs; a test may damage them.
        log: Its log, one line per request.
        account: What it asks for, or None.
        tls: Directory of its `cert.pem` and `key.pem`; None for plain HTTP.
    """

    host: str
    storage: Path
    log: Path
    account: Account | None
    tls: Path | None = None

    def push_layout(self, layout: Path, name: str, repository: str) -> str:
        """Copy an image of an OCI layout into a repository, tagged `latest`.

        Args:
            layout: The layout's directory.
            name: Reference name of the image in it.
            repository: Repository, with `:TAG` where it is not to be `latest`.

        Returns:
            The image's reference in this registry.
        """
        tagged = repository if ":" in repository else f"{repository}:latest"
        reference = f"{self.host}/{tagged}"
        command = ["skopeo", "copy", "--quiet", "--dest-tls-verify=false"]
        if self.account is not None:
            credentials = f"{self.account.user}:{self.account.password}"
            command += ["--dest-creds", credentials]
        source = f"oci:{layout}:{name}"
        subprocess.run([*command, source, f"docker://{reference}"], check=True)
        return reference

    def manifest(self, repository: str, reference: str = "latest") -> Any:  # noqa: ANN401 - JSON
        """Return a manifest, or None when the registry has none of that name."""
        try:
            return self.get(f"/v2/{repository}/manifests/{reference}")
        except urllib.error.HTTPError as error:
            with error:
                if error.code != 404:
                    raise
            return None

    def repositories(self) -> list[str]:
        """Return the names of all repositories, empty ones included."""
        names: list[str] = self.get("/v2/_catalog?n=1000")["repositories"]
        return names

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON document of a path of the API."""
        scheme = "https" if self.tls else "http"
        request = urllib.request.Request(f"{scheme}://{self.host}{path}")
        request.add_header("Accept", MANIFEST_TYPES)
        with urllib.request.urlopen(request, context=self._any_server) as answer:
            return json.loads(answer.read())

    @property
    def _any_server(self) -> ssl.SSLContext | None:
        """What it shows is for those who are tested to verify."""
        return ssl._create_unverified_context() if self.tls else None  # noqa: S323, SLF001


@contextmanager
def running_registry(
    directory: Path,
    *,
    account: Account | None = None,
    tls: Path | None = None,
    clients: Path | None = None,
    authentication: Mapping[str, Any] | None = None,
    storage: Path | None = None,
) -> Iterator[Registry]:
    """Run a registry until the block ends.

    Args:
        directory: Empty directory for its configuration, log and blobs.
        account: Ask for basic authentication with this account.
        tls: Directory of `cert.pem` and `key.pem`; speak plain HTTP without.
        clients: With `tls`: the authority whose clients are let in, nobody else.
        authentication: Another authentication, as its configuration has it.
        storage: Where it keeps its blobs, if another registry has them as well.
    """
    port = free_port()
    directory.mkdir(exist_ok=True)
    configuration = _configuration(directory, port)
    if tls is not None:
        configuration["http"]["tls"] = {
            "certificate": str(tls / "cert.pem"),
            "key": str(tls / "key.pem"),
        }
    if clients is not None:
        configuration["http"]["tls"]["clientcas"] = [str(clients)]
    if authentication is not None:
        configuration["auth"] = dict(authentication)
    if storage is not None:
        configuration["storage"]["filesystem"]["rootdirectory"] = str(storage)
    if account is not None:
        configuration["auth"] = {"htpasswd": _password_file(directory, account)}
    path = directory / "config.yml"
    path.write_text(json.dumps(configuration))
    log = directory / "registry.log"
    with running(
        [REGISTRY, "serve", path],
        log=log,
        ready=lambda: accepts_connections(port),
        environment={"OTEL_TRACES_EXPORTER": "none"},
    ):
        yield Registry(
            host=f"127.0.0.1:{port}",
            storage=storage or directory / "storage",
            log=log,
            account=account,
            tls=tls,
        )


def _configuration(directory: Path, port: int) -> dict[str, Any]:
    return {
        "version": "0.1",
        "log": {"level": "info"},
        "storage": {
            "filesystem": {"rootdirectory": str(directory / "storage")},
            "delete": {"enabled": True},
        },
        "http": {"addr": f"127.0.0.1:{port}"},
    }


def _password_file(directory: Path, account: Account) -> dict[str, str]:
    path = directory / "htpasswd"
    command = ["htpasswd", "-Bbn", account.user, account.password]
    line = subprocess.run(command, capture_output=True, check=True).stdout
    path.write_bytes(line)
    return {"realm": "tests", "path": str(path)}
