"""Addresses lose their credentials; everything else stays."""

import pytest

from domain.dockerfile.redaction import without_credentials


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ADD https://u:p@h/x /y", "ADD https://h/x /y"),
        (
            "ADD https://token@h:8080/r.git#main a@b /y",
            "ADD https://h:8080/r.git#main a@b /y",
        ),
        ("git@h:o/r.git", "git@h:o/r.git"),
        ("ssh://git@h/r", "ssh://h/r"),
        (
            "http://h/x?v=1&X-Amz-Signature=ab%2F&y=2",
            "http://h/x?v=1&X-Amz-Signature=…&y=2",
        ),
        (
            "http://h/x?sig=a http://h/y?access_token=b#z",
            "http://h/x?sig=… http://h/y?access_token=…#z",
        ),
        ("http://h/r.git?ref=v1&subdir=docs", "http://h/r.git?ref=v1&subdir=docs"),
        ('["https://u:p@h/x", "/y@z"]', '["https://h/x", "/y@z"]'),
        ("COPY a?token=b c", "COPY a?token=b c"),
        ("http://h/x?api-key=a&pwd=b&v=1", "http://h/x?api-key=…&pwd=…&v=1"),
        ("http://h/a@b", "http://h/a@b"),
    ],
)
def test_what_is_left(text: str, expected: str) -> None:
    assert without_credentials(text) == expected
