"""ADD: which sources are fetched, and what their addresses say.

The tables follow docker's own rules for addresses of repositories.
"""

import pytest

from domain.build.remote_source import (
    UNNAMED,
    GitSource,
    RemoteSource,
    UrlSource,
    context_repository,
    remote_source,
)
from domain.build.transfer import remote_sources
from domain.build.words import Words
from domain.dockerfile.instruction import Add, Copy
from domain.errors import BuildRuleError
from domain.image.digest import Digest
from tests.domain.dockerfile.parsing import instruction
from tests.support.planning import fresh

SHA = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    "word",
    [
        *(
            "./.git",
            ".git",
            "a.git",
            "github.com/o/r",
            "host.xyz/o/r.git",
            "a@b",
            "a:b",
        ),
        *("ftp://h/x", "file:///etc/passwd", "s3://b/x", "http://", "//h/x", "a@b c:d"),
        *("../r.git", "C:/x", "ext::sh -c id"),
    ],
)
def test_paths(word: str) -> None:
    assert remote_source(word) is None


@pytest.mark.parametrize(
    "word",
    [
        *("https://example.com/", "https://example.com/foo", "HTTP://h/x?y#z"),
        *("https://h/foo.git/", "https://h/foo.git.bar", "https://github.com/m/b"),
        "http://h/docker.git:#branch",
    ],
)
def test_addresses_of_files(word: str) -> None:
    assert remote_source(word) == UrlSource(url=word)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("https://h/foo.git", GitSource(remote="https://h/foo.git")),
        ("http://h:8080/.git", GitSource(remote="http://h:8080/.git")),
        ("https://h/foo.git#dead", GitSource(remote="https://h/foo.git", ref="dead")),
        (
            "https://h/foo.git#release/1.2",
            GitSource(remote="https://h/foo.git", ref="release/1.2"),
        ),
        (
            "https://h/foo.git#baz/qux:quux/quuz",
            GitSource(remote="https://h/foo.git", ref="baz/qux", subdir="quux/quuz"),
        ),
        ("https://h/foo.git#:dir", GitSource(remote="https://h/foo.git", subdir="dir")),
        ("git://h/foo", GitSource(remote="git://h/foo")),
        ("ssh://git@h/~/foo", GitSource(remote="ssh://git@h/~/foo")),
        ("git@h:o/r", GitSource(remote="git@h:o/r")),
        (
            "git@h:o/r.git#v1:docs",
            GitSource(remote="git@h:o/r.git", ref="v1", subdir="docs"),
        ),
        (
            "git@h:o/r.git?ref=v1&subdir=docs",
            GitSource(remote="git@h:o/r.git", ref="v1", subdir="docs"),
        ),
        (
            "https://u:p@h/r.git?ref=v1.0.0&subdir=/sub/../dir/",
            GitSource(remote="https://u:p@h/r.git", ref="v1.0.0", subdir="dir"),
        ),
        (
            "https://h/r.git?tag=v1&submodules=false&keep-git-dir=1",
            GitSource(
                remote="https://h/r.git",
                ref="refs/tags/v1",
                submodules=False,
                keep_git_dir=True,
            ),
        ),
        (
            "https://h/r.git?branch=refs/heads/x&keep-git-dir&submodules=",
            GitSource(remote="https://h/r.git", ref="refs/heads/x", keep_git_dir=True),
        ),
        (
            "https://h/r.git?checksum=abc",
            GitSource(remote="https://h/r.git", ref="abc", checksum="abc"),
        ),
        (
            "https://h/r.git?commit=abc#main",
            GitSource(remote="https://h/r.git", ref="main", checksum="abc"),
        ),
        ("https://h/r.git?ref=x#x", GitSource(remote="https://h/r.git", ref="x")),
        ("https://h/r.git#:../..", GitSource(remote="https://h/r.git")),
    ],
)
def test_addresses_of_repositories(word: str, expected: RemoteSource) -> None:
    assert remote_source(word) == expected


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("https://h/r.git?ref=a#b", "asks for 'b' and for 'a'"),
        ("https://h/r.git?tag=a&branch=b", "asks for 'refs/tags/a' and for"),
        ("https://h/r.git?subdir=a#:b", "asks for 'b' and for 'a'"),
        ("https://h/r.git?checksum=a&commit=b", "asks for 'a' and for 'b'"),
        ("https://h/r.git?x=a", "no parameter 'x'"),
        (
            "https://h/r.git?ref=a&ref=b",
            "ref of a repository's address needs one value",
        ),
        ("https://h/r.git?ref=", "ref of a repository's address needs one value"),
        ("https://h/r.git?submodules=maybe", "submodules cannot be 'maybe'"),
        ("https://h/r.git?checksum=xyz", "'xyz' is no commit"),
        ("https://h/r.git#--upload-pack=x", "is no branch, tag or commit"),
        ("https://h/r.git#a..b", "is no branch, tag or commit"),
        ("https://h/r.git?ref=a%20b", "is no branch, tag or commit"),
        ("https://h/r.git?ref=a%0ab", "is no branch, tag or commit"),
        ("ssh://-oProxyCommand=x/r", "cannot begin with a dash"),
        ("git@-oProxyCommand:r", "cannot begin with a dash"),
        ("https://u:secret@h:port/r.git", "is no valid address"),
        ("https://[h/x", "is no valid address"),
    ],
)
def test_addresses_that_are_wrong(word: str, message: str) -> None:
    with pytest.raises(BuildRuleError) as caught:
        remote_source(word)
    assert message in caught.value.message
    assert "secret" not in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://h/a/b.tar.gz?x=/y#z", "b.tar.gz"),
        ("http://h/a%20b", "a b"),
        ("http://h/a%2Fb", "b"),
        ("http://h/", UNNAMED),
        ("http://h", UNNAMED),
        ("http://h/a/..", UNNAMED),
        ("http://h/%00", UNNAMED),
    ],
)
def test_the_name_of_a_file(url: str, name: str) -> None:
    assert UrlSource(url=url).name == name


