"""No secret of a context is in any output at any verbosity, nor in a program's words.

Each kind of secret is given to a build that goes well and to one that fails, and looked
for in all that came out: as it is, and as it is sent.
"""

import base64
import io
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from integration.executor import ENVIRONMENT, Executor, write_context
from tests.support.git_repository import GitRepository
from tests.support.loopback_server import TLS
from tests.support.web_server import Answer, WebServer

SECRET = "s3cr3t-w0rd"
USER = "builder"
SENT = [
    SECRET,
    *(
        base64.b64encode(text.encode()).decode().rstrip("=")
        for text in (SECRET, f"{USER}:{SECRET}", f"{SECRET}:")
    ),
]
"""How it is written and how it is sent."""

DOCKERFILE = "FROM scratch\nCOPY Dockerfile /\n"
KEY = base64.b64encode(SECRET.encode()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A build that is given a secret.

    Attributes:
        good: Address of a context that is there; `{host}` is the server's.
        bad: Address of one that is not.
        variables: Variables with a secret, or that lead to the server.
        flags: Further flags.
    """

    good: str
    bad: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    flags: tuple[str, ...] = ()


AWS = {
    "S3_ENDPOINT": "https://{host}",
    "S3_FORCE_PATH_STYLE": "true",
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_SESSION_TOKEN": SECRET,
}
AZURE = {
    "AZURE_STORAGE_BLOB_ENDPOINT": "https://{host}/account",
    "AZURE_STORAGE_ACCESS_KEY": KEY,
}
BLOB = "https://account.blob.core.windows.net/box"
REPOSITORY = "git://{host}/r.git"
GIVEN = {
    "a user of https": Given(
        good=f"https://{USER}:{SECRET}@{{host}}/a.tar",
        bad=f"https://{USER}:{SECRET}@{{host}}/no.tar",
    ),
    "a signature": Given(
        good=f"https://{{host}}/a.tar?sig={SECRET}&X-Amz-Signature={SECRET}",
        bad=f"https://{{host}}/no.tar?sig={SECRET}",
    ),
    "a user of git": Given(
        good=f"git://{USER}:{SECRET}@{{host}}/r.git",
        bad=f"git://{USER}:{SECRET}@{{host}}/r.git#no",
    ),
    "a token in an address": Given(
        good=f"https://{SECRET}@{{host}}/r.git",
        bad=f"https://{SECRET}@{{host}}/no.git",
    ),
    "GIT_TOKEN": Given(
        good=REPOSITORY, bad=f"{REPOSITORY}#no", variables={"GIT_TOKEN": SECRET}
    ),
    "GIT_PASSWORD": Given(
        good=REPOSITORY,
        bad="git://{host}/no.git",
        variables={"GIT_USERNAME": USER, "GIT_PASSWORD": SECRET},
    ),
    "AWS_*": Given(good="s3://box/a.tar", bad="s3://box/no.tar", variables=AWS),
    "AZURE_*": Given(good=f"{BLOB}/a.tar", bad=f"{BLOB}/no.tar", variables=AZURE),
    "an address of a Dockerfile": Given(
        good="https://{host}/a.tar",
        bad="https://{host}/no.tar",
        flags=(f"-f=https://{USER}:{SECRET}@{{host}}/Dockerfile?x={SECRET}",),
    ),
    "a further context": Given(
        good="https://{host}/a.tar",
        bad="https://{host}/no.tar",
        flags=(f"--build-context=x=git://{USER}:{SECRET}@{{host}}/r.git",),
    ),
}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    """Run a server with the context, as an archive and as a repository."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        made.add(write_context(tmp_path / "context", DOCKERFILE), ".")
    data = buffer.getvalue()
    part = Answer(
        status=206,
        body=data,
        headers={
            "Content-Range": f"bytes 0-{len(data) - 1}/{len(data)}",
            "ETag": '"1"',
            "Last-Modified": "Fri, 14 Jul 2017 02:40:00 GMT",
            "x-ms-blob-type": "BlockBlob",
            "x-ms-version": "2021-01-01",
        },
    )
    repositories = tmp_path / "repositories"
    GitRepository(repositories / "r.git").commit({"Dockerfile": DOCKERFILE})
    with WebServer(repositories, tls=True) as server:
        server.answers["/a.tar"] = [Answer(body=data)]
        server.answers["/Dockerfile"] = [Answer(body=DOCKERFILE.encode())]
        server.answers["/box/a.tar"] = server.answers["/account/box/a.tar"] = [part]
        yield server


def command(web: WebServer, work: Path, given: Given, address: str) -> list[str]:
    return Executor(work=work).command(
        address.format(host=web.host),
        "--no-push",
        *(flag.format(host=web.host) for flag in given.flags),
    )


def environment(web: WebServer, given: Given) -> dict[str, str]:
    return {
        **ENVIRONMENT,
        "SSL_CERT_FILE": str(TLS / "ca.pem"),
        "NO_PROXY": "localhost",
        **{name: text.format(host=web.host) for name, text in given.variables.items()},
    }


@pytest.mark.parametrize("kind", GIVEN)
@pytest.mark.parametrize("verbosity", ["trace", "info"])
def test_no_secret_is_told(
    kind: str, verbosity: str, web: WebServer, tmp_path: Path
) -> None:
    given = GIVEN[kind]
    for address, status in ((given.good, 0), (given.bad, 1)):
        outcome = Executor(work=tmp_path / "work").run(
            address.format(host=web.host),
            *("--no-push", f"--verbosity={verbosity}"),
            *(flag.format(host=web.host) for flag in given.flags),
            environment=environment(web, given),
        )
        assert outcome.status == status, outcome.log
        told = outcome.log + outcome.output
        assert not [text for text in [*SENT, KEY] if text in told]


@pytest.mark.parametrize("kind", [kind for kind in GIVEN if "git" in kind.lower()])
def test_no_secret_is_in_the_words_of_a_program(
    kind: str, web: WebServer, tmp_path: Path
) -> None:
    given = GIVEN[kind]
    web.hangs.set()
    process = subprocess.Popen(
        command(web, tmp_path / "work", given, given.good),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(web, given),
    )
    deadline = time.monotonic() + 60
    while not web.asked and time.monotonic() < deadline:
        time.sleep(0.02)
    words = list(words_below(process.pid))
    web.hangs.clear()
    assert process.wait() == 0
    assert any(b"ls-remote" in each for each in words)
    assert not [text for text in SENT for each in words if text.encode() in each]


def words_below(process: int) -> Iterator[bytes]:
    """Yield the words of all programs that a process started."""
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        for child in children.read_text().split():
            yield Path(f"/proc/{child}/cmdline").read_bytes()
            yield from words_below(int(child))
