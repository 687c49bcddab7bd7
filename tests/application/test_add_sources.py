"""ADD of addresses: what gets into the layer, what is refused, what is never shown."""

from __future__ import annotations

import hashlib

import pytest

from adapters.memory.downloads import MemoryDocument
from adapters.memory.filesystem import MemoryRoot
from adapters.memory.repositories import MemoryCommit, MemoryRepository
from adapters.memory.secrets import MemorySecrets
from application.errors import DigestMismatch, SourceUnavailable
from domain.build.process import ProcessSpec
from domain.build.remote_source import GitSource
from domain.errors import BuildRuleError, KanipyError
from tests.support.archives import directory, file, tar
from tests.support.memory_build import MemoryBuild, writes

CHANGED_NS = 1_500_000_000 * 10**9
URL = "https://host/dir/f.txt?v=1"
ARCHIVE = "https://host/a.tar"
SHA = f"sha256:{hashlib.sha256(b'content').hexdigest()}"
DOCUMENTS = {
    URL: MemoryDocument(data=b"content", mtime_ns=CHANGED_NS),
    "https://host": MemoryDocument(data=b"index"),
    ARCHIVE: MemoryDocument(data=tar(directory("t", 0o750, uid=1), file("t/f", b"1"))),
    "https://host/token": MemoryDocument(data=b"t", authorization="Bearer s3cr3t"),
    "https://host/header": MemoryDocument(data=b"h", authorization="Own s3cr3t"),
}
COMMIT = MemoryCommit(
    name="a1" * 20,
    time_ns=CHANGED_NS,
    files={"f": b"1", "bin/run": b"#!", "docs/d.md": b"d"},
    executable=frozenset({"bin/run"}),
    links={"l": "f"},
    submodules={"sub/s": b"s"},
)
REPOSITORY = MemoryRepository(refs={"HEAD": COMMIT, "refs/heads/main": COMMIT})
GIT = "https://host/r.git"


def prepared(text: str, secrets: MemorySecrets | None = None) -> MemoryBuild:
    build = MemoryBuild(f"FROM base\n{text}", context={"l": b"1"}, secrets=secrets)
    build.downloads.documents.update(DOCUMENTS)
    build.repositories.repositories[GIT] = REPOSITORY
    return build


def rows(text: str, secrets: MemorySecrets | None = None) -> list[str]:
    build = prepared(text, secrets)
    build.run()
    (made,) = build.new_rows()
    return made


def failed(text: str, secrets: MemorySecrets | None = None) -> KanipyError:
    build = prepared(text, secrets)
    with pytest.raises(KanipyError) as caught:
        build.run()
    assert not build.destination.published
    assert caught.value.place is not None
    assert caught.value.place.startswith("Dockerfile:2")
    assert "s3cr3t" not in f"{caught.value}{caught.value.hint}"
    return caught.value


# ---------------------------------------------------------------------- downloads


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"ADD {URL} /x", ["f 0600 0:0 x"]),
        (f"ADD {URL} /srv/", ["d 0711 0:0 srv", "f 0600 0:0 srv/f.txt"]),
        (f"ADD {URL} /srv", ["d 0711 0:0 srv", "f 0600 0:0 srv/f.txt"]),
        (f"ADD {URL} /www", ["d 0711 0:0 srv", "f 0600 0:0 srv/f.txt"]),
        (f"ADD {URL} /new/", ["d 0755 0:0 new", "f 0600 0:0 new/f.txt"]),
        (f"ADD {URL} l /x/", ["d 0755 0:0 x", "f 0600 0:0 x/f.txt", "f 0644 0:0 x/l"]),
        (f"ADD --chmod=755 --chown=5:6 {URL} /x", ["f 0755 5:6 x"]),
        (f"ADD --checksum={SHA} {URL} /x", ["f 0600 0:0 x"]),
        (f"ADD --link {URL} /x", ["f 0600 0:0 x"]),
        (f"ADD --exclude=* {URL} /x", ["f 0600 0:0 x"]),
        (f'ADD ["{URL}", "/x"]', ["f 0600 0:0 x"]),
        ("ADD https://host /x/", ["d 0755 0:0 x", "f 0600 0:0 x/__unnamed__"]),
        (f"ADD {ARCHIVE} /x", ["f 0600 0:0 x"]),
        (f"ADD --unpack=false {ARCHIVE} /x", ["f 0600 0:0 x"]),
        (
            f"ADD --unpack=true {ARCHIVE} /x",
            ["d 0755 0:0 x", "d 0750 1:0 x/t", "f 0644 0:0 x/t/f"],
        ),
        (f"ADD --unpack=true {URL} /x", ["f 0600 0:0 x"]),
    ],
)
def test_files_from_addresses(text: str, expected: list[str]) -> None:
    assert rows(text) == expected


