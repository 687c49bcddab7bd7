"""Mirrors and client certificates, as flags and variables name them."""

from __future__ import annotations

import pytest

from domain.errors import UsageError
from tests.entrypoints.command_line import failure, options


def _mirrors(*words: str, **environment: str) -> list[str]:
    found = options(*words, environment=environment).registry.mirrors.mirrors
    return [
        f"{registry}={mirror.registry}/{mirror.prefix}" for registry, mirror in found
    ]


def test_maps_come_first_and_variables_after_flags() -> None:
    words = ("--registry-mirror=m", "--registry-map=docker.io=a;ghcr.io=b/c")
    assert _mirrors(
        *words, KANIKO_REGISTRY_MIRROR="n", KANIKO_REGISTRY_MAP="q.io=d"
    ) == [
        "index.docker.io=a/",
        "ghcr.io=b/c",
        "q.io=d/",
        "index.docker.io=m/",
        "index.docker.io=n/",
    ]


def test_the_fallback_can_be_forbidden() -> None:
    assert options().registry.mirrors.falls_back
    made = options("--skip-default-registry-fallback")
    assert not made.registry.mirrors.falls_back


def test_a_client_certificate_is_two_files_of_a_host() -> None:
    made = options("--registry-client-cert=R.test:5000=/c=1,/k")
    assert made.registry.client_certificates == (("r.test:5000", "/c=1", "/k"),)


@pytest.mark.parametrize(
    "word",
    [
        "--registry-client-cert=h=/c",
        "--registry-client-cert=h=/c,",
        "--registry-client-cert=h=,/k",
        "--registry-client-cert=h=/c,/k,/x",
        "--registry-map=ghcr.io",
        "--registry-map=ghcr.io=https://m",
        "--registry-mirror=https://m",
    ],
)
def test_a_value_without_meaning_is_told_with_the_form(word: str) -> None:
    error = failure("--no-push", word)
    assert isinstance(error, UsageError)
    assert word.partition("=")[0] in error.message
    assert error.hint


def test_variables_are_checked_too() -> None:
    error = failure("--no-push", environment={"KANIKO_REGISTRY_MAP": "nonsense"})
    assert "KANIKO_REGISTRY_MAP" in error.message
