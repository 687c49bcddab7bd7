"""Whatever the base image brings, its RUNs are executed in place as elsewhere."""

import gzip
import platform
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from integration.both_places import BothPlaces
from integration.image_comparison.stored_image import read_layout
from integration.services.bases import NEWER_SUITE, SMALL_BASES, debian_layout
from integration.services.executor_image import ExecutorImage
from integration.services.layouts import TarEntry, layer_tar, write_layout
from integration.services.registry import running_registry

NO_PROGRAM = b"this is neither a program nor a library\n"
BUSYBOX = gzip.decompress(
    read_layout(SMALL_BASES, "busybox").layers[0].blob.read_bytes()
)
STEPS = """
RUN mkdir /made && echo one > /made/one && ln /made/one /made/two && ln -s one /made/l
COPY file /copied/file
RUN cat /copied/file > /made/own && chmod 4750 /made/own && chown 3:4 /made
"""
FILES = {"file": "content\n"}


def with_busybox(*entries: TarEntry) -> list[bytes | Path]:
    """Return the layers of a busybox with more in it."""
    return [BUSYBOX, layer_tar(entries)]


def program(name: str, content: bytes = NO_PROGRAM) -> TarEntry:
    """Return an entry for a file that can be executed."""
    return TarEntry(name=name, content=content, mode=0o755)


def folder(name: str, mode: int = 0o755) -> TarEntry:
    """Return an entry for a directory."""
    return TarEntry(name=name, type="dir", mode=mode)


def busybox_alone() -> bytes:
    """Return a root with one program and one more name of it, and nothing else."""
    program = subprocess.run(
        ["tar", "-xO", "bin/busybox"], input=BUSYBOX, capture_output=True, check=True
    ).stdout
    commands = ("sh", "mkdir", "ln", "cat", "chmod", "chown")
    links = [
        TarEntry(name=f"bin/{name}", type="hardlink", link="bin/busybox")
        for name in commands
    ]
    busybox = TarEntry(name="bin/busybox", content=program, mode=0o755)
    return layer_tar([busybox, *links])


LIBRARIES = (
    *("libc.so.6", "libm.so.6", "libz.so.1", "libssl.so.3", "libcrypto.so.3"),
    *("libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2", "libpthread.so.0"),
    *("ld-linux-x86-64.so.2", "libgcc_s.so.1", "libffi.so.8", "libcurl-gnutls.so.4"),
)
OLD_PLACES = ("lib", "lib64", "usr/lib", "usr/lib64", "lib/x86_64-linux-gnu")

ROOTS: dict[str, list[bytes | Path]] = {
    "one program": [busybox_alone()],
    "libraries that are none": with_busybox(
        *(program(f"{place}/{name}") for place in OLD_PLACES for name in LIBRARIES)
    ),
    "libraries behind symlinks": with_busybox(
        folder("usr/lib/x86_64-linux-gnu"),
        *(program(f"usr/lib/x86_64-linux-gnu/{name}") for name in LIBRARIES),
        TarEntry(name="lib64", type="symlink", link="usr/lib/x86_64-linux-gnu"),
    ),
    "another loader": with_busybox(
        program("lib/ld-musl-x86_64.so.1"),
        TarEntry(
            name="lib/libc.musl-x86_64.so.1",
            type="symlink",
            link="ld-musl-x86_64.so.1",
        ),
        TarEntry(name="etc/ld-musl-x86_64.path", content=b"/trap\n"),
    ),
    "settings that are traps": with_busybox(
        TarEntry(name="etc/ld.so.preload", content=b"/trap.so\n"),
        TarEntry(name="etc/ld.so.cache", content=NO_PROGRAM),
        program("trap.so"),
        TarEntry(name="etc/nsswitch.conf", content=b"hosts: trap\npasswd: trap\n"),
        TarEntry(name="etc/ssl/openssl.cnf", content=b"openssl_conf = [\n"),
        TarEntry(name="usr/lib/ssl/openssl.cnf", content=b"openssl_conf = [\n"),
        TarEntry(name="etc/ssl/certs/ca-certificates.crt", content=NO_PROGRAM),
        TarEntry(name="etc/host.conf", content=b"trap\n"),
        TarEntry(name="etc/gai.conf", content=b"trap\n"),
        TarEntry(name="etc/localtime", content=NO_PROGRAM),
        TarEntry(name="etc/gitconfig", content=b"[core\n"),
        TarEntry(name="root/.gitconfig", content=b"[core\n"),
    ),
    "another interpreter": with_busybox(
        program("usr/bin/python3"),
        program("usr/bin/python3.11"),
        *(
            TarEntry(name=f"usr/lib/python3.11/{name}", content=b"raise SystemExit(9)")
            for name in ("os.py", "encodings/__init__.py", "sitecustomize.py")
        ),
        TarEntry(name="pyvenv.cfg", content=b"home = /trap\n"),
        TarEntry(name="usr/bin/git", content=b"#!/bin/sh\nexit 9\n", mode=0o755),
    ),
    "odd modes": with_busybox(
        folder(".", 0o1711), folder("tmp", 0o700), folder("etc", 0o500)
    ),
    "closed to others": with_busybox(folder(".", 0o700), folder("bin", 0o711)),
    "no usual directories": with_busybox(
        *(TarEntry(name=f".wh.{name}") for name in ("tmp", "etc", "proc", "root"))
    ),
    "files for directories": with_busybox(
        *(TarEntry(name=f".wh.{name}") for name in ("tmp", "root", "home", "var")),
        *(TarEntry(name=name, content=b"x") for name in ("tmp", "root", "home", "var")),
    ),
}


