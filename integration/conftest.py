"""Fixtures of the integration tests: servers, base images and the comparison.

Servers live for the session, are started when a test first asks for them and are
ended by their process ids. Whatever cannot start fails the test that asked.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.executor import Executor
from integration.modes import EVERY_MODE, Mode
from integration.services.bases import SMALL_BASES, debian_layout
from integration.services.docker import Docker, running_docker
from integration.services.executor_image import ExecutorImage, make_images
from integration.services.registry import Account, Registry, running_registry


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Run a registry for the session; plain HTTP, no authentication."""
    with running_registry(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture(scope="session")
def private_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Run a registry for the session that asks for an account."""
    account = Account(user="builder", password="correct horse")
    directory = tmp_path_factory.mktemp("private-registry")
    with running_registry(directory, account=account) as server:
        yield server


@pytest.fixture(scope="session")
def docker() -> Iterator[Docker]:
    """Run a docker daemon for the session."""
    with running_docker() as daemon:
        yield daemon


@pytest.fixture(scope="session")
def executor_image(docker: Docker) -> ExecutorImage:
    """Make the product's own images, once for the session."""
    return make_images(docker)


@pytest.fixture(scope="session")
def small_bases() -> Path:
    """Locate the OCI layout with `busybox`, `alpine`, `odd` and `onb`."""
    return SMALL_BASES


@pytest.fixture(scope="session")
def debian_base() -> Path:
    """Locate the OCI layout with a real Debian, named `debian`."""
    return debian_layout()


@pytest.fixture
def executor(tmp_path: Path) -> Executor:
    """Offer the executor, with an empty directory for its work files."""
    return Executor(work=tmp_path / "work")


@pytest.fixture(params=EVERY_MODE, ids=lambda mode: mode.name)
def mode(request: pytest.FixtureRequest) -> Mode:
    """Offer each of the modes."""
    chosen: Mode = request.param
    return chosen


@pytest.fixture
def builder(
    mode: Mode, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Executor]:
    """Offer the executor in a mode; it can read and write below `tmp_path`."""
    with mode.disk(tmp_path / "disk", "512m") as disk:
        work = disk / "kanipy"
        if mode.in_container:
            image = request.getfixturevalue("executor_image")
            yield mode.contained(work, tmp_path, image)
        else:
            yield mode.executor(work)
