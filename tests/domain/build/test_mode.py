"""What --chmod does to a mode."""

import pytest

from domain.build.mode import ModeChange
from domain.errors import BuildRuleError
from tests.support.trees import row


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ("755", "f 0600", 0o755),
        ("0", "f 0644", 0),
        ("04755", "f 0600", 0o4755),
        ("7777", "d/ 0700", 0o7777),
        ("u+x", "f 0644", 0o744),
        ("+x", "f 0644", 0o755),
        ("a+x", "f 0644", 0o755),
        ("go-rwx", "f 0755", 0o700),
        ("u=rw,go=r", "f 0777", 0o644),
        ("u=rwX,go=rX", "f 0600", 0o644),
        ("u=rwX,go=rX", "f 0700", 0o755),
        ("u=rwX,go=rX", "d/ 0600", 0o755),
        ("=", "f 0777", 0),
        ("u+", "f 0644", 0o644),
        ("g=u", "f 0740", 0o770),
        ("o+g", "f 0750", 0o755),
        ("u-o", "f 0704", 0o304),
        ("u+s", "f 0755", 0o4755),
        ("g+s", "f 0755", 0o2755),
        ("u-s", "f 4755", 0o755),
        ("u=rwx", "f 4755", 0o755),
        ("g=rx", "f 2755", 0o755),
        ("u=rwx", "f 2755", 0o2755),
        ("+t", "d/ 0777", 0o1777),
        ("a+t", "d/ 0777", 0o1777),
        ("a=rwx", "d/ 1777", 0o777),
        ("u+t", "d/ 0777", 0o777),
        ("u=r+w-r", "f 0777", 0o277),
        ("a-x,u+x", "f 0777", 0o766),
    ],
)
def test_mode_afterwards(change: str, before: str, after: int) -> None:
    assert ModeChange.parse(change).apply(row(before)).mode == after


def test_symlinks_stay_as_they_are() -> None:
    link = row("l -> x")
    assert ModeChange.parse("700").apply(link) == link
    assert ModeChange.parse("a-x").apply(link) == link


@pytest.mark.parametrize(
    "text", ["", "8", "10000", "rwx", "u~x", "u=rw,", "ug=ou", "u+x\n", "u=ux"]
)
def test_what_is_no_mode_is_refused(text: str) -> None:
    with pytest.raises(BuildRuleError, match="invalid --chmod value") as caught:
        ModeChange.parse(text)
    assert caught.value.hint == "use e.g. --chmod=755 or --chmod=u+x"