@pytest.fixture
def places(executor_image: ExecutorImage, tmp_path: Path) -> BothPlaces:
    """Offer builds at both places."""
    return BothPlaces(image=executor_image, directory=tmp_path)


@pytest.mark.parametrize("name", ROOTS)
def test_what_is_run_over_a_strange_root_makes_the_same_image(
    name: str, executor_image: ExecutorImage, tmp_path: Path
) -> None:
    base = write_layout(tmp_path / "base", "strange", ROOTS[name])
    bases = {"strange": base}
    places = BothPlaces(image=executor_image, directory=tmp_path, bases=bases)
    # The second stage meets the root of the first one.
    dockerfile = (
        f"FROM strange AS first\n{STEPS}FROM strange\n"
        f"COPY --from=first /made /first\n{STEPS}"
    )
    outcome = places.same(dockerfile, files=FILES)
    assert "ld.so" not in outcome.log
    assert outcome.output == ""


def test_a_whole_distribution_is_run_in_place(
    executor_image: ExecutorImage, debian_base: Path, tmp_path: Path
) -> None:
    places = BothPlaces(
        image=executor_image, directory=tmp_path, bases={"debian": debian_base}
    )
    steps = """
        FROM debian
        RUN apt-get --version | head -n 1; perl -e 'print "perl\\n"'; ldconfig -p | \
            grep -c libc.so.6; rm -f /var/cache/ldconfig/aux-cache
        RUN useradd -m joe && rm -f /etc/*- && chage -d 1 joe && su joe -c 'echo > ~/f'
        """
    said = places.same(steps).said.splitlines()
    assert said[0].startswith("apt ")
    assert said[1:] == ["perl", "1"]


def test_another_c_library_is_run_in_place(
    executor_image: ExecutorImage, tmp_path: Path
) -> None:
    """Newer than ours: neither side may load the other's."""
    bases = {"debian": debian_layout(NEWER_SUITE)}
    places = BothPlaces(image=executor_image, directory=tmp_path, bases=bases)
    steps = """
        FROM debian
        RUN apt-get --version | head -n 1; ldd --version | head -n 1
        RUN getent hosts localhost && perl -e 'mkdir "/made", 0700; chown 5, 6, "/made"'
        COPY file /copied
        RUN cat /copied > /again
        """
    said = places.same(steps, files=FILES).said.splitlines()
    assert said[0].startswith("apt ")
    ours = platform.libc_ver()[1]
    assert not said[1].endswith(f" {ours}")


def test_an_image_with_our_directory_is_refused_where_it_would_be_replaced(
    executor_image: ExecutorImage, tmp_path: Path
) -> None:
    tars = with_busybox(program("kaniko/executor"), program("kaniko/bin/python3.11"))
    base = write_layout(tmp_path / "base", "strange", tars)
    bases = {"strange": base}
    places = BothPlaces(image=executor_image, directory=tmp_path, bases=bases)
    outcome = places.in_place("FROM strange\nRUN true\n")
    assert outcome.status == 1
    assert "the image has /kaniko" in outcome.error
    assert "--isolation=namespaces" in outcome.hint
    places.in_place("FROM strange\nCOPY file /kaniko/\n", files=FILES).check()
    places.check()


