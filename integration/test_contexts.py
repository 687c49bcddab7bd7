"""One small application from every kind of context: the same image, on real servers."""

import gzip
import io
import os
import pty
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import zstandard

from integration.executor import (
    ENVIRONMENT,
    Executor,
    Outcome,
    named_base,
    write_context,
)
from integration.image_comparison.comparison import load_image
from integration.services.git_servers import (
    PASSWORD,
    TOKEN,
    USER,
    GitServer,
    SshServer,
    running_git_server,
    running_ssh_server,
)
from integration.services.object_stores import (
    AZURE_KEY,
    BUCKET,
    ObjectStore,
    running_azure,
    running_gcs,
    running_s3,
)
from tests.support.git_repository import GitRepository
from tests.support.loopback_server import TLS
from tests.support.web_server import Answer, WebServer

DOCKERFILE = """
FROM scratch
COPY --chmod=755 run.sh /bin/
COPY lib /lib
COPY current /etc/
"""
FILES: dict[str, str | bytes] = {
    "run.sh": "#!/bin/sh\n",
    "lib/a/data": bytes(range(256)) * 64,
    "lib/b": "b",
    ".dockerignore": "**/.git\nnotes\n",
    "notes": "not for the image",
}
ZSTD = zstandard.ZstdCompressor()
KNOWN_HOSTS = Path("/etc/ssh/ssh_known_hosts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The application in a directory, and in an archive.

    Attributes:
        directory: Its files.
        archive: They, compressed.
        nested: They below `deep/app`, compressed.
        digest: Digest of the image that is made of them.
    """

    directory: Path
    archive: bytes
    nested: bytes
    digest: bytes


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Application:
    """Make the application, and its image from the directory."""
    root = tmp_path_factory.mktemp("application")
    directory = write_context(root / "application", DOCKERFILE, FILES)
    (directory / "current").symlink_to("lib/b")
    executor = Executor(work=root / "work")
    executor.layout(directory, root / "image", "--reproducible")
    return Application(
        directory=directory,
        archive=packed(directory, "."),
        nested=packed(directory, "deep/app"),
        digest=(root / "image" / "index.json").read_bytes(),
    )


def packed(directory: Path, name: str) -> bytes:
    """Return a compressed archive with a directory under a name."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(directory, name)
    return buffer.getvalue()


def same(
    application: Application,
    place: Path,
    context: str | Path,
    *flags: str | Path,
    environment: dict[str, str] | None = None,
    standard_input: bytes = b"",
) -> Outcome:
    """Build a context; require the image of the directory."""
    outcome = Executor(work=place / "work").layout(
        context,
        place / "image",
        *("--reproducible", "--verbosity=trace"),
        *flags,
        environment=environment,
        standard_input=standard_input,
    )
    index = (place / "image" / "index.json").read_bytes()
    assert index == application.digest, outcome.log
    return outcome


# ------------------------------------------------------------------- on this machine


def test_a_local_archive(application: Application, tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(application.archive)
    same(application, tmp_path, f"tar://{path}")
    same(application, tmp_path, f"dir://{application.directory}")


@pytest.mark.parametrize("context", ["tar://stdin", "-"])
def test_standard_input(application: Application, tmp_path: Path, context: str) -> None:
    same(application, tmp_path, context, standard_input=application.archive)


def test_a_directory_of_an_archive(application: Application, tmp_path: Path) -> None:
    flag = "--context-sub-path=deep/app"
    same(application, tmp_path, "-", flag, standard_input=application.nested)


@pytest.mark.parametrize("context", ["tar://stdin", "-"])
def test_a_terminal_is_no_archive(tmp_path: Path, context: str) -> None:
    controlling, terminal = pty.openpty()
    with os.fdopen(controlling, "rb"), os.fdopen(terminal, "rb") as standard_input:
        done = subprocess.run(
            Executor(work=tmp_path / "work").command(context, "--no-push"),
            stdin=standard_input,
            capture_output=True,
            text=True,
            check=False,
            env=ENVIRONMENT,
            timeout=60,
        )
    assert done.returncode == 1
    assert "no data found: the build context would be read from a term" in done.stderr
    assert "docker run and kubectl run the flag -i" in done.stderr


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "no data found, standard input is empty"),
        (b"FROM scratch\n" * 99, "it is no tar archive"),
        (bytes(10240), "it is empty"),
        (
            b"\x1f\x8b\x08 and so on" * 99,
            "it is no tar archive (the compressed data is damaged",
        ),
    ],
)
def test_what_is_no_archive(tmp_path: Path, data: bytes, error: str) -> None:
    outcome = Executor(work=tmp_path / "work").run(
        "-", "--no-push", standard_input=data
    )
    assert outcome.status == 1
    assert outcome.error.startswith("standard input: ")
    assert error in outcome.error
    assert outcome.hint


