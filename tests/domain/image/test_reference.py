"""References are read as docker reads them; Docker Hub has one name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidDigest, InvalidReference
from domain.image.digest import Digest
from domain.image.reference import Reference, normalise_registry

DIGEST = Digest.of(b"x")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("debian", "index.docker.io/library/debian:latest"),
        ("debian:12", "index.docker.io/library/debian:12"),
        ("docker.io/debian", "index.docker.io/library/debian:latest"),
        ("registry-1.docker.io/a/b:1", "index.docker.io/a/b:1"),
        ("a/b", "index.docker.io/a/b:latest"),
        ("localhost/a", "localhost/a:latest"),
        ("localhost:5000/a:b", "localhost:5000/a:b"),
        ("host:5000/a", "host:5000/a:latest"),
        ("ghcr.io/a/b/c", "ghcr.io/a/b/c:latest"),
        ("GHCR.io/a", "ghcr.io/a:latest"),
        ("[::1]:5000/a:1", "[::1]:5000/a:1"),
        (f"a@{DIGEST}", f"index.docker.io/library/a@{DIGEST}"),
        (f"h.io/a:1@{DIGEST}", f"h.io/a:1@{DIGEST}"),
        ("my_host.lan/a__b/c--d", "my_host.lan/a__b/c--d:latest"),
    ],
)
def test_names_are_normalised(text: str, canonical: str) -> None:
    reference = Reference.parse(text)
    assert reference.canonical == canonical
    assert Reference.parse(canonical) == reference
    assert Reference.parse(str(reference)) == reference


@pytest.mark.parametrize(
    ("text", "familiar"),
    [
        ("index.docker.io/library/debian:12", "debian:12"),
        ("docker.io/a/b", "a/b:latest"),
        ("library/a/b", "library/a/b:latest"),
        ("ghcr.io/a", "ghcr.io/a:latest"),
    ],
)
def test_references_are_printed_as_docker_prints_them(text: str, familiar: str) -> None:
    assert str(Reference.parse(text)) == familiar


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not an image reference"),
        (" debian", "not an image reference"),
        ("https://ghcr.io/a", "no scheme"),
        ("ghcr.io/A", "upper-case"),
        ("Debian", "upper-case"),
        ("a:", "invalid tag"),
        ("a:-b", "invalid tag"),
        (f"a:{'t' * 129}", "invalid tag"),
        ("a/../b", "invalid repository"),
        ("h.io/", "invalid repository"),
        ("h.io/a//b", "invalid repository"),
        ("a b", "invalid repository"),
        ("h.io/a?x=y", "invalid repository"),
        ("h.io/a%2fb", "invalid repository"),
        ("h.io/" + "a" * 256, "longer than"),
        ("h!.io/a", "invalid registry"),
        ("h.io:port/a", "invalid registry"),
        ("/a", "invalid repository"),
        ("a\n", "not an image reference"),
    ],
)
def test_a_wrong_reference_names_the_wrong_part(text: str, message: str) -> None:
    with pytest.raises(InvalidReference, match=message):
        Reference.parse(text)


def test_a_wrong_digest_is_an_invalid_digest() -> None:
    with pytest.raises(InvalidDigest):
        Reference.parse("a@sha256:123")


def test_upper_case_letters_come_with_the_remedy() -> None:
    with pytest.raises(InvalidReference) as caught:
        Reference.parse("ghcr.io/Owner/App")
    assert caught.value.hint == "write 'owner/app'"


def test_the_digest_beats_the_tag() -> None:
    reference = Reference.parse(f"a:1@{DIGEST}")
    assert reference.identifier == str(DIGEST)
    assert Reference.parse("a:1").identifier == "1"


def test_a_tag_replaces_tag_and_digest() -> None:
    reference = Reference.parse(f"a:1@{DIGEST}").with_tag("2")
    assert str(reference) == "a:2"
    with pytest.raises(InvalidReference):
        reference.with_tag("no/tag")


def test_a_digest_is_added_to_the_tag() -> None:
    assert str(Reference.parse("a:1").with_digest(DIGEST)) == f"a:1@{DIGEST}"


def test_all_names_of_docker_hub_are_one() -> None:
    names = ("docker.io", "index.docker.io", "registry-1.docker.io", "Docker.io")
    assert {normalise_registry(name) for name in names} == {"index.docker.io"}
    assert normalise_registry("hub.docker.io") == "hub.docker.io"


_COMPONENT = st.from_regex(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", fullmatch=True)


@given(
    host=st.sampled_from(["", "localhost/", "h.io/", "h:1/", "docker.io/"]),
    path=st.lists(_COMPONENT.filter(lambda c: len(c) < 40), min_size=1, max_size=4),
    tag=st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True),
)
def test_printing_and_parsing_are_inverse(host: str, path: list[str], tag: str) -> None:
    reference = Reference.parse(f"{host}{'/'.join(path)}:{tag}")
    assert Reference.parse(str(reference)) == reference
    assert Reference.parse(reference.canonical) == reference


@given(st.text(max_size=80))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except (InvalidReference, InvalidDigest):
        return
    assert Reference.parse(reference.canonical) == reference