def test_a_download_has_the_time_the_server_says() -> None:
    build = prepared(f"ADD {URL} /x\nADD https://host /y")
    build.run()
    assert [build.index(n).entries[p].mtime_ns for n, p in ((-2, "x"), (-1, "y"))] == [
        *(CHANGED_NS, 0),
    ]


def test_a_download_is_in_the_root_that_a_run_sees() -> None:
    def command(root: MemoryRoot, process: ProcessSpec) -> None:
        with root.open("x") as stream:
            root.write_file("copy", stream.read())

    build = MemoryBuild(f"FROM base\nADD {URL} /x\nRUN c", commands={"c": command})
    build.downloads.documents.update(DOCUMENTS)
    build.run()
    assert build.new_rows() == [["f 0600 0:0 x"], ["f 0644 0:0 copy"]]


@pytest.mark.parametrize("unpack", ["true", "false"])
def test_another_content_than_demanded_is_refused(unpack: str) -> None:
    wanted = f"sha256:{'0' * 64}"
    error = failed(f"ADD --unpack={unpack} --checksum={wanted} {URL} /x")
    assert isinstance(error, DigestMismatch)
    assert error.place == "Dockerfile:2: https://host/dir/f.txt?…"
    assert SHA in error.message
    assert wanted in error.message
    assert error.hint


def test_nothing_is_fetched_for_an_instruction_that_is_wrong() -> None:
    build = prepared(f"ADD --checksum=md5:x {URL} /x")
    with pytest.raises(BuildRuleError):
        build.run()
    assert build.downloads.fetched == []


def test_what_cannot_be_downloaded_is_an_error_of_its_line() -> None:
    error = failed("ADD https://u:s3cr3t@host/no?sig=s3cr3t /x")
    assert isinstance(error, SourceUnavailable)
    assert error.place == "Dockerfile:2: https://host/no?…"


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        ("token", {"HTTP_AUTH_TOKEN_host": b"s3cr3t\n"}),
        ("header", {"HTTP_AUTH_HEADER_host": b"Own s3cr3t"}),
    ],
)
def test_a_server_is_shown_the_secret_of_its_host(
    path: str, secret: dict[str, bytes]
) -> None:
    text = f"ADD https://host/{path} /x"
    assert rows(text, MemorySecrets(secret)) == ["f 0600 0:0 x"]
    failed(text)
    other = {name.replace("host", "other"): data for name, data in secret.items()}
    failed(text, MemorySecrets(other))


def test_a_secret_of_several_lines_is_no_header() -> None:
    secrets = MemorySecrets({"HTTP_AUTH_TOKEN_host": b"s3cr3t\nX: s3cr3t"})
    assert (
        "HTTP_AUTH_TOKEN_host" in failed("ADD https://host/token /x", secrets).message
    )


