"""A commit as a context: times and modes of git, directories in it, credentials."""

from __future__ import annotations

import pytest

from adapters.context.git_context import GitContextSource, access_to
from adapters.memory.repositories import (
    MemoryCommit,
    MemoryRepositories,
    MemoryRepository,
)
from application.errors import ContextUnavailable
from application.ports.repositories import RepositoryAccess
from domain.build.remote_source import GitSource, context_repository
from domain.snapshot.entry import FileEntry

COMMIT = MemoryCommit(
    name="c" * 40,
    time_ns=7 * 10**9,
    files={"f": b"1", "run": b"#!", "a/b/c": b"2", "x/y": b"3"},
    executable=frozenset({"run"}),
    links={"l": "f"},
)


def source(address: str = "git://h/r", sub_path: str = "") -> GitContextSource:
    repository = MemoryRepository(refs={"HEAD": COMMIT})
    repositories = MemoryRepositories({"https://h/r": repository})
    found = context_repository(address)
    return GitContextSource(repositories, found, RepositoryAccess(), sub_path)


def rows(made: GitContextSource) -> dict[str, FileEntry]:
    return {row.path: row for row in made.fetch().entries(lambda _: False)}


def test_rows_have_the_time_of_the_commit_and_the_modes_of_git() -> None:
    found = rows(source())
    assert {row.mtime_ns for row in found.values()} == {COMMIT.time_ns}
    assert (found["f"].mode, found["run"].mode) == (0o644, 0o755)
    assert (found["a"].mode, found["l"].mode) == (0o755, 0o777)


@pytest.mark.parametrize(
    ("address", "sub_path", "paths"),
    [
        ("git://h/r", "a", ["", "b", "b/c"]),
        ("git://h/r", "/a/./b", ["", "c"]),
        ("git://h/r#:a", "b", ["", "c"]),
        ("git://h/r#:x", "", ["", "y"]),
    ],
)
def test_a_directory_of_a_directory_is_the_context(
    address: str, sub_path: str, paths: list[str]
) -> None:
    made = source(address, sub_path)
    assert [path for path in rows(made) if path != "l"] == paths


@pytest.mark.parametrize("sub_path", ["..", "a/../..", "/../a"])
def test_a_sub_path_that_leaves_is_refused(sub_path: str) -> None:
    with pytest.raises(ContextUnavailable, match="leaves the build context"):
        source("git://h/r#:a", sub_path).fetch()


@pytest.mark.parametrize("address", ["git://h/other", "git://h/r#no", "git://h/r#:no"])
def test_what_cannot_be_checked_out_is_an_unavailable_context(address: str) -> None:
    with pytest.raises(ContextUnavailable, match="cannot be fetched: the repository"):
        source(address).fetch()


@pytest.mark.parametrize(
    ("remote", "user", "password", "header"),
    [
        ("https://h/r", "t", "", "Basic dDo="),
        ("https://h/r", "u", "p", "Basic dTpw"),
        ("https://u:p@h/r", "t", "", ""),
        ("https://h/r", "", "p", ""),
    ],
)
def test_a_user_in_the_address_goes_before_that_of_the_environment(
    remote: str, user: str, password: str, header: str
) -> None:
    access = access_to(GitSource(remote=remote), user, password, "/agent")
    assert (access.authorization, access.agent) == (header, "/agent")