def test_no_rendering_shows_a_password() -> None:
    for word in ("https://u:secret@h/f?sig=secret", "https://u:secret@h/r.git#main"):
        source = remote_source(word)
        assert "secret" not in f"{source} {source!r}"
    assert str(remote_source("https://u@h/r.git#main")) == "https://h/r.git#main"


# ----------------------------------------------------------------- instructions


def asked(text: str) -> tuple[dict[str, RemoteSource], Digest | None]:
    step = instruction(text)
    assert isinstance(step, Copy | Add)
    return remote_sources(step, Words.of(step, fresh(), "\\"))


def test_only_addresses_are_fetched() -> None:
    remote, digest = asked("ADD a http://h/x git@h:r /d/")
    assert list(remote) == ["http://h/x", "git@h:r"]
    assert digest is None


def test_addresses_are_expanded() -> None:
    remote, _ = asked("ADD ${x:-http://h}/f /d/")
    assert list(remote) == ["http://h/f"]


def test_a_checksum_is_a_file_s_digest_or_a_repository_s_commit() -> None:
    assert asked(f"ADD --checksum={SHA} http://h/x /d")[1] == Digest.parse(SHA)
    remote, digest = asked("ADD --checksum=${c:-abc} http://h/r.git#main /d")
    assert digest is None
    assert remote["http://h/r.git#main"] == GitSource(
        remote="http://h/r.git", ref="main", checksum="abc"
    )


