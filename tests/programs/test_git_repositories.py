"""Checking out with real git: nothing is run, nothing leaks, nothing gets out."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from adapters.context.git_repositories import GitRepositories
from adapters.http.client import HttpOptions
from adapters.http.retries import Retries
from adapters.http.tls import HostOptions
from application.errors import FilesystemError, SourceUnavailable
from application.ports.repositories import Checkout, RepositoryAccess
from domain.build.remote_source import GitSource, remote_source
from domain.errors import KanipyError
from domain.snapshot.entry import FileType
from tests.support.git_repository import GitRepository
from tests.support.loopback_server import TLS
from tests.support.web_server import Answer, WebServer

BASIC = "Basic dTpzM2NyM3Q="
"""What "u:s3cr3t" is sent as."""


@dataclass(frozen=True, slots=True)
class Git:
    """Repositories below `root` that a server offers, and a work directory."""

    root: Path
    server: WebServer

    @property
    def work(self) -> Path:
        return self.root / "work"

    def repository(self, name: str = "r.git") -> GitRepository:
        return GitRepository(self.root / name)

    def checkout(
        self,
        address: str = "{url}/r.git",
        access: RepositoryAccess | None = None,
        options: HttpOptions | None = None,
        ssh: str = "",
    ) -> Checkout:
        source = remote_source(
            address.format(url=self.server.url, host=self.server.host)
        )
        assert isinstance(source, GitSource)
        place = Path(tempfile.mkdtemp(dir=self.work))
        retries = Retries(sleep=lambda _: None)
        repositories = GitRepositories(
            options or HttpOptions(), place, ssh, retries=retries
        )
        return repositories.checkout(source, access or RepositoryAccess())

    def failed(self, address: str, options: HttpOptions | None = None) -> KanipyError:
        with pytest.raises(KanipyError) as caught:
            self.checkout(address, options=options)
        error = caught.value
        assert "s3cr3t" not in f"{error}{error.hint}"
        assert isinstance(error, SourceUnavailable)
        return error

    @property
    def git_directory(self) -> Path:
        """What git keeps of the one checkout."""
        (found,) = self.work.glob("*/1/.git")
        return found

    def kept(self) -> bytes:
        """Return the content of every file of the work directory."""
        return b"".join(p.read_bytes() for p in self.work.rglob("*") if p.is_file())


@pytest.fixture
def git(tmp_path: Path) -> Iterator[Git]:
    (tmp_path / "work").mkdir()
    with WebServer(tmp_path) as server:
        yield Git(tmp_path, server)


def paths(checkout: Checkout) -> list[str]:
    return [row.path for row in checkout.files.entries(lambda row: False)]


def content(checkout: Checkout, path: str) -> bytes:
    with checkout.files.open(path) as file:
        return file.read()


# -------------------------------------------------------------------- credentials


def test_a_password_reaches_its_host_and_nothing_else(git: Git) -> None:
    git.repository("s.git").commit({"f": "s"})
    repository = git.repository()
    repository.commit({"f": "1"})
    repository.add_submodule(f"{git.server.url}/s.git", "sub")
    repository.commit()
    git.server.authorization = BASIC
    checkout = git.checkout("http://u:s3cr3t@{host}/r.git?keep-git-dir=1")
    assert "sub/f" in paths(checkout)
    assert ".git/config" in paths(checkout)
    for secret in (b"s3cr3t", b"dTpzM2NyM3Q", b"://u:"):
        assert secret not in git.kept()
    assert not list(git.work.rglob("*.home"))


def test_a_password_does_not_reach_another_host(git: Git, tmp_path: Path) -> None:
    with WebServer(tmp_path) as other:
        git.repository("s.git").commit({"f": "s"})
        repository = git.repository()
        repository.add_submodule(f"{other.url}/s.git", "sub")
        repository.commit()
        git.checkout(access=RepositoryAccess(authorization=BASIC))
        assert other.asked
        assert all("Authorization" not in asked.headers for asked in other.asked)


def test_a_header_is_sent(git: Git) -> None:
    git.repository().commit({"f": "1"})
    git.server.authorization = "Bearer x"
    git.checkout(access=RepositoryAccess(authorization="Bearer x"))


def test_a_missing_or_wrong_password_is_told(git: Git) -> None:
    git.repository().commit({"f": "1"})
    git.server.authorization = BASIC
    for address in ("{url}/r.git", "http://u:wrong@{host}/r.git"):
        error = git.failed(address)
        assert error.message.startswith("the repository wants a credential")
        assert error.place == f"{git.server.url}/r.git"
        assert "GIT_AUTH_TOKEN" in (error.hint or "")


# --------------------------------------------------------------- nothing is run


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[Path]:
    """Offer a path that a hostile repository tries to make."""
    path = tmp_path / "mark"
    yield path
    assert not path.exists()


def test_variables_and_configuration_of_the_machine_do_not_count(
    git: Git, mark: Path, tmp_path: Path
) -> None:
    git.repository().commit({"f": "1", ".gitattributes": "* filter=evil"})
    home = tmp_path / "home"
    (home / "templates" / "hooks").mkdir(parents=True)
    hook = home / "templates" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    (home / ".gitconfig").write_text(
        f"[init]\n templateDir={home}/templates\n"
        f"[core]\n hooksPath={hook.parent}\n fsmonitor=touch {mark}\n"
        f'[filter "evil"]\n smudge=touch {mark}\n'
        f"[credential]\n helper=!touch {mark}\n"
    )
    hostile = {
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_TEMPLATE_DIR": str(home / "templates"),
        "GIT_ASKPASS": str(hook),
        "GIT_DIR": str(home),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": str(hook.parent),
    }
    before = dict(os.environ)
    try:
        os.environ.update(hostile)
        assert "f" in paths(git.checkout())
        git.server.authorization = "x"
        git.failed("{url}/r.git")
        assert os.environ["GIT_DIR"] == str(home)
    finally:
        os.environ.clear()
        os.environ.update(before)


def submodule(repository: GitRepository, text: str) -> None:
    """Commit a submodule by hand, as no git would make it."""
    repository.commit({".gitmodules": text})
    entry = f"160000,{'1' * 40},sub"
    repository.git("update-index", "--add", "--cacheinfo", entry)
    repository.git("commit", "--quiet", "--message=x")


@pytest.mark.parametrize("scheme", ["ext::sh -c touch% {mark}", "file://{root}/o.git"])
def test_submodules_use_no_other_transport(git: Git, mark: Path, scheme: str) -> None:
    git.repository("o.git").commit({"f": "1"})
    address = scheme.format(mark=mark, root=git.root)
    submodule(git.repository(), f'[submodule "s"]\n path=sub\n url="{address}"\n')
    error = git.failed("{url}/r.git")
    assert error.message == "it uses a transport that is not allowed"


def test_submodules_run_no_command(git: Git, mark: Path) -> None:
    url = f"{git.server.url}/r.git"
    text = f'[submodule "s"]\n path=sub\n url={url}\n update=!touch {mark}\n'
    submodule(git.repository(), text)
    git.failed("{url}/r.git")


@pytest.mark.parametrize("url", ["-u./payload", "--upload-pack=touch x"])
def test_an_address_of_a_submodule_is_no_option(git: Git, mark: Path, url: str) -> None:
    submodule(git.repository(), f'[submodule "s"]\n path=sub\n url="{url}"\n')
    git.failed("{url}/r.git")


def test_a_directory_does_not_lead_out(git: Git) -> None:
    repository = git.repository()
    repository.commit({"d/f": "1"}, links={"out": "/etc", "in": "d", "git": ".git"})
    assert paths(git.checkout("{url}/r.git#main:in")) == ["", "f"]
    for subdir in ("out", "git", ".git", "d/f"):
        error = git.failed(f"{{url}}/r.git#main:{subdir}")
        assert error.message == f"the repository has no directory {subdir!r}"


def test_symlinks_are_not_followed(git: Git) -> None:
    git.repository().commit({"f": "1"}, links={"l": "/etc/passwd"})
    rows = {row.path: row for row in git.checkout().files.entries(lambda row: False)}
    assert rows["l"].type is FileType.SYMLINK
    assert rows["l"].link_target == "/etc/passwd"


# --------------------------------------------------------------------- what comes


def test_one_commit_is_fetched_where_that_is_possible(git: Git) -> None:
    repository = git.repository()
    first = repository.commit({"old": "1"})
    repository.git("rm", "--quiet", "old")
    repository.commit({"f": "2"})
    git.checkout("{url}/r.git?keep-git-dir=1")
    assert (git.git_directory / "shallow").read_text().strip() != first


@pytest.mark.parametrize("part", ["", "#main", "#v1", "#{commit}"])
def test_a_server_of_plain_files_will_do(git: Git, part: str) -> None:
    repository = git.repository()
    commit = repository.commit({"f": "1"})
    repository.git("tag", "v1")
    repository.git("update-server-info")
    git.server.is_dumb = True
    address = f"{{url}}/r.git/.git{part.replace('{commit}', commit)}"
    assert git.checkout(address).commit == commit


def test_what_is_kept_of_git_is_usable_and_clean(git: Git) -> None:
    commit = git.repository().commit({"f": "1"})
    git.checkout("{url}/r.git?keep-git-dir=1#main")
    inside = {path.name for path in git.git_directory.iterdir()}
    assert inside <= {
        *("HEAD", "config", "index", "objects", "refs", "shallow", "info", "branches"),
        *("packed-refs",),
    }
    assert (git.git_directory / "refs/heads/main").read_text().strip() == commit
    config = (git.git_directory / "config").read_text()
    assert f"url = {git.server.url}/r.git\n" in config


def test_a_branch_goes_before_a_tag_of_its_name(git: Git) -> None:
    repository = git.repository()
    repository.commit({"f": "tag"})
    repository.git("tag", "both")
    repository.git("branch", "both")
    repository.git("checkout", "--quiet", "both", "--")
    new = repository.commit({"f": "branch"})
    assert git.checkout("{url}/r.git#both").commit == new


def test_other_refs_are_found(git: Git) -> None:
    repository = git.repository()
    commit = repository.commit({"f": "1"})
    repository.git("update-ref", "refs/pull/7/head", commit)
    for ref in ("refs/pull/7/head", "pull/7/head"):
        assert git.checkout(f"{{url}}/r.git#{ref}").commit == commit


def test_an_empty_repository_has_no_default_branch(git: Git) -> None:
    git.repository()
    error = git.failed("{url}/r.git")
    assert error.message == "the repository has no default branch"


@pytest.mark.parametrize(
    ("address", "message", "hint"),
    [
        ("{url}/no.git", "there is no such repository", "check the address"),
        ("http://127.0.0.1:1/r.git", "the host cannot be reached", "check the host"),
        ("git://127.0.0.1:1/r", "the host cannot be reached", "check the host"),
        ("https://{host}/r.git", "", None),
    ],
)
def test_what_cannot_be_reached(
    git: Git, address: str, message: str, hint: str | None
) -> None:
    error = git.failed(address)
    assert message in error.message
    assert hint is None or hint in (error.hint or "")


def test_tls(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    with WebServer(tmp_path, tls=True) as server:
        git = Git(tmp_path, server)
        git.repository().commit({"f": "1"})
        error = git.failed("{url}/r.git")
        assert error.message == "the server's certificate is not trusted"
        assert "--registry-certificate" in (error.hint or "")
        for trusting in (
            HttpOptions(environment={"SSL_CERT_DIR": str(TLS)}),
            HttpOptions(environment={"SSL_CERT_FILE": str(TLS / "ca.pem")}),
            HttpOptions(
                hosts={server.host: HostOptions(ca_files=(str(TLS / "ca.pem"),))}
            ),
            HttpOptions(hosts={server.host: HostOptions(skip_verify=True)}),
        ):
            assert "f" in paths(git.checkout(options=trusting))


def test_a_work_directory_that_is_gone_is_an_error(git: Git) -> None:
    repositories = GitRepositories(HttpOptions(), git.root / "gone")
    with pytest.raises(FilesystemError) as caught:
        repositories.checkout(GitSource(remote="http://h/r.git"), RepositoryAccess())
    assert "--kaniko-dir" in (caught.value.hint or "")


# --------------------------------------------------------------------- interruptions

REQUESTS = [("", number, 4 if number > 1 else 3) for number in range(5)]
REQUESTS += [("#main:d", 0, 4), ("#main:d", 4, 5), ("#main:d", 5, 6), ("#main:d", 6, 6)]
"""What is wanted, which request breaks, and how often a conversation begins then.

