"""Printed URLs hold no secret."""

from __future__ import annotations

import pytest

from adapters.http.redaction import redact_url


@pytest.mark.parametrize(
    ("url", "printed"),
    [
        ("https://host/v2/a", "https://host/v2/a"),
        ("https://user:pw@host:5000/v2/", "https://host:5000/v2/"),
        ("https://host/blob?X-Amz-Signature=abc#frag", "https://host/blob?…"),
        ("http://[broken", "(invalid URL)"),
    ],
)
def test_user_query_and_fragment_are_left_out(url: str, printed: str) -> None:
    assert redact_url(url) == printed
