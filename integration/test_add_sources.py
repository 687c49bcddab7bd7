"""ADD of addresses by the executor, as a user runs it: web server and git server."""

import hashlib
import io
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.executor import (
    Executor,
    Outcome,
    named_base,
    write_context,
)
from integration.image_comparison.comparison import FlatImage
from integration.stopping import begun, stop
from tests.support.git_repository import COMMIT_SECONDS, GitRepository
from tests.support.loopback_server import TLS
from tests.support.web_server import Answer, WebServer

CHANGED = 1_500_000_000
LAST_MODIFIED = {"Last-Modified": "Fri, 14 Jul 2017 02:40:00 GMT"}
SECRET = "s3cr3t"


def archive() -> bytes:
    """Return a compressed archive with one file of a user."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        member = tarfile.TarInfo("in/f")
        member.size, member.uid, member.mode, member.mtime = 1, 7, 0o640, CHANGED
        tar.addfile(member, io.BytesIO(b"1"))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """Offer documents, and repositories with a submodule, two branches and a tag."""
    root = tmp_path_factory.mktemp("web")
    with WebServer(root) as server:
        document = Answer(body=b"content", headers=LAST_MODIFIED)
        moved = Answer(status=301, headers={"Location": "/dir/f.txt"})
        server.answers = {
            "/dir/f.txt": [document],
            "/moved": [moved],
            "/a.tgz": [Answer(body=archive())],
        }
        GitRepository(root / "s.git").commit({"s": "s"})
        repository = GitRepository(root / "r.git")
        repository.commit({"f": "old"})
        repository.git("tag", "v1")
        repository.add_submodule(f"{server.url}/s.git", "sub")
        links = {"l": "docs/d"}
        files = {"f": "new", "run": "#!", "docs/d": "d"}
        repository.commit(files, executable=("run",), links=links)
        yield server


def build(executor: Executor, directory: Path, dockerfile: str) -> FlatImage:
    context = write_context(directory / "context", dockerfile)
    return executor.image(context, directory)


def failed(
    executor: Executor, directory: Path, dockerfile: str, *flags: str
) -> Outcome:
    context = write_context(directory / "context", dockerfile)
    layout = directory / "image"
    outcome = executor.run(context, "--no-push", f"--oci-layout-path={layout}", *flags)
    assert outcome.status == 1
    assert not layout.exists()
    assert SECRET not in outcome.log
    return outcome


def facts(image: FlatImage, path: str) -> tuple[str, str, int | str | None]:
    """Return mode, owner and time of a path in seconds."""
    entry = image.files[path]
    return entry.mode, entry.owner, entry.mtime


def test_files_and_archives_from_a_web_server(
    web: WebServer, executor: Executor, tmp_path: Path
) -> None:
    digest = hashlib.sha256(b"content").hexdigest()
    image = build(
        executor,
        tmp_path,
        f"""
        FROM scratch
        ARG WEB={web.url}
        ADD $WEB/dir/f.txt?x=1 /plain
        ADD --checksum=sha256:{digest} --chmod=644 --chown=5:6 $WEB/moved /into/
        ADD $WEB/a.tgz /
        ADD --unpack=true $WEB/a.tgz /unpacked
        """,
    )
    assert facts(image, "plain") == ("0600", "0:0", CHANGED)
    assert facts(image, "into/moved") == ("0644", "5:6", CHANGED)
    assert facts(image, "a.tgz") == ("0600", "0:0", 0)
    assert facts(image, "unpacked/in/f") == ("0640", "7:0", CHANGED)
    assert image.files["plain"].content == image.files["into/moved"].content


def test_repositories(web: WebServer, executor: Executor, tmp_path: Path) -> None:
    image = build(
        executor,
        tmp_path,
        f"""
        FROM scratch
        ADD {web.url}/r.git /all
        ADD {web.url}/r.git#v1 /tag
        ADD --exclude=d {web.url}/r.git#main:docs /none/
        ADD --keep-git-dir=true {web.url}/r.git?submodules=false /kept
        """,
    )
    assert facts(image, "all/f") == ("0644", "0:0", COMMIT_SECONDS)
    assert facts(image, "all/run") == ("0755", "0:0", COMMIT_SECONDS)
    assert image.files["all/l"].target == "docs/d"
    assert "all/sub/s" in image.files
    assert not [path for path in image.files if path.startswith("all/.git/")]
    assert [path for path in image.files if path.startswith("tag")] == ["tag", "tag/f"]
    assert [path for path in image.files if path.startswith("none")] == ["none"]
    assert "kept/.git/HEAD" in image.files
    assert "kept/sub/s" not in image.files


def test_a_run_sees_what_was_added(
    web: WebServer, executor: Executor, small_bases: Path, tmp_path: Path
) -> None:
    dockerfile = f"""
        FROM busybox
        ADD {web.url}/dir/f.txt /f
        ADD --keep-git-dir {web.url}/r.git /r
        RUN cat /f > /copy && test -x /r/run && test "$(cat /r/l)" = d
        """
    context = write_context(tmp_path / "context", dockerfile)
    base = named_base("busybox", small_bases, "busybox")
    image = executor.image(context, tmp_path, base)
    assert image.files["copy"].content == image.files["f"].content


def test_two_builds_make_the_same_layers(
    web: WebServer, executor: Executor, tmp_path: Path
) -> None:
    dockerfile = f"FROM scratch\nADD {web.url}/r.git {web.url}/dir/f.txt /x/\n"
    context = write_context(tmp_path / "context", dockerfile)
    indexes = []
    for name in ("first", "second"):
        executor.layout(context, tmp_path / name, "--reproducible")
        indexes.append((tmp_path / name / "index.json").read_bytes())
    assert indexes[0] == indexes[1]


def test_credentials_are_used_and_never_shown(
    web: WebServer, executor: Executor, tmp_path: Path
) -> None:
    address = f"http://user:{SECRET}@{web.host}"
    dockerfile = f"""
        FROM scratch
        ADD {address}/dir/f.txt?sig={SECRET} /f
        ADD --keep-git-dir {address}/r.git#v1 /r
        """
    web.asked.clear()
    context = write_context(tmp_path / "context", dockerfile)
    layout = tmp_path / "image"
    outcome = executor.layout(context, layout, "--verbosity=trace")
    assert SECRET not in outcome.log + outcome.output
    assert [asked for asked in web.asked if "Authorization" in asked.headers]
    for blob in (layout / "blobs" / "sha256").iterdir():
        data = blob.read_bytes()
        assert SECRET.encode() not in _plain(data)


def _plain(data: bytes) -> bytes:
    """Return the content of a blob, decompressed where it is a layer."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    done = subprocess.run(["gzip", "-dc"], input=data, capture_output=True, check=True)
    return done.stdout


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        (
            "ADD {url}/no?token=s3cr3t /x",
            "Dockerfile:2: {url}/no?…: the server answered 404 Not Found",
            "check the address",
        ),
        (
            "ADD --checksum=sha256:" + "0" * 64 + " {url}/dir/f.txt /x",
            "Dockerfile:2: {url}/dir/f.txt: the content has the digest sha256:",
            "change --checksum",
        ),
        (
            "ADD http://user:s3cr3t@127.0.0.1:1/x /x",
            "Dockerfile:2: http://127.0.0.1:1/x: cannot be downloaded: the connection",
            "check the host name",
        ),
        (
            "ADD {url}/r.git#nothing /x",
            "Dockerfile:2: {url}/r.git#nothing: the repository has no branch",
            "behind #",
        ),
        (
            "ADD {url}/no.git /x",
            "Dockerfile:2: {url}/no.git: there is no such repository",
            "check the address",
        ),
        (
            "ADD --checksum=0000000 {url}/r.git /x",
            "Dockerfile:2: {url}/r.git: the commit is ",
            "change the checksum",
        ),
        (
            "ADD {url}/r.git?unknown=1 /x",
            "Dockerfile:2: a repository's address has no parameter 'unknown'",
            "known are ref",
        ),
        (
            "COPY {url}/dir/f.txt /x",
            "Dockerfile:2: COPY cannot take files from a URL",
            "use ADD",
        ),
        (
            "COPY --parents no/./x /x",
            "Dockerfile:2: '/no/x' not found in the build context",
            "check the path",
        ),
    ],
)
def test_errors_name_line_place_and_remedy(
    web: WebServer,
    executor: Executor,
    tmp_path: Path,
    line: str,
    error: str,
    hint: str,
) -> None:
    dockerfile = f"FROM scratch\n{line.format(url=web.url)}\n"
    outcome = failed(executor, tmp_path, dockerfile)
    assert outcome.error.startswith(error.format(url=web.url))
    assert hint in outcome.hint