A checkout has two requests for what there is, three for the commit, and two for the
files where it is limited to a directory.
"""


@pytest.mark.parametrize(("part", "number", "conversations"), REQUESTS)
@pytest.mark.parametrize("fault", [Answer(status=503), Answer(status=429), 0, 100])
def test_a_transfer_that_breaks_is_begun_again(
    git: Git, part: str, number: int, conversations: int, fault: Answer | int
) -> None:
    repository = with_directories(git)
    repository.commit({f"d/{name}": LARGE[name:5000] for name in range(3)})
    git.server.faults = [*[None] * number, fault]
    checkout = git.checkout("{url}/r.git" + part)
    found = [path for path in paths(checkout) if not path.startswith("other")]
    assert found[-1] == ("f" if part else "d/f")
    assert not git.server.faults
    first = sum("/info/refs" in asked.target for asked in git.server.asked)
    assert first == conversations, "one commit, from the beginning"


@pytest.mark.parametrize(
    ("fault", "message", "hint"),
    [
        (Answer(status=503), "the server cannot answer at present", "later"),
        (100, "the connection broke", "check the network"),
    ],
)
def test_a_transfer_that_breaks_each_time_fails_and_leaves_nothing(
    git: Git, fault: Answer | int, message: str, hint: str
) -> None:
    with_directories(git)
    git.server.faults = [None, None, None, None, fault] * 9
    error = git.failed("{url}/r.git")
    assert error.message == message
    assert hint in (error.hint or "")
    assert git.kept() == b""


def test_a_server_that_refuses_is_not_asked_again(git: Git) -> None:
    git.failed("{url}/no.git")
    assert len(git.server.asked) == 1


# ------------------------------------------------------------ a directory of a commit

LARGE = bytes(random.Random(1).randbytes(1 << 20))


def with_directories(git: Git, *, hands_out: bool = True) -> GitRepository:
    """Make a repository that has more than the directory `d`."""
    repository = git.repository()
    repository.commit({"d/f": "1", "other/old": LARGE[::-1]})
    repository.git("rm", "-r", "--quiet", "other")
    repository.commit({"d/f": "2", "d/e/g": "3", "other/new": LARGE})
    repository.git("config", "uploadpack.allowFilter", str(hands_out).lower())
    return repository


def test_of_a_directory_only_its_files_are_fetched(git: Git) -> None:
    with_directories(git)
    assert paths(git.checkout("{url}/r.git#main:d")) == ["", "e", "e/g", "f"]
    assert len(git.kept()) < len(LARGE)


@pytest.mark.parametrize("part", ["#main:d", "#{commit}:d", "#{short}:d"])
@pytest.mark.parametrize("kind", ["new", "cannot filter", "old", "files"])
def test_whatever_a_server_can_do_a_directory_is_checked_out(
    git: Git, kind: str, part: str
) -> None:
    repository = with_directories(git, hands_out=kind != "cannot filter")
    commit = repository.git("rev-parse", "HEAD")
    # it filters, but hands no single file out afterwards
    git.server.speaks_v2 = kind != "old"
    git.server.is_dumb = kind == "files"
    repository.git("update-server-info")
    root = "{url}/r.git/.git" if kind == "files" else "{url}/r.git"
    part = part.replace("{commit}", commit).replace("{short}", commit[:9])
    checkout = git.checkout(root + part)
    assert paths(checkout) == ["", "e", "e/g", "f"]
    assert content(checkout, "f") == b"2"
    assert checkout.commit == commit


@pytest.mark.parametrize(
    "name", ["a*", "[a]", "a?", "\\", "#", "!", ":x", "-", " ", "é"]
)
def test_the_name_of_a_directory_is_no_pattern(git: Git, name: str) -> None:
    repository = with_directories(git)
    repository.commit({f"{name}/f": "1", "abc/f": LARGE})
    checkout = git.checkout(f"{{url}}/r.git#main:{quote(name)}")
    assert paths(checkout) == ["", "f"]
    assert len(git.kept()) < len(LARGE)


def test_attributes_above_a_directory_count(git: Git) -> None:
    repository = with_directories(git)
    repository.commit({".gitattributes": "d/f text eol=crlf\n", "d/f": "1\n"})
    checkout = git.checkout("{url}/r.git#main:d")
    assert content(checkout, "f") == b"1\r\n"


@pytest.mark.parametrize("subdir", ["sub", "sub/e", "d", "to-sub", "to-sub/e"])
def test_directories_may_be_those_of_a_submodule(git: Git, subdir: str) -> None:
    git.repository("s.git").commit({"f": "1", "e/f": "1"})
    repository = with_directories(git)
    repository.add_submodule(f"{git.server.url}/s.git", "sub")
    repository.add_submodule(f"{git.server.url}/s.git", "d/sub")
    repository.commit(links={"to-sub": "d/sub"})
    checkout = git.checkout(f"{{url}}/r.git#main:{subdir}")
    assert "f" in paths(checkout)
    assert subdir != "d" or "sub/e/f" in paths(checkout)


# ---------------------------------------------------------------------------- ssh

SSH = """#!/bin/sh
# What the other end would run is run here; what was asked is written down.
echo "agent=$SSH_AUTH_SOCK" "$@" >>{log}
for command; do :; done
exec sh -c "$command"
"""


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program ssh that reaches this machine alone first; return its log."""
    log = tmp_path / "ssh.log"
    program = tmp_path / "programs" / "ssh"
    program.parent.mkdir()
    program.write_text(SSH.format(log=log))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/of/this/machine")
    return log


