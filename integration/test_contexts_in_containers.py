"""Contexts that are fetched, in place in the product's image: its own SDKs, git, ssh.

The root is an image's by the time that later instructions want their files, and by
the time that a further context is fetched.
"""

import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.both_places import IN_PLACE, index_of
from integration.executor import Executor, named_base, write_context
from integration.services.bases import SMALL_BASES
from integration.services.executor_image import ExecutorImage
from integration.services.git_servers import (
    PASSWORD,
    USER,
    running_git_server,
    running_ssh_server,
)
from integration.services.object_stores import (
    ObjectStore,
    running_azure,
    running_gcs,
    running_s3,
)
from tests.support.git_repository import GitRepository
from tests.support.loopback_server import TLS

DOCKERFILE = """
FROM busybox
COPY --chmod=755 run.sh /bin/
RUN --mount=type=bind,target=/src,ro cmp /src/lib/data /src/lib/same && touch /run-1
COPY lib /lib/app
COPY --from=late late /
RUN cmp /lib/app/data /lib/app/same && cat /late > /seen
"""
NOISE = bytes(range(256)) * 4000
FILES: dict[str, str | bytes] = {
    "run.sh": "#!/bin/sh\n",
    "lib/data": NOISE,
    "lib/same": NOISE,
}
OWN_CA = f"--volume={TLS / 'ca.pem'}:/kaniko/ssl/certs/own.pem:ro"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the context is.

    Attributes:
        context: Its address.
        flags: Flags of the executor.
        powers: Flags of `docker run`.
    """

    context: str
    flags: tuple[str, ...] = ()
    powers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The same context everywhere.

    Attributes:
        places: By name of the kind.
        late: Address of the further context.
        index: What an image of the directory comes to on this machine.
    """

    places: dict[str, Place]
    late: str
    index: bytes


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    """Run all servers, and build from the directory on this machine."""
    root = tmp_path_factory.mktemp("sources")
    directory = write_context(root / "directory", DOCKERFILE, FILES)
    late = write_context(root / "late", "", {"late": "late\n"})
    Executor(work=root / "work").layout(
        directory,
        root / "image",
        "--reproducible",
        f"--build-context=late={late}",
        named_base("busybox", SMALL_BASES, "busybox"),
    )
    with ExitStack() as running:
        places = stores(packed(directory), root, running)
        git = running.enter_context(running_git_server(made(root / "git")))
        repository = GitRepository(git.repositories / "app.git")
        repository.git("config", "uploadpack.allowFilter", "true")
        files = {"Dockerfile": DOCKERFILE, **FILES}
        repository.commit({f"app/{name}": data for name, data in files.items()})
        GitRepository(git.repositories / "late.git").commit({"late": "late\n"})
        (git.directory / "files" / "app.tgz").write_bytes(packed(directory))
        ssh = running.enter_context(running_ssh_server(made(root / "ssh")))
        (root / "known_hosts").write_text(ssh.known_hosts)
        account = f"{USER}:{PASSWORD}"
        places |= {
            "https": Place(context=f"https://{account}@{git.tls_host}/files/app.tgz"),
            "git": Place(
                context=f"git://{account}@{git.tls_host}/private/app.git#:app"
            ),
            "ssh": Place(
                context=f"ssh://root@{ssh.host}{repository.path}#main:app",
                flags=(f"--ssh=default={ssh.agent}",),
                powers=(
                    f"--volume={ssh.agent}:{ssh.agent}",
                    f"--volume={root / 'known_hosts'}:/root/.ssh/known_hosts:ro",
                ),
            ),
        }
        late_address = f"https://{account}@{git.tls_host}/private/late.git"
        index = index_of(root / "image")
        yield Sources(places=places, late=late_address, index=index)


def stores(archive: bytes, root: Path, running: ExitStack) -> dict[str, Place]:
    """Start the object stores, with the archive in each."""
    kinds: dict[str, Callable[[Path], AbstractContextManager[ObjectStore]]] = {
        "s3": running_s3,
        "gcs": running_gcs,
        "azure": running_azure,
    }
    places = {}
    for name, run in kinds.items():
        store = running.enter_context(run(made(root / name)))
        variables = tuple(f"--env={n}={v}" for n, v in store.environment.items())
        address = store.put("app.tgz", archive)
        places[name] = Place(context=address, powers=variables)
    return places


def made(directory: Path) -> Path:
    directory.mkdir()
    return directory


def packed(directory: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(directory, ".")
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["s3", "gcs", "azure", "https", "git", "ssh"])
def test_in_place_the_image_is_that_of_the_directory(
    kind: str, sources: Sources, executor_image: ExecutorImage, tmp_path: Path
) -> None:
    place = sources.places[kind]
    volumes = (f"--volume={tmp_path}:/out", f"--volume={SMALL_BASES}:/bases:ro")
    done = executor_image.run(
        f"--context={place.context}",
        *("--no-push", "--reproducible", "--oci-layout-path=/out/image"),
        *("--log-format=text", "--verbosity=trace"),
        f"--build-context=late={sources.late}",
        named_base("busybox", Path("/bases"), "busybox"),
        *place.flags,
        flags=[*volumes, OWN_CA, *place.powers],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert IN_PLACE in done.stderr
    assert PASSWORD not in done.stderr
    assert index_of(tmp_path / "image") == sources.index