def test_tls_is_verified_for_both(executor: Executor, tmp_path: Path) -> None:
    root = tmp_path / "web"
    with WebServer(root, tls=True) as web:
        GitRepository(root / "r.git").commit({"f": "1"})
        web.answers["/f"] = [Answer(body=b"1")]
        lines = (f"ADD {web.url}/f /f", f"ADD {web.url}/r.git /r")
        for number, line in enumerate(lines):
            directory = tmp_path / str(number)
            outcome = failed(executor, directory, f"FROM scratch\n{line}\n")
            assert "certificate is not trusted" in outcome.error
        context = write_context(
            tmp_path / "context", "FROM scratch\n" + "\n".join(lines)
        )
        trust = f"--registry-certificate={web.host}={TLS / 'ca.pem'}"
        image = executor.image(context, tmp_path, trust)
        assert {"f", "r/f"} <= set(image.files)


def test_a_secret_is_shown_to_its_host(
    web: WebServer, executor: Executor, tmp_path: Path
) -> None:
    context = write_context(
        tmp_path / "context", f"FROM scratch\nADD {web.url}/dir/f.txt /f\n"
    )
    (tmp_path / "token").write_text(SECRET)
    web.asked.clear()
    secret = f"--secret=id=HTTP_AUTH_TOKEN_localhost,src={tmp_path / 'token'}"
    executor.layout(context, tmp_path / "image", secret)
    assert [asked.headers.get("Authorization") for asked in web.asked] == [
        f"Bearer {SECRET}"
    ]


def programs_that_name(text: str) -> list[bytes]:
    """Return the commands of processes that have a text among their words."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:  # it has ended
            continue
        if text.encode() in command:
            found.append(command)
    return found


@pytest.mark.parametrize("source", ["r.git", "dir/f.txt"])
def test_a_build_that_is_stopped_while_it_fetches_leaves_nothing(
    executor: Executor, tmp_path: Path, source: str
) -> None:
    with WebServer(tmp_path) as web:
        web.hangs.set()
        dockerfile = f"FROM scratch\nADD {web.url}/{source} /x\n"
        context = write_context(tmp_path / "context", dockerfile)
        command = executor.command(context, "--no-push", f"--tar-path={tmp_path}/i")
        stop(begun(command, lambda: bool(web.asked)), signal.SIGTERM)
        web.hangs.clear()
        assert list(executor.work.iterdir()) == []
        left = programs_that_name(web.host)
        assert not [command for command in left if command.startswith(b"git\0")]
