"""What is not supported yet ends the run, by name; what asks for nothing does not."""

import pytest

from domain.errors import UsageError
from entrypoints.flags.flag import Flag, Kind
from entrypoints.flags.not_yet import NOT_YET, NotYet
from entrypoints.flags.table import EXECUTOR_FLAGS
from tests.entrypoints.command_line import failure, options

_BY_KIND = {
    Kind.INTEGER: "3",
    Kind.DURATION: "6h",
    Kind.TEXT: "something",
    Kind.TEXTS: "something",
    Kind.PAIRS: "host=something",
}


def _asking(row: NotYet) -> str:
    flag = EXECUTOR_FLAGS[row.flag]
    if flag.kind is Kind.BOOLEAN:
        return "false" if flag.default == "true" else "true"
    return _BY_KIND[flag.kind]


@pytest.mark.parametrize("row", NOT_YET, ids=lambda row: row.flag)
def test_a_flag_that_asks_for_what_is_missing_ends_the_run(row: NotYet) -> None:
    error = failure("--destination=a", f"--{row.flag}={_asking(row)}")
    assert isinstance(error, UsageError)
    assert error.message == f"--{row.flag} is not supported yet"
    assert (error.hint or "").startswith("this release ")


@pytest.mark.parametrize(
    "flag", [EXECUTOR_FLAGS[row.flag] for row in NOT_YET], ids=lambda flag: flag.name
)
def test_the_default_asks_for_nothing(flag: Flag) -> None:
    if flag.default:
        options(f"--{flag.name}={flag.default}")


@pytest.mark.parametrize(
    "word",
    [
        "--registry-mirror=",
        "--cache-repo=",
        "--bucket=",
        "--cache-ttl=20160m",
        "--network=host",
        "--network=default",
        "--secret=id=a,src=/etc/hostname",
        "--ssh=default=/run/agent",
        "--digest-file=https://host/digest",
        "--context=dir:///workspace",
        "--isolation=chroot",
        "--dockerfile=docker/https/Dockerfile",
    ],
)
def test_a_value_that_asks_for_nothing_new_goes_through(word: str) -> None:
    options(word)


def test_only_the_last_value_of_a_scalar_asks() -> None:
    assert not options("--cache", "--cache=false").cache.enabled


def test_several_targets_are_not_supported_yet() -> None:
    for words in (["--target=a,b"], ["--target=a", "--target=b"]):
        error = failure("--no-push", *words)
        assert error.message == "--target with several stages is not supported yet"