@pytest.mark.parametrize("agent", ["/run/agent", ""])
def test_ssh_is_shown_the_agent_of_the_build_alone(
    git: Git, ssh: Path, agent: str
) -> None:
    git.repository().commit({"f": "1"})
    access = RepositoryAccess(agent=agent)
    for address in ("git@host:{root}/r.git", "ssh://git@host{root}/r.git#main"):
        checkout = git.checkout(address.replace("{root}", str(git.root)), access)
        assert "f" in paths(checkout)
    lines = ssh.read_text().splitlines()
    assert all(line.startswith(f"agent={agent} -o BatchMode=yes") for line in lines)
    assert all("git@host" in line for line in lines)


def test_a_client_of_ssh_that_is_named_is_started_without_a_shell(
    git: Git, ssh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git.repository().commit({"f": "1"})
    program = (git.root / "programs" / "ssh").rename(git.root / "our ssh")
    monkeypatch.setenv("GIT_SSH_COMMAND", "/of/this/machine")
    checkout = git.checkout(f"git@host:{git.root}/r.git", ssh=str(program))
    assert "f" in paths(checkout)
    assert ssh.read_text().startswith("agent= -o SendEnv=GIT_PROTOCOL git@host ")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("Host key verification failed.", "the key of the host is not known"),
        ("git@h: Permission denied (publickey).", "the host refused the key"),
        ("ssh: connect to host h port 22: Connection refused", "cannot be reached"),
        ("ssh: Could not resolve hostname h: x", "cannot be resolved"),
    ],
)
def test_what_ssh_complains_of(git: Git, ssh: Path, said: str, message: str) -> None:
    program = git.root / "programs" / "ssh"
    program.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 255\n")
    error = git.failed("git@h:o/r.git")
    assert message in error.message
    assert error.hint
