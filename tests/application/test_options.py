"""Build options: what their parsers understand, what their repr keeps to itself."""

import pytest

from application.options import (
    BuildOptions,
    ContextAddress,
    ContextScheme,
    CredentialOptions,
    DirectoryContext,
    GitOptions,
    ImageContext,
    InputOptions,
    LayoutContext,
    NamedContext,
    NetworkOptions,
    StorageOptions,
)
from domain.errors import UsageError
from domain.image.reference import Reference


@pytest.mark.parametrize(
    ("text", "scheme", "location"),
    [
        ("/workspace/", ContextScheme.DIRECTORY, "/workspace/"),
        (".", ContextScheme.DIRECTORY, "."),
        ("dir:///workspace", ContextScheme.DIRECTORY, "/workspace"),
        ("tar://stdin", ContextScheme.TAR, "tar://stdin"),
        ("git://host/a.git#refs/heads/b", ContextScheme.GIT, None),
        ("https://host/a.tar.gz", ContextScheme.HTTPS, None),
        ("s3://bucket/key", ContextScheme.S3, None),
        ("gs://bucket/key", ContextScheme.GCS, None),
        ("-", ContextScheme.TAR, "tar://stdin"),
        ("git@host:a/b.git#main", ContextScheme.GIT, None),
        ("ssh://git@host/a", ContextScheme.GIT, None),
        ("https://host/a.git#main:dir", ContextScheme.GIT, None),
        ("http://host/a.git", ContextScheme.GIT, None),
        ("https://host/a?x=b.git", ContextScheme.HTTPS, None),
    ],
)
def test_a_context_address_tells_where_the_context_lives(
    text: str, scheme: ContextScheme, location: str | None
) -> None:
    address = ContextAddress.parse(text)
    assert (address.scheme, address.location) == (scheme, location or text)


def test_an_unknown_context_prefix_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(
        UsageError, match="unknown build context prefix ftp://"
    ) as error:
        ContextAddress.parse("ftp://host/x")
    assert "gs://" in (error.value.hint or "")


def test_an_empty_context_is_refused() -> None:
    with pytest.raises(UsageError, match="empty"):
        ContextAddress.parse("")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("base=/images", DirectoryContext(path="/images")),
        ("base=a=b", DirectoryContext(path="a=b")),
        ("base=oci-layout:///images", LayoutContext(path="/images")),
        ("base=oci-layout://./i:1.0", LayoutContext(path="./i", tag="1.0")),
        ("base=oci-layout:///a:b/c", LayoutContext(path="/a:b/c")),
        (
            "base=oci-layout:///i@sha256:ab",
            LayoutContext(path="/i", digest="sha256:ab"),
        ),
        (
            "base=oci-layout:///i:t@sha256:ab",
            LayoutContext(path="/i", tag="t", digest="sha256:ab"),
        ),
    ],
)
def test_a_named_context_is_a_directory_or_an_oci_layout(
    text: str, source: DirectoryContext | LayoutContext
) -> None:
    assert NamedContext.parse(text) == NamedContext(name="base", source=source)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("docker-image://debian", ImageContext(reference=Reference.parse("debian"))),
        ("dir:///x", DirectoryContext(path="/x")),
        ("https://host/a.tgz", ContextAddress.parse("https://host/a.tgz")),
        ("git@host:a", ContextAddress.parse("git@host:a")),
    ],
)
def test_a_named_context_is_an_image_or_an_address_too(
    text: str, source: DirectoryContext | ImageContext | ContextAddress
) -> None:
    assert NamedContext.parse(f"base={text}").source == source


@pytest.mark.parametrize(
    "text",
    [
        *("base", "=x", "base=", "base=docker-image://", "base=oci-layout://"),
        *("base=ftp://host/x", "base=-", "base=tar://stdin"),
    ],
)
def test_another_named_context_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--build-context"):
        NamedContext.parse(text)


def test_no_repr_shows_what_may_be_secret() -> None:
    """Build arguments, addresses with tokens, credentials and proxies stay hidden."""
    options = BuildOptions(
        input=InputOptions(
            context=ContextAddress.parse("git://hunter2@host/a"),
            build_args=(("TOKEN", "hunter2"),),
            git=GitOptions(user="hunter2", password="hunter2"),
            storage=StorageOptions(azure_key="hunter2"),
        ),
        credentials=CredentialOptions(docker_auth_config="hunter2"),
        network=NetworkOptions(http_proxy="hunter2", https_proxy="hunter2"),
    )
    assert "hunter2" not in repr(options)
