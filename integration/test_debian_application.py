"""A real application on a real Debian: packages, capabilities, users, a service.

Built and pushed by kanipy, pulled and run by docker; and the same Dockerfile built by
docker gives the same image.
"""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.executor import Executor, write_context
from integration.image_comparison.comparison import (
    Exceptions,
    FlatImage,
    compare_images,
    load_image,
)
from integration.image_comparison.differences import report
from integration.services.docker import Docker
from integration.services.processes import free_port
from integration.services.registry import Registry

WHEEL = "bottle"
REPOSITORY = "debian/application"
SECONDS = 60.0
DOCKERFILE = """\
FROM {base}
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update \\
 && apt-get install --yes --no-install-recommends \\
    iputils-ping libcap2-bin python3 python3-pip sudo
COPY wheels /tmp/wheels
RUN pip install --no-index --break-system-packages /tmp/wheels/*.whl \\
 && rm -r /tmp/wheels
RUN useradd --create-home --shell /bin/bash web \\
 && install --mode=755 /bin/cat /usr/local/bin/reader \\
 && setcap cap_dac_read_search+ep /usr/local/bin/reader
WORKDIR /srv/application
COPY --chown=web:web server.py .
LABEL org.opencontainers.image.title="a small service"
ENV PORT=8080
EXPOSE 8080
USER web
HEALTHCHECK --interval=1s --timeout=10s --start-period=2s --retries=30 \\
    CMD ["python3", "server.py", "check"]
ENTRYPOINT ["python3", "server.py"]
CMD ["serve"]
"""
SERVER = """\
import getpass
import os
import sys
import urllib.request

import bottle

PORT = int(os.environ["PORT"])


@bottle.route("/")
def home():
    return f"{getpass.getuser()} in {os.getcwd()}\\n"


if sys.argv[1] == "check":
    urllib.request.urlopen(f"http://127.0.0.1:{PORT}/").read()
else:
    bottle.run(host="127.0.0.1", port=PORT)
"""
CAP_NET_RAW = 1 << 13
CAP_DAC_READ_SEARCH = 1 << 2

EXCEPTIONS = Exceptions(
    content=(
        # Compiled by pip: holds the time at which pip wrote the source.
        "usr/local/bin/__pycache__/bottle.cpython-311.pyc",
        "usr/local/lib/python3.11/dist-packages/__pycache__/bottle.cpython-311.pyc",
        # apt's indexes hold times of files, ldconfig's cache inodes and times.
        "var/cache/apt/pkgcache.bin",
        "var/cache/apt/srcpkgcache.bin",
        "var/cache/ldconfig/aux-cache",
        # Each line tells when.
        "var/log/apt/history.log",
        "var/log/apt/term.log",
        "var/log/dpkg.log",
        "var/log/alternatives.log",
    )
)
"""Files that no two builds have in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The application's context, and its image as kanipy made it.

    Attributes:
        context: Its context.
        reference: Its image in the registry.
        image: That image, flattened.
    """

    context: Path
    reference: str
    image: FlatImage


@pytest.fixture(scope="module")
def application(
    registry: Registry, debian_base: Path, tmp_path_factory: pytest.TempPathFactory
) -> Application:
    """Build the application on a base of the registry and push it there."""
    directory = tmp_path_factory.mktemp("application")
    base = registry.push_layout(debian_base, "debian", "debian/base")
    context = write_context(
        directory / "context", DOCKERFILE.format(base=base), {"server.py": SERVER}
    )
    download_wheel(context / "wheels")
    reference = f"{registry.host}/{REPOSITORY}:latest"
    executor = Executor(work=directory / "work")
    executor.run(context, f"--destination={reference}").check()
    image = load_image(f"docker://{reference}", directory)
    return Application(context=context, reference=reference, image=image)


def download_wheel(directory: Path) -> None:
    """Fetch a package, so that the build needs no package index."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    subprocess.run([*pip, f"--dest={directory}", WHEEL], check=True)


@contextmanager
def container(docker: Docker, application: Application, port: int) -> Iterator[str]:
    """Run the application in a container until the block ends; offer its id."""
    flags = ("--detach", "--network=host", f"--env=PORT={port}")
    started = docker.run("run", *flags, application.reference)
    identity = started.stdout.strip()
    try:
        yield identity
    finally:
        docker.run("rm", "--force", identity)


def answer(port: int) -> str:
    """Return what the application says, as soon as it does.

    Raises:
        OSError: It says nothing within a minute.
    """
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as stream:
                return str(stream.read(), "utf-8")
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_docker_pulls_and_runs_the_application(
    application: Application, docker: Docker
) -> None:
    port = free_port()
    with container(docker, application, port) as identity:
        assert answer(port) == "web in /srv/application\n"
        health = "{{.State.Health.Status}}"
        deadline = time.monotonic() + SECONDS
        status = "starting"
        while status == "starting" and time.monotonic() < deadline:
            time.sleep(0.2)
            told = docker.run("inspect", f"--format={health}", identity)
            status = told.stdout.strip()
        assert status == "healthy"


@pytest.mark.parametrize(
    ("path", "capabilities"),
    [("usr/bin/ping", CAP_NET_RAW), ("usr/local/bin/reader", CAP_DAC_READ_SEARCH)],
)
def test_capabilities_of_files_are_in_the_image(
    application: Application, path: str, capabilities: int
) -> None:
    value = bytes.fromhex(application.image.files[path].xattrs["security.capability"])
    assert int.from_bytes(value[4:8], "little") == capabilities


def test_setuid_files_are_in_the_image(application: Application) -> None:
    sudo = application.image.files["usr/bin/sudo"]
    assert (sudo.mode, sudo.owner) == ("4755", "0:0")


def test_files_belong_to_the_user_that_the_build_made(
    application: Application,
) -> None:
    files = application.image.files
    assert files["srv/application/server.py"].owner == "1000:1000"
    assert files["srv/application"].owner == "0:0"
    assert files["home/web"].owner == "1000:1000"
    assert "tmp/wheels" not in files


def test_docker_builds_the_same_image(
    application: Application, docker: Docker, tmp_path: Path
) -> None:
    docker.build(application.context, REPOSITORY)
    theirs = load_image(docker.save(REPOSITORY, tmp_path / "saved.tar"), tmp_path)
    differences = compare_images(application.image, theirs, exceptions=EXCEPTIONS)
    assert not differences, report(differences)