def test_git_s_own_directory_is_kept_when_a_flag_says_so() -> None:
    (source,) = asked("ADD --keep-git-dir=true http://h/r.git /d")[0].values()
    assert source == GitSource(remote="http://h/r.git", keep_git_dir=True)
    assert asked("ADD --keep-git-dir a http://h/x /d/")[0] == {
        "http://h/x": UrlSource(url="http://h/x")
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "COPY http://u:secret@h/x /d",
            "COPY cannot take files from a URL (http://h/x)",
        ),
        ("COPY git@h:r /d", "COPY cannot take files from a repository (git@h:r)"),
        (
            f"ADD --checksum={SHA} http://h/x http://h/y /d/",
            "--checksum is for one source",
        ),
        (f"ADD --checksum={SHA} a /d", "not for local files"),
        (
            "ADD --checksum=sha256:12 http://h/x /d",
            "--checksum: sha256 digest is not 64",
        ),
        ("ADD --checksum=md5:12 http://h/x /d", "--checksum: unknown digest algorithm"),
        (f"ADD --checksum=sha512:{'0' * 128} http://h/x /d", "algorithm sha512"),
        (f"ADD --checksum={SHA} http://h/r.git /d", "is no commit"),
        ("ADD --checksum=a http://h/r.git?checksum=b /d", "asks for 'b' and for 'a'"),
        (
            "ADD --keep-git-dir http://h/r.git?keep-git-dir=false /d",
            "contradict each other",
        ),
    ],
)
def test_what_is_refused_before_anything_is_fetched(text: str, message: str) -> None:
    with pytest.raises(BuildRuleError) as caught:
        asked(text)
    assert message in caught.value.message
    assert "secret" not in str(caught.value)
    assert caught.value.hint


C = "c" * 40


@pytest.mark.parametrize(
    ("address", "remote", "ref", "commit", "subdir"),
    [
        ("git://h/o/r", "https://h/o/r", "", "", ""),
        ("git://h/o/r.git#refs/heads/b", "https://h/o/r.git", "refs/heads/b", "", ""),
        (f"git://h/r#refs/pull/1/head#{C}", "https://h/r", "refs/pull/1/head", C, ""),
        (f"git://h/r#{C}", "https://h/r", C, "", ""),
        ("git://h/r#main:a/b", "https://h/r", "main", "", "a/b"),
        ("git://h/r#:a", "https://h/r", "", "", "a"),
        ("https://h/r.git#v1", "https://h/r.git", "v1", "", ""),
        ("http://h/r.git", "http://h/r.git", "", "", ""),
        ("git@h:o/r.git#b:d", "git@h:o/r.git", "b", "", "d"),
        ("ssh://git@h:2222/r#b", "ssh://git@h:2222/r", "b", "", ""),
        ("git://t@h:8080/r", "https://t@h:8080/r", "", "", ""),
    ],
)
def test_a_context_in_a_repository(
    address: str, remote: str, ref: str, commit: str, subdir: str
) -> None:
    found = context_repository(address)
    assert (found.remote, found.ref) == (remote, ref)
    assert (found.commit, found.subdir) == (commit, subdir)
    assert found.submodules is False


def test_what_the_flags_say_of_a_context_goes_first() -> None:
    found = context_repository(
        "git://h/r#main:d", branch="b", submodules=True, plain_http=True
    )
    assert (found.remote, found.ref, found.subdir) == ("http://h/r", "b", "d")
    assert found.submodules is True


@pytest.mark.parametrize(
    "address",
    [
        *("git://h/r#--upload-pack=x", "git://h/r#main#-x", "git://-x/r", "git://h/r#a b"),
        *("x y", "git://h:port/r", "git://h/r?x=1", "git://h/r#main#xyz"),
    ],
)
def test_a_context_that_git_could_take_for_something_else_is_refused(
    address: str,
) -> None:
    with pytest.raises(BuildRuleError):
        context_repository(address)


def test_no_error_about_a_context_shows_a_credential() -> None:
    with pytest.raises(BuildRuleError) as caught:
        context_repository("git://u:s3cr3t@h:port/r")
    assert "s3cr3t" not in f"{caught.value}{caught.value.hint}"
