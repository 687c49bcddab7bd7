"""The options of the check directive."""

import pytest

from domain.dockerfile.checks import CheckOptions
from domain.dockerfile.location import LintWarning
from domain.errors import DockerfileError

WARNINGS = tuple(LintWarning(rule=rule, message="", line=1) for rule in "ABC")


@pytest.mark.parametrize(
    ("text", "wanted", "is_error"),
    [
        (None, "ABC", False),
        ("", "ABC", False),
        ("skip=A", "BC", False),
        ("skip=A, C", "B", False),
        ("skip=all", "", False),
        ("skip=a", "ABC", False),
        ("error=true", "ABC", True),
        ("error=1", "ABC", True),
        ("error=False", "ABC", False),
        (" skip = A ; error = true ", "BC", True),
        ("experimental=all;skip=B", "AC", False),
    ],
)
def test_options(text: str | None, wanted: str, *, is_error: bool) -> None:
    options = CheckOptions.parse(text)
    assert "".join(each.rule for each in options.wanted(WARNINGS)) == wanted
    assert options.is_error == is_error


@pytest.mark.parametrize("text", ["skip", "skips=A", "error=yes", "skip=A;;", "A"])
def test_what_is_no_option_is_refused(text: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        CheckOptions.parse(text)
    assert caught.value.hint