@pytest.mark.parametrize("cut", [1, 400])
@pytest.mark.parametrize("compress", [bytes, gzip.compress, ZSTD.compress])
def test_an_archive_that_was_cut_off(
    application: Application,
    tmp_path: Path,
    compress: Callable[[bytes], bytes],
    cut: int,
) -> None:
    plain = gzip.decompress(application.archive).rstrip(b"\0")
    whole = compress(plain + bytes(-len(plain) % 512))
    data = whole[:-cut] if compress is not bytes else whole
    outcome = Executor(work=tmp_path / "work").run(
        "-", "--no-push", f"--tar-path={tmp_path / 'image'}", standard_input=data
    )
    assert outcome.status == 1
    assert "trunc" in outcome.error or "was cut off" in outcome.error
    assert not (tmp_path / "image").exists()


def leading_out(name: str, target: str = "") -> bytes:
    """Return an archive with a hostile member."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        file = tarfile.TarInfo("Dockerfile")
        data = DOCKERFILE.encode()
        file.size = len(data)
        archive.addfile(file, io.BytesIO(data))
        if target:
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
        archive.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "flags", "error"),
    [
        (leading_out("../x"), (), "the name '../x' leaves the build context"),
        (leading_out("/x"), (), "the name '/x' is absolute"),
        (leading_out("link/x", "/etc"), (), "'link/x' is below a symlink"),
        (leading_out("x"), ("--context-limit=9",), "unpacks to more than 9 bytes"),
        (
            leading_out("x"),
            ("--context-sub-path=../x",),
            'the sub-path "../x" leaves the build context',
        ),
        (leading_out("x"), ("--context-sub-path=y",), 'has no directory "y"'),
        (leading_out("x", "/etc"), ("--context-sub-path=link",), "link"),
    ],
)
def test_an_archive_that_leads_out(
    tmp_path: Path, data: bytes, flags: tuple[str, ...], error: str
) -> None:
    outcome = Executor(work=tmp_path / "work").run(
        "-", "--no-push", *flags, standard_input=data
    )
    assert outcome.status == 1
    assert error in outcome.error
    assert outcome.hint


def test_the_users_directory_is_not_touched(
    application: Application, tmp_path: Path
) -> None:
    def state() -> dict[str, tuple[int, int]]:
        found = (path.lstat() for path in sorted(application.directory.rglob("*")))
        paths = map(str, sorted(application.directory.rglob("*")))
        stats = ((each.st_ino, each.st_ctime_ns) for each in found)
        return dict(zip(paths, stats, strict=True))

    before = state()
    same(application, tmp_path, application.directory)
    assert state() == before


# --------------------------------------------------------------------- object stores


@pytest.fixture(scope="module", params=["s3", "gcs", "azure"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ObjectStore]:
    """Run each of the stores."""
    run = {"s3": running_s3, "gcs": running_gcs, "azure": running_azure}[request.param]
    with run(tmp_path_factory.mktemp("store")) as server:
        yield server


def secrets_of(store: ObjectStore) -> list[str]:
    names = ("AWS_SECRET_ACCESS_KEY", "AZURE_STORAGE_ACCESS_KEY")
    return [store.environment[name] for name in names if name in store.environment]


def test_an_object(
    application: Application, store: ObjectStore, tmp_path: Path
) -> None:
    address = store.put("dir/app.tar.gz", application.archive)
    environment = dict(store.environment)
    outcome = same(application, tmp_path, address, environment=environment)
    assert not [secret for secret in secrets_of(store) if secret in outcome.log]
    address = store.put("nested.tgz", application.nested)
    flag = "--context-sub-path=deep/app"
    same(application, tmp_path, address, flag, environment=environment)


def test_a_bucket_has_a_default_object(
    application: Application, store: ObjectStore, tmp_path: Path
) -> None:
    if not store.address.startswith("https:"):
        store.put("context.tar.gz", application.archive)
        environment = dict(store.environment)
        same(application, tmp_path, store.address, environment=environment)
        scheme, _, bucket = store.address.partition("://")
        named = bucket if scheme == "gs" else store.address
        flag = f"--bucket={named}"
        same(application, tmp_path, "/nonexistent", flag, environment=environment)
    assert BUCKET in store.address


def failed(place: Path, context: str, *flags: str, **environment: str) -> Outcome:
    """Build a context; require a failure that leaves nothing."""
    image = place / "nothing"
    outcome = Executor(work=place / "work").run(
        context,
        *("--no-push", f"--oci-layout-path={image}", "--verbosity=trace"),
        *flags,
        environment=environment,
    )
    assert outcome.status == 1
    assert not image.exists()
    return outcome


def test_an_object_that_is_missing(store: ObjectStore, tmp_path: Path) -> None:
    outcome = failed(tmp_path, f"{store.address}/no.tgz", **store.environment)
    assert f"{store.address}/no.tgz: the build context cannot be" in outcome.error
    assert "no such" in outcome.error
    assert "check" in outcome.hint
    other = store.address.replace(f"/{BUCKET}", "/other-bucket")
    outcome = failed(tmp_path, f"{other}/no.tgz", **store.environment)
    assert "no such" in outcome.error


def test_an_object_that_is_no_archive(store: ObjectStore, tmp_path: Path) -> None:
    for name, data in (("page.tgz", b"<html>" * 500), ("empty.tgz", b"")):
        address = store.put(name, data)
        outcome = failed(tmp_path, address, **store.environment)
        assert outcome.error.startswith(f"{address}: ")
        assert "no tar archive" in outcome.error or "empty" in outcome.error


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """Run S3 alone."""
    with running_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("AWS_ACCESS_KEY_ID", "AKIAUNKNOWN", "refused the credential"),
        ("AWS_SECRET_ACCESS_KEY", "s3cr3t-but-wrong", "refused the credential"),
        ("AWS_PROFILE", "nobody", "nobody"),
        ("S3_ENDPOINT", "http://127.0.0.1:1", "the connection was refused"),
        ("S3_ENDPOINT", "nonsense", "Invalid endpoint"),
    ],
)
def test_s3_that_refuses(
    s3: ObjectStore, tmp_path: Path, name: str, value: str, error: str
) -> None:
    environment = {
        **s3.environment,
        name: value,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    outcome = failed(tmp_path, f"{s3.address}/a.tgz", **environment)
    assert error in outcome.error
    assert outcome.hint
    assert s3.environment["AWS_SECRET_ACCESS_KEY"] not in outcome.log
    assert "s3cr3t" not in outcome.log


def test_s3_without_a_credential(tmp_path: Path) -> None:
    environment = {"AWS_EC2_METADATA_DISABLED": "true", "S3_FORCE_PATH_STYLE": "1"}
    with WebServer() as web:
        said = b"<Error><Code>AccessDenied</Code></Error>"
        web.answers[f"/{BUCKET}/a.tgz"] = [Answer(status=403, body=said)]
        environment["S3_ENDPOINT"] = web.url
        outcome = failed(tmp_path, f"s3://{BUCKET}/a.tgz", **environment)
        assert "Authorization" not in web.asked[0].headers
    assert "no credential was found, and the object is not public" in outcome.error
    assert "AWS_ACCESS_KEY_ID" in outcome.hint


@pytest.mark.parametrize(
    ("variables", "error", "hint"),
    [
        (
            {},
            "AZURE_STORAGE_ACCESS_KEY environment variable is not set",
            "AZURE_STORAGE_ACCESS_KEY",
        ),
        (
            {"AZURE_STORAGE_ACCESS_KEY": "c2VjcmV0"},
            "the account refused the credential",
            "AZURE_STORAGE_ACCESS_KEY",
        ),
        (
            {"AZURE_STORAGE_ACCESS_KEY": "no base64 s3cr3t"},
            "the account refused the credential",
            "AZURE_STORAGE_ACCESS_KEY",
        ),
    ],
)
def test_azure_that_refuses(
    store: ObjectStore,
    application: Application,
    tmp_path: Path,
    variables: dict[str, str],
    error: str,
    hint: str,
) -> None:
    if "AZURE_STORAGE_ACCESS_KEY" not in store.environment:
        return
    address = store.put("a.tgz", application.archive)
    endpoint = store.environment["AZURE_STORAGE_BLOB_ENDPOINT"]
    outcome = failed(
        tmp_path, address, AZURE_STORAGE_BLOB_ENDPOINT=endpoint, **variables
    )
    assert error in outcome.error
    assert hint in outcome.hint
    assert AZURE_KEY not in outcome.log
    assert "s3cr3t" not in outcome.log


def test_gcs_that_refuses(tmp_path: Path) -> None:
    with WebServer() as web:
        web.answers[f"/storage/v1/b/{BUCKET}/o/a.tgz"] = [Answer(status=403)]
        outcome = failed(
            tmp_path, f"gs://{BUCKET}/a.tgz", STORAGE_EMULATOR_HOST=web.url
        )
    assert "no credential was found, and the object is not public" in outcome.error
    assert "GOOGLE_APPLICATION_CREDENTIALS" in outcome.hint
    key = tmp_path / "key.json"
    key.write_text('{"type": "service_account", "private_key": "s3cr3t"}')
    outcome = failed(
        tmp_path, f"gs://{BUCKET}/a.tgz", GOOGLE_APPLICATION_CREDENTIALS=str(key)
    )
    assert "s3cr3t" not in outcome.log
    assert "GOOGLE_APPLICATION_CREDENTIALS" in outcome.hint


# ------------------------------------------------------------------------------ https

TRUST = {"SSL_CERT_FILE": str(TLS / "ca.pem")}


def test_a_web_server_that_breaks_off_and_refuses_for_a_while(
    application: Application, tmp_path: Path
) -> None:
    with WebServer(tls=True) as web:
        body, tag = application.archive, {"ETag": '"1"'}
        half = len(body) // 2
        rest = {"Content-Range": f"bytes {half}-{len(body) - 1}/{len(body)}", **tag}
        web.answers["/app.tgz"] = [
            Answer(status=503),
            Answer(body=body, headers=tag, cut_after=half),
            Answer(status=206, body=body[half:], headers=rest),
        ]
        address = f"{web.url}/app.tgz?sig=s3cr3t".replace("://", "://me:s3cr3t@")
        outcome = same(application, tmp_path, address, environment=TRUST)
        ranges = [asked.headers.get("Range") for asked in web.asked]
    assert ranges == [None, None, f"bytes={half}-"]
    assert "s3cr3t" not in outcome.log


def test_a_web_server_that_always_breaks_off_builds_nothing(
    application: Application, tmp_path: Path
) -> None:
    with WebServer(tls=True) as web:
        cut = Answer(body=application.archive, cut_after=len(application.archive) - 1)
        web.answers["/app.tgz"] = [cut]
        outcome = failed(tmp_path, f"{web.url}/app.tgz", **TRUST)
    assert "the build context cannot be fetched: the connection broke" in outcome.error


def test_a_web_server_that_refuses(tmp_path: Path) -> None:
    with WebServer(tls=True) as web:
        address = f"{web.url}/app.tgz?token=s3cr3t"
        outcome = failed(tmp_path, address, **TRUST)
        assert "the server answered 404 Not Found" in outcome.error
        assert "check the address" in outcome.hint
        outcome = failed(tmp_path, address)
        assert "certificate is not trusted" in outcome.error
        assert "SSL_CERT_DIR" in outcome.hint
    assert "s3cr3t" not in outcome.log


# ------------------------------------------------------------------------ repositories


@pytest.fixture(scope="module")
def git(
    application: Application, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GitServer]:
    """Run a git server with the application, its history, and a submodule."""
    directory = tmp_path_factory.mktemp("git")
    with running_git_server(directory) as server:
        files = {"Dockerfile": DOCKERFILE, **FILES}
        repository = GitRepository(server.repositories / "app.git")
        repository.commit({"lib/b": "old"})
        repository.commit(files, executable=("run.sh",), links={"current": "lib/b"})
        repository.git("tag", "-m", "one", "v1")
        repository.git("branch", "release")
        repository.git("update-ref", "refs/pull/7/head", "HEAD")
        repository.git("update-ref", "refs/merge-requests/7/head", "HEAD")
        # what is right is not at the tip of the default branch
        repository.commit({"lib/b": "newer"})
        nested = GitRepository(server.repositories / "nested.git")
        nested.commit(
            {f"deep/app/{name}": data for name, data in files.items()},
            executable=("deep/app/run.sh",),
            links={"deep/app/current": "lib/b"},
        )
        GitRepository(server.repositories / "lib.git").commit(
            {"a/data": FILES["lib/a/data"], "b": "b"}
        )
        parent = GitRepository(server.repositories / "parent.git")
        parent.commit(
            {name: data for name, data in files.items() if "lib/" not in name},
            links={"current": "lib/b"},
        )
        url = f"http://{server.host}/private/lib.git"
        # the working copies are what is served: the account is in no file
        lib = server.repositories / "lib.git"
        parent.add_submodule(str(lib), "lib")
        modules = parent.path / ".gitmodules"
        modules.write_text(modules.read_text().replace(str(lib), url))
        parent.commit()
        yield server


def wanted(git: GitServer) -> str:
    """Return the commit with the application."""
    repository = git.repositories / "app.git" / ".git"
    return (repository / "refs" / "heads" / "release").read_text().strip()


@pytest.mark.parametrize(
    ("context", "flags"),
    [
        ("http://{host}/open/app.git#release", []),
        ("http://{host}/open/app.git#v1", []),
        ("git://{host}/open/app.git#refs/heads/release", []),
        ("git://{host}/open/app.git#refs/tags/v1", []),
        ("git://{host}/open/app.git#{commit}", []),
        ("git://{host}/open/app.git#refs/pull/7/head", []),
        ("git://{host}/open/app.git#refs/merge-requests/7/head", []),
        ("git://{host}/open/app.git#refs/heads/main#{commit}", []),
        ("git://{host}/open/app.git#{short}", []),
        ("git://{host}/open/app.git", ["--git=branch=release,single-branch=true"]),
        ("git://{host}/open/app.git#main", ["--git=branch=v1", "--git=depth=0"]),
        ("git://{host}/open/nested.git#main:deep/app", []),
        ("git://{host}/open/nested.git", ["--context-sub-path=deep/app"]),
        ("git://{host}/open/nested.git#:deep", ["--context-sub-path=app"]),
    ],
)
def test_a_commit_of_a_repository(
    application: Application,
    git: GitServer,
    tmp_path: Path,
    context: str,
    flags: list[str],
) -> None:
    commit = wanted(git)
    names = {"host": git.host, "commit": commit, "short": commit[:9]}
    plain = {"GIT_PULL_METHOD": "http"}
    same(application, tmp_path, context.format(**names), *flags, environment=plain)


@pytest.mark.parametrize(
    ("user", "variables"),
    [
        ("", {"GIT_USERNAME": USER, "GIT_PASSWORD": PASSWORD}),
        (f"{USER}:{PASSWORD}@", {}),
        (f"{USER}:{PASSWORD}@", {"GIT_TOKEN": "another"}),
        ("", {"GIT_TOKEN": TOKEN}),
        (f"{TOKEN}@", {}),
    ],
)
def test_a_private_repository_with_a_private_authority_and_submodules(
    application: Application,
    git: GitServer,
    tmp_path: Path,
    user: str,
    variables: dict[str, str],
) -> None:
    same(
        application,
        tmp_path,
        f"git://{user}{git.tls_host}/private/app.git#release",
        environment={**TRUST, **variables},
    )
    outcome = same(
        application,
        tmp_path,
        f"git://{user}{git.host}/private/parent.git",
        *("--git", "recurse-submodules=true"),
        environment={"GIT_PULL_METHOD": "http", **variables},
    )
    assert PASSWORD not in outcome.log
    assert TOKEN not in outcome.log


def test_nothing_of_a_credential_is_in_the_image(
    git: GitServer, tmp_path: Path
) -> None:
    repository = GitRepository(git.repositories / "all.git")
    repository.commit({"Dockerfile": "FROM scratch\nCOPY . /\n"})
    context = f"git://{USER}:{PASSWORD}@{git.tls_host}/private/all.git"
    layouts = []
    for name in ("one", "two"):
        executor = Executor(work=tmp_path / name / "work")
        flags = (f"--tar-path={tmp_path / name / 'image.tar'}", "--no-push")
        reproducible = (*flags, "--reproducible", "--compression-level=0")
        executor.run(context, *reproducible, environment=TRUST).check()
        data = (tmp_path / name / "image.tar").read_bytes()
        assert PASSWORD.encode() not in data
        layouts.append(data)
    assert layouts[0] == layouts[1], "a checkout differs from the next one"
    image = Executor(work=tmp_path / "work")
    layout = tmp_path / "layout"
    image.layout(context, layout, environment=TRUST)
    keep = "--build-arg=BUILDKIT_CONTEXT_KEEP_GIT_DIR=0"
    without = tmp_path / "without"
    image.layout(context, without, keep, environment=TRUST)
    assert size_of(without) < size_of(layout)


def size_of(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("context", "variables", "error", "hint"),
    [
        (
            "git://{tls}/private/app.git",
            TRUST,
            "the repository wants a credential, or refused the one it was given",
            "GIT_TOKEN",
        ),
        (
            "git://{tls}/private/app.git",
            {**TRUST, "GIT_TOKEN": "s3cr3t"},
            "the repository wants a credential, or refused the one it was given",
            "GIT_TOKEN",
        ),
        ("git://{tls}/open/app.git", {}, "certificate is not trusted", "SSL_CERT_DIR"),
        ("git://{tls}/open/no.git", TRUST, "there is no such repository", "address"),
        (
            "git://u:s3cr3t@{tls}/open/app.git#nothing",
            TRUST,
            "the repository has no branch, tag or commit 'nothing'",
            "behind #",
        ),
        (
            "git://{tls}/open/app.git#" + "a" * 40,
            TRUST,
            "the repository has no branch, tag or commit",
            "behind #",
        ),
        (
            "git://{tls}/open/app.git#main:no/where",
            TRUST,
            "the repository has no directory 'no/where'",
            "behind the colon",
        ),
        ("git://{tls}/open/app.git#--upload-pack=x", TRUST, "is no branch", "#branch"),
        ("git://127.0.0.1:1/app.git", {}, "the host cannot be reached", "network"),
    ],
)
def test_a_repository_that_refuses(
    git: GitServer,
    tmp_path: Path,
    context: str,
    variables: dict[str, str],
    error: str,
    hint: str,
) -> None:
    outcome = failed(tmp_path, context.format(tls=git.tls_host), **variables)
    assert error in outcome.error
    assert hint in outcome.hint
    assert "s3cr3t" not in outcome.log


def test_tls_is_not_verified_when_asked(
    application: Application, git: GitServer, tmp_path: Path
) -> None:
    context = f"https://{git.tls_host}/open/app.git#release"
    same(application, tmp_path, context, "--git=insecure-skip-tls=true")


@pytest.mark.parametrize("sub_path", ["../x", "lib/../../x"])
def test_a_sub_path_that_leaves_a_repository(
    git: GitServer, tmp_path: Path, sub_path: str
) -> None:
    context = f"https://{git.tls_host}/open/app.git"
    outcome = failed(tmp_path, context, f"--context-sub-path={sub_path}", **TRUST)
    assert f'the sub-path "{sub_path}" leaves the build context' in outcome.error


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    """Run an SSH daemon that this machine knows the key of."""
    before = KNOWN_HOSTS.read_text() if KNOWN_HOSTS.exists() else None
    with running_ssh_server(tmp_path_factory.mktemp("ssh")) as server:
        KNOWN_HOSTS.write_text((before or "") + server.known_hosts)
        yield server
    if before is None:
        KNOWN_HOSTS.unlink()
    else:
        KNOWN_HOSTS.write_text(before)


def test_a_repository_over_ssh(
    application: Application, git: GitServer, ssh: SshServer, tmp_path: Path
) -> None:
    path = git.repositories / "app.git"
    context = f"ssh://root@{ssh.host}{path}#release"
    same(application, tmp_path, context, f"--ssh=default={ssh.agent}")
    same(application, tmp_path, context, environment={"SSH_AUTH_SOCK": ssh.agent})
    outcome = failed(tmp_path, context)
    assert "the host refused the key it was shown" in outcome.error
    assert "--ssh default=SOCKET" in outcome.hint


# ------------------------------------------------- Dockerfiles and additional contexts


def test_a_dockerfile_from_elsewhere(
    application: Application, git: GitServer, tmp_path: Path
) -> None:
    (git.directory / "files" / "Dockerfile").write_text(DOCKERFILE)
    directory = application.directory
    elsewhere = tmp_path / "elsewhere"
    write_context(elsewhere, "FROM wrong", FILES)
    (elsewhere / "current").symlink_to("lib/b")
    assert directory != elsewhere
    data = DOCKERFILE.encode()
    same(application, tmp_path, elsewhere, "-f-", standard_input=data)
    url = f"https://{git.tls_host}/files/Dockerfile"
    same(application, tmp_path, elsewhere, f"-f={url}", environment=TRUST)
    outcome = failed(tmp_path, str(elsewhere), f"-f={url}2?x=s3cr3t", **TRUST)
    assert "the server answered 404" in outcome.error
    assert "s3cr3t" not in outcome.log


def test_additional_contexts(
    application: Application, git: GitServer, tmp_path: Path
) -> None:
    (git.directory / "files" / "app.tgz").write_bytes(application.archive)
    dockerfile = """
        FROM scratch
        COPY --chmod=755 --from=archive run.sh /bin/
        COPY --from=repository lib /lib
        COPY --from=here current /etc/
        """
    context = write_context(tmp_path / "context", dockerfile)
    same(
        application,
        tmp_path,
        context,
        f"--build-context=archive=https://{git.tls_host}/files/app.tgz",
        f"--build-context=repository=https://{git.tls_host}/open/app.git#v1",
        f"--build-context=here={application.directory}",
        environment=TRUST,
    )


@pytest.mark.parametrize("isolation", ["namespaces", "chroot"])
def test_a_run_sees_what_came_in(
    application: Application,
    git: GitServer,
    small_bases: Path,
    tmp_path: Path,
    isolation: str,
) -> None:
    dockerfile = """
        FROM busybox
        COPY . /app
        RUN --mount=type=bind,target=/src,ro cmp /src/lib/a/data /app/lib/a/data \\
            && test "$(cat /src/current)" = b && cat /src/lib/b > /seen
        """
    (git.directory / "files" / "Seen").write_text(dockerfile)
    contexts = (
        ("-", application.archive),
        (f"https://{git.tls_host}/open/app.git#v1", b""),
    )
    for number, (context, data) in enumerate(contexts):
        layout = tmp_path / str(number)
        Executor(work=tmp_path / "work").layout(
            context,
            layout,
            f"--isolation={isolation}",
            f"-f=https://{git.tls_host}/files/Seen",
            named_base("busybox", small_bases, "busybox"),
            environment=TRUST,
            standard_input=data,
        )
        assert "seen" in load_image(f"oci:{layout}", tmp_path).files
