"""Challenges of all spellings are read, and the one we can answer is chosen."""

from __future__ import annotations

import pytest

from adapters.registry.challenge import Challenge, choose

BEARER = 'Bearer realm="https://auth/token",service="a, b",scope="x"'


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            BEARER,
            Challenge(
                scheme="bearer", realm="https://auth/token", service="a, b", scope="x"
            ),
        ),
        (
            f'Basic realm="x", {BEARER}',
            Challenge(
                scheme="bearer", realm="https://auth/token", service="a, b", scope="x"
            ),
        ),
        ("bearer Realm=https://a/t", Challenge(scheme="bearer", realm="https://a/t")),
        ('BASIC realm="say \\"hi\\""', Challenge(scheme="basic", realm='say "hi"')),
        ("Basic", Challenge(scheme="basic")),
        (
            'Bearer realm = "https://a" , error="insufficient_scope"',
            Challenge(scheme="bearer", realm="https://a", error="insufficient_scope"),
        ),
        ('Bearer service="no realm", Basic', Challenge(scheme="basic")),
        ('Negotiate, Basic realm="x"', Challenge(scheme="basic", realm="x")),
        ("Negotiate", None),
        ("", None),
        (None, None),
        ('="', None),
    ],
)
def test_the_challenge_we_can_answer(
    header: str | None, expected: Challenge | None
) -> None:
    assert choose(header) == expected
