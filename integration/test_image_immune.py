"""Whatever lies outside the runtime's directory, our programs work and heed none of it.

A root file system that a build unpacks over `/` may hold settings for the C library,
OpenSSL and ssh: here they are traps.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.executor import write_context
from integration.services.executor_image import ExecutorImage
from integration.services.registry import Registry
from tests.support.git_repository import GitRepository
from tests.support.loopback_server import TLS
from tests.support.web_server import Answer, WebServer

AUTHORITY = f"--volume={TLS}/ca.pem:/kaniko/ssl/certs/test.pem:ro"
NAMED = "--add-host=registry.test:127.0.0.1"
OPENSSL_TRAP = """
openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = trap
[trap]
MaxProtocol = TLSv1
CipherString = NULL
"""
TRAPS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/ld.so.preload": "/etc/trap.so\n",
    "etc/trap.so": "no library",
    "etc/ld.so.cache": "no cache",
    "etc/nsswitch.conf": "hosts: trap\npasswd: trap\n",
    "etc/gitconfig": "[core\n",
    "etc/ssh/ssh_config": "Trap yes\n",
    "etc/gnutls/config": "[overrides]\ndisabled-version = tls1.2\n"
    "disabled-version = tls1.3\n",
    "usr/lib/ssl/openssl.cnf": OPENSSL_TRAP,
    "usr/lib/ssl/cert.pem": "no certificates",
    "usr/lib/python3.11/os.py": "raise SystemExit('trap')\n",
    "lib/libc.so.6": "no library",
    "lib/libssl.so.3": "no library",
}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """Offer a file and a repository with a submodule over TLS."""
    root = tmp_path_factory.mktemp("web")
    with WebServer(root) as plain, WebServer(root, tls=True) as server:
        GitRepository(root / "s.git").commit({"s": "s"})
        repository = GitRepository(root / "r.git")
        repository.add_submodule(f"{plain.url}/s.git", "sub")
        repository.commit({"f": "f"})
        server.answers = {"/file": [Answer(body=b"content")]}
        yield server


@pytest.fixture
def traps(tmp_path: Path) -> tuple[str, ...]:
    """Offer flags of `docker run` that put traps wherever our programs might look."""
    root = write_context(tmp_path / "traps", "", TRAPS)
    return (
        f"--volume={root}/etc:/etc",
        f"--volume={root}/usr:/usr:ro",
        f"--volume={root}/lib:/lib:ro",
        AUTHORITY,
    )


def test_a_build_heeds_no_file_of_the_root(
    executor_image: ExecutorImage,
    registry: Registry,
    web: WebServer,
    traps: tuple[str, ...],
    tmp_path: Path,
) -> None:
    dockerfile = f"""
        FROM scratch
        COPY Dockerfile /
        ADD {web.url}/file /
        ADD {web.url}/r.git /r
        """
    context = write_context(tmp_path / "context", dockerfile)
    port = registry.host.rpartition(":")[2]
    done = executor_image.run(
        f"--destination=registry.test:{port}/immune",
        "--insecure",
        flags=(
            *traps,
            NAMED,
            f"--volume={context}:/workspace:ro",
        ),
    )
    assert "cannot be preloaded" not in done.stderr
    assert len(registry.manifest("immune")["layers"]) == 3


def test_a_build_in_place_heeds_no_file_of_the_image(
    executor_image: ExecutorImage,
    registry: Registry,
    web: WebServer,
    small_bases: Path,
    tmp_path: Path,
) -> None:
    base = registry.push_layout(small_bases, "busybox", "bases/busybox")
    dockerfile = f"""
        FROM {base}
        COPY traps /
        RUN test -s /etc/ld.so.preload && test -s /usr/lib/ssl/openssl.cnf
        ADD {web.url}/file /
        ADD {web.url}/r.git /r
        RUN test "$(cat /file)" = content && test "$(cat /r/sub/s)" = s
        """
    files = {f"traps/{path}": text for path, text in TRAPS.items()}
    context = write_context(tmp_path / "context", dockerfile, files)
    port = registry.host.rpartition(":")[2]
    done = executor_image.run(
        f"--destination=registry.test:{port}/immune-in-place",
        "--insecure",
        "--insecure-pull",
        "--isolation=in-place",
        flags=(AUTHORITY, NAMED, f"--volume={context}:/workspace:ro"),
    )
    assert "in-place" in done.stderr
    assert "cannot be preloaded" not in done.stderr
    assert registry.manifest("immune-in-place") is not None


def test_git_and_ssh_heed_no_file_of_the_root(
    executor_image: ExecutorImage, web: WebServer, traps: tuple[str, ...]
) -> None:
    done = executor_image.shell(
        f"/kaniko/bin/git -c http.sslCAInfo=/kaniko/ssl/certs/test.pem "
        f"ls-remote {web.url}/r.git main\n"
        "/kaniko/bin/ssh -T -G host > /dev/null\n",
        *traps,
    )
    assert done.stdout.endswith("\trefs/heads/main\n")
    assert done.stderr == ""


def test_the_loader_asks_a_cache_of_its_own(executor_image: ExecutorImage) -> None:
    """What the cache of an image says of a library is not heard."""
    code = "import ctypes\ntry: ctypes.CDLL('libnone.so')\nexcept OSError: pass"
    python = executor_image.interpreter()
    flags = ("--env=LD_DEBUG=libs", f"--entrypoint={python[0]}")
    done = executor_image.run(*python[1:], "-c", code, flags=flags)
    assert "search cache=/kaniko/ld.cache" in done.stderr
    assert "search cache=/etc" not in done.stderr


EVERY_PACKAGE = """
import os, sys
exec(open("/kaniko/executor").read().partition("from entrypoints.executor")[0])
import azure.storage.blob, boto3, bz2, ctypes, dependency_injector.containers, git
import dockerfile_parse, google.cloud.storage, isal.igzip, loguru, lzma, requests
import importlib, pkgutil, socket, ssl, zlib_ng.zlib_ng, zstandard
for name in ("domain", "application", "adapters", "entrypoints"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        importlib.import_module(module.name)
for service in ("s3", "sts", "ecr", "ecr-public", "sso", "sso-oidc"):
    boto3.client(service, region_name="eu-west-1")
mapped = {line.split()[-1] for line in open("/proc/self/maps") if "/" in line}
print(sorted(path for path in mapped if not path.startswith("/kaniko/")))
print(ssl.get_default_verify_paths().openssl_cafile)
print(socket.gethostbyname("named.test"), os.environ["LC_CTYPE"], sys.flags.utf8_mode)
"""


def test_every_package_loads_with_nothing_from_outside(
    executor_image: ExecutorImage, traps: tuple[str, ...]
) -> None:
    python = executor_image.interpreter()
    done = executor_image.run(
        *python[1:],
        "-c",
        EVERY_PACKAGE,
        flags=(
            *traps,
            "--add-host=named.test:127.0.0.9",
            "--env=LC_ALL=",
            f"--entrypoint={python[0]}",
        ),
    )
    assert done.stdout.splitlines() == [
        "[]",
        "/kaniko//ssl/cert.pem",
        "127.0.0.9 C.UTF-8 1",
    ]
    assert done.stderr == ""
