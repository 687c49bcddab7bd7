"""What every `Repositories` does, in memory and with git and its own server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from adapters.context.git_repositories import GitRepositories
from adapters.http.client import HttpOptions
from adapters.memory.repositories import (
    MemoryCommit,
    MemoryRepositories,
    MemoryRepository,
)
from application.errors import DigestMismatch, SourceUnavailable
from application.ports.repositories import Checkout, Repositories, RepositoryAccess
from domain.build.remote_source import GitSource
from domain.snapshot.entry import FileType
from tests.support.git_repository import COMMIT_SECONDS, GitRepository
from tests.support.web_server import WebServer

NOTHING = RepositoryAccess()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A repository: branches `main` and `next`, tag `v1`, a submodule `sub`.

    Attributes:
        repositories: What checks it out.
        source: Its address.
        old: The commit of the tag `v1`.
        new: The commit of the branch `main`.
    """

    repositories: Repositories
    source: GitSource
    old: str
    new: str

    def checkout(self, **changed: object) -> Checkout:
        source = replace(self.source, **changed)  # type: ignore[arg-type]
        return self.repositories.checkout(source, NOTHING)

    def files(self, **changed: object) -> dict[str, bytes]:
        """Check out; return the content of files."""
        files = self.checkout(**changed).files
        rows = files.entries(lambda row: False)
        paths = [row.path for row in rows if row.type is FileType.FILE]
        found = {}
        for path in paths:
            with files.open(path) as stream:
                found[path] = stream.read()
        return found


def _memory() -> Place:
    old = MemoryCommit(name="a1" * 20, time_ns=1, files={"f": b"old"})
    new = MemoryCommit(
        name="b2" * 20,
        time_ns=COMMIT_SECONDS * 10**9,
        files={"f": b"new", "bin/run": b"#!", "docs/d": b"d", ".gitmodules": b"m"},
        executable=frozenset({"bin/run"}),
        links={"l": "docs/d"},
        submodules={"sub/s": b"s"},
    )
    next_ = MemoryCommit(name="c3" * 20, files={"f": b"next"})
    refs = {
        "HEAD": new,
        "refs/heads/main": new,
        "refs/heads/next": next_,
        "refs/tags/v1": old,
    }
    url = "http://host/r.git"
    return Place(
        repositories=MemoryRepositories({url: MemoryRepository(refs=refs)}),
        source=GitSource(remote=url),
        old=old.name,
        new=new.name,
    )


def _real(root: Path, server: WebServer) -> Place:
    GitRepository(root / "sub.git").commit({"s": "s"})
    repository = GitRepository(root / "r.git")
    old = repository.commit({"f": "old"}, seconds=1)
    repository.git("tag", "--annotate", "--message=x", "v1")
    repository.add_submodule(f"{server.url}/sub.git", "sub")
    new = repository.commit(
        {"f": "new", "bin/run": "#!", "docs/d": "d"},
        executable=("bin/run",),
        links={"l": "docs/d"},
    )
    repository.git("checkout", "--quiet", "-b", "next")
    repository.commit({"f": "next"})
    repository.git("checkout", "--quiet", "main")
    work = root / "work"
    work.mkdir()
    return Place(
        repositories=GitRepositories(HttpOptions(), work),
        source=GitSource(remote=f"{server.url}/r.git"),
        old=old,
        new=new,
    )


Make = Callable[[], Place]


@pytest.fixture(scope="module", params=["memory", "git"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    if request.param == "memory":
        yield _memory()
        return
    root = tmp_path_factory.mktemp("git")
    with WebServer(root) as server:
        yield _real(root, server)


@pytest.fixture(scope="module")
def old_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Offer a server that hands out no commit but those branches and tags name."""
    root = tmp_path_factory.mktemp("git")
    with WebServer(root) as server:
        server.speaks_v2 = False
        yield _real(root, server)


def test_the_default_branch_is_taken(place: Place) -> None:
    checkout = place.checkout()
    assert checkout.commit == place.new
    assert checkout.time_ns == COMMIT_SECONDS * 10**9


@pytest.mark.parametrize(
    ("ref", "content"),
    [
        ("next", b"next"),
        ("refs/heads/next", b"next"),
        ("v1", b"old"),
        ("refs/tags/v1", b"old"),
    ],
)
def test_branches_and_tags(place: Place, ref: str, content: bytes) -> None:
    assert place.files(ref=ref)["f"] == content


@pytest.mark.parametrize("length", [40, 10])
def test_commits_in_full_or_abbreviated(place: Place, length: int) -> None:
    assert place.files(ref=place.old[:length]) == {"f": b"old"}


@pytest.mark.parametrize("length", [40, 10])
def test_commits_of_a_server_of_old(old_place: Place, length: int) -> None:
    test_commits_in_full_or_abbreviated(old_place, length)


def test_branches_of_a_server_of_old(old_place: Place) -> None:
    test_branches_and_tags(old_place, "next", b"next")


def test_files_come_without_git_s_own(place: Place) -> None:
    files = place.files()
    assert files == {
        "f": b"new",
        "bin/run": b"#!",
        "docs/d": b"d",
        "sub/s": b"s",
        ".gitmodules": files[".gitmodules"],
    }


def test_executable_files_are_told(place: Place) -> None:
    rows = place.checkout().files.entries(lambda row: False)
    modes = {row.path: bool(row.mode & 0o100) for row in rows}
    assert (modes["bin/run"], modes["f"]) == (True, False)


def test_symlinks_are_kept(place: Place) -> None:
    rows = {row.path: row for row in place.checkout().files.entries(lambda row: False)}
    assert (rows["l"].type, rows["l"].link_target) == (FileType.SYMLINK, "docs/d")


def test_a_directory_can_be_the_root(place: Place) -> None:
    assert place.files(subdir="docs") == {"d": b"d"}
    assert place.files(subdir="sub", keep_git_dir=True) == {"s": b"s"}


def test_submodules_can_be_left_alone(place: Place) -> None:
    assert "sub/s" not in place.files(submodules=False)


def test_git_s_own_comes_along_when_asked_for(place: Place) -> None:
    kept = place.files(keep_git_dir=True)
    assert kept[".git/HEAD"] == f"{place.new}\n".encode()
    assert kept["f"] == b"new"


@pytest.mark.parametrize("length", [40, 1])
def test_a_checksum_is_the_begin_of_the_commit(place: Place, length: int) -> None:
    assert place.checkout(checksum=place.new[:length]).commit == place.new


def test_another_commit_than_demanded_is_refused(place: Place) -> None:
    with pytest.raises(DigestMismatch) as caught:
        place.checkout(ref="next", checksum=place.old)
    assert place.old in caught.value.message
    assert caught.value.place == f"{place.source.remote}#next"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"ref": "nothing"}, "has no branch, tag or commit 'nothing'"),
        ({"ref": "0123456789"}, "has no branch, tag or commit '0123456789'"),
        ({"ref": "9" * 40}, "has no branch, tag or commit"),
        ({"subdir": "no"}, "has no directory 'no'"),
    ],
)
def test_what_is_not_there(place: Place, changed: dict[str, str], message: str) -> None:
    with pytest.raises(SourceUnavailable, match=message) as caught:
        place.checkout(**changed)
    assert caught.value.place is not None
    assert caught.value.place.startswith(place.source.remote)


def test_a_repository_that_is_not_there(place: Place) -> None:
    remote = place.source.remote.replace("/r.git", "/no.git")
    with pytest.raises(SourceUnavailable) as caught:
        place.checkout(remote=remote)
    assert caught.value.place == remote