def test_an_image_of_our_own_can_be_a_stage(
    executor_image: ExecutorImage, tmp_path: Path
) -> None:
    """`COPY --from` it, which many do, while other stages are run in place."""
    tars = with_busybox(program("kaniko/executor"))
    base = write_layout(tmp_path / "base", "strange", tars)
    bases = {"strange": base}
    places = BothPlaces(image=executor_image, directory=tmp_path, bases=bases)
    places.same("FROM busybox\nCOPY --from=strange /kaniko /k\nRUN ls -R /k > /seen\n")


ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def test_a_link_of_the_image_at_a_mounts_directory_stays_in_the_image(
    executor_image: ExecutorImage, tmp_path: Path
) -> None:
    tars = with_busybox(
        TarEntry(name="var/.wh.run"),
        TarEntry(name="var/run", type="symlink", link="/run"),
        TarEntry(name="run/file", content=b"x"),
        TarEntry(name=".wh.etc"),
        folder("real"),
        TarEntry(name="real/passwd", content=b"root:x:0:0::/:/bin/sh\n"),
        TarEntry(name="etc", type="symlink", link="real"),
    )
    (tmp_path / "account").mkdir()
    (tmp_path / "account/token").write_text("secret")
    places = BothPlaces(
        image=executor_image,
        directory=tmp_path,
        bases={"strange": write_layout(tmp_path / "base", "strange", tars)},
        powers=[f"--volume={tmp_path / 'account'}:{ACCOUNT}:ro"],
    )
    places.same(f"FROM strange\n{STEPS}", files=FILES)
    files = places.built().files
    assert (files["var/run"].target, files["etc"].target) == ("/run", "real")
    assert not any("serviceaccount" in path for path in files)


class NameServer:
    """Answers every question for an address with 127.0.0.1, on UDP."""

    ADDRESS = "127.0.0.153"

    def __enter__(self) -> Self:
        """Listen."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self.ADDRESS, 53))
        self._thread = threading.Thread(target=self._serve, name="names")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (self.ADDRESS, 53))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            question, sender = self._socket.recvfrom(4096)
            if not question:
                return
            self._socket.sendto(answer_to(question), sender)


def answer_to(question: bytes) -> bytes:
    """Return 127.0.0.1 for a question of type A, nothing for others."""
    end = question.index(b"\0", 12) + 5
    is_address = question[end - 4 : end - 2] == b"\0\1"
    record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton("127.0.0.1")
    head = struct.pack(">HHHHH", 0x8180, 1, int(is_address), 0, 0)
    return question[:2] + head + question[12:end] + (record if is_address else b"")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Offer a directory with `cert.pem` and `key.pem` of registry.test."""
    directory = tmp_path / "tls"
    directory.mkdir()
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=registry.test"
    command = [*words.split(), "-addext", "subjectAltName=DNS:registry.test"]
    command += ["-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
    return directory


@pytest.fixture
def names() -> Iterator[NameServer]:
    """Offer a name server that knows every name."""
    with NameServer() as server:
        yield server


@pytest.mark.parametrize("name", ["settings that are traps", "libraries that are none"])
def test_an_image_is_pushed_by_name_and_tls_over_a_strange_root(
    name: str,
    certificate: Path,
    names: NameServer,
    executor_image: ExecutorImage,
    tmp_path: Path,
) -> None:
    base = write_layout(tmp_path / "base", "strange", ROOTS[name])
    with running_registry(tmp_path / "registry", tls=certificate) as registry:
        places = BothPlaces(
            image=executor_image,
            directory=tmp_path,
            bases={"strange": base},
            powers=[f"--dns={names.ADDRESS}", f"--volume={certificate}:/tls:ro"],
        )
        host = f"registry.test:{registry.host.rpartition(':')[2]}"
        outcome = places.in_place(
            f"FROM strange\n{STEPS}",
            f"--destination={host}/strange",
            f"--registry-certificate={host}=/tls/cert.pem",
            files=FILES,
        ).check()
        assert "ld.so" not in outcome.log
        assert len(registry.manifest("strange")["layers"]) == 5
    places.check()