# ------------------------------------------------------------------- repositories


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"ADD {GIT} /x",
            [
                *("d 0755 0:0 x", "d 0755 0:0 x/bin", "f 0755 0:0 x/bin/run"),
                *("d 0755 0:0 x/docs", "f 0644 0:0 x/docs/d.md", "f 0644 0:0 x/f"),
                "l 0:0 x/l -> f",
                *("d 0755 0:0 x/sub", "f 0644 0:0 x/sub/s"),
            ],
        ),
        (f"ADD {GIT}#main:docs /x/", ["d 0755 0:0 x", "f 0644 0:0 x/d.md"]),
        (f"ADD {GIT}#:docs /srv", ["d 0711 0:0 srv", "f 0644 0:0 srv/d.md"]),
        (
            f"ADD --chown=5 --chmod=700 --exclude=bin --exclude=docs {GIT} /x",
            [
                *("d 0700 5:5 x", "f 0700 5:5 x/f", "l 5:5 x/l -> f"),
                *("d 0700 5:5 x/sub", "f 0700 5:5 x/sub/s"),
            ],
        ),
        (
            f"ADD --keep-git-dir --exclude=[bds]* {GIT} /x",
            [
                *("d 0755 0:0 x", "d 0755 0:0 x/.git", "f 0644 0:0 x/.git/HEAD"),
                *("f 0644 0:0 x/f", "l 0:0 x/l -> f"),
            ],
        ),
        (
            f"ADD {GIT}?submodules=false&subdir=/docs l /x/",
            ["d 0755 0:0 x", "f 0644 0:0 x/d.md", "f 0644 0:0 x/l"],
        ),
        (f"ADD --link {GIT}#:docs /srv", ["d 0755 0:0 srv", "f 0644 0:0 srv/d.md"]),
    ],
)
def test_files_from_repositories(text: str, expected: list[str]) -> None:
    assert rows(text) == expected


def test_files_of_a_repository_have_the_time_of_the_commit() -> None:
    build = prepared(f"ADD {GIT} /x")
    build.run()
    entries = build.index(-1).entries.values()
    assert {entry.mtime_ns for entry in entries} == {CHANGED_NS}


def test_a_repository_is_in_the_root_that_a_run_sees() -> None:
    build = MemoryBuild(
        f"FROM base\nADD {GIT}#:docs /x\nRUN w", commands={"w": writes("new")}
    )
    build.repositories.repositories[GIT] = REPOSITORY
    build.run()
    assert build.new_rows()[1] == ["f 0644 0:0 new"]


def test_another_commit_than_demanded_is_refused() -> None:
    error = failed(f"ADD --checksum=b2 {GIT} /x")
    assert isinstance(error, DigestMismatch)
    assert rows(f"ADD --checksum=a1a1 {GIT}#:docs /x")


@pytest.mark.parametrize(
    ("secrets", "authorization"),
    [
        ({"GIT_AUTH_TOKEN": b"t"}, "Basic eC1hY2Nlc3MtdG9rZW46dA=="),
        ({"GIT_AUTH_TOKEN.host": b"t"}, "Basic eC1hY2Nlc3MtdG9rZW46dA=="),
        ({"GIT_AUTH_HEADER.host": b"Own x", "GIT_AUTH_TOKEN": b"t"}, "Own x"),
        ({"GIT_AUTH_HEADER": b"Own x"}, "Own x"),
    ],
)
def test_a_repository_is_shown_the_secret_of_its_host(
    secrets: dict[str, bytes], authorization: str
) -> None:
    build = prepared(f"ADD {GIT} /x", MemorySecrets(secrets))
    private = MemoryRepository(refs=REPOSITORY.refs, authorization=authorization)
    build.repositories.repositories[GIT] = private
    build.run()
    assert build.repositories.checked_out == [GitSource(remote=GIT)]


def test_a_secret_of_another_host_is_not_shown() -> None:
    secrets = MemorySecrets({"GIT_AUTH_TOKEN.other": b"t"})
    build = prepared(f"ADD {GIT} /x", secrets)
    private = MemoryRepository(refs=REPOSITORY.refs, authorization="Basic x")
    build.repositories.repositories[GIT] = private
    with pytest.raises(SourceUnavailable):
        build.run()


# ------------------------------------------------------------------ what is shown


def test_credentials_are_in_no_log_and_no_history() -> None:
    url = "https://user:s3cr3t@host/f?X-Amz-Signature=s3cr3t&v=2"
    build = prepared(f"ADD {url} /x")
    build.downloads.documents[url] = MemoryDocument(data=b"1")
    build.run()
    assert build.downloads.fetched == [url]
    assert build.history == [
        "ADD https://host/f?X-Amz-Signature=…&v=2 /x # buildkit",
    ]
    assert [step.text for step in build.reporter.started] == [
        "ADD https://host/f?X-Amz-Signature=…&v=2 /x",
    ]
