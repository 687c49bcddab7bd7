"""Values as Go programs read them."""

from datetime import timedelta

import pytest

from entrypoints.flags.values import (
    parse_boolean,
    parse_choice,
    parse_duration,
    parse_integer,
    parse_pair,
)


@pytest.mark.parametrize(
    ("words", "value"),
    [("1 t T true TRUE True", True), ("0 f F false FALSE False", False)],
)
def test_a_boolean_has_the_words_of_go(words: str, value: bool) -> None:  # noqa: FBT001
    assert {parse_boolean(word) for word in words.split()} == {value}


@pytest.mark.parametrize("text", ["", "yes", "tRUE", "on", "2", " true"])
def test_any_other_word_is_no_boolean(text: str) -> None:
    with pytest.raises(ValueError, match="expected true or false"):
        parse_boolean(text)


@pytest.mark.parametrize(("text", "value"), [("-1", -1), ("+3", 3), ("007", 7)])
def test_an_integer_is_decimal_and_may_be_negative(text: str, value: int) -> None:
    assert parse_integer(text) == value


@pytest.mark.parametrize("text", ["", "1.5", "1e3", "1_0", " 1", "٣", "-"])
def test_anything_else_is_no_integer(text: str) -> None:
    with pytest.raises(ValueError, match="whole number"):
        parse_integer(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("336h", timedelta(hours=336)),
        ("6h30m", timedelta(hours=6, minutes=30)),
        ("90s", timedelta(seconds=90)),
        ("0", timedelta()),
        ("-0", timedelta()),
        ("1.5s", timedelta(seconds=1.5)),
        (".5m", timedelta(seconds=30)),
        ("1.h", timedelta(hours=1)),
        ("-1m", timedelta(minutes=-1)),
        ("+2ms", timedelta(milliseconds=2)),
        ("3us4µs5μs", timedelta(microseconds=12)),
        ("1999ns", timedelta(microseconds=1)),
        ("1.5s.25ms", timedelta(microseconds=1_500_250)),
        ("-0.9us1.2us", timedelta(microseconds=-2)),
    ],
)
def test_a_duration_is_written_as_in_go(text: str, value: timedelta) -> None:
    assert parse_duration(text) == value


@pytest.mark.parametrize(
    "text", ["", "5", "1d", "h", ".h", "1h 2m", "1h2", "-", "1H", "--1h"]
)
def test_a_bare_number_or_an_unknown_unit_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration such as"):
        parse_duration(text)


def test_an_absurd_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        parse_duration("9" * 30 + "h")


def test_a_choice_is_one_of_its_words() -> None:
    assert parse_choice("b", ("a", "b")) == "b"
    with pytest.raises(ValueError, match="expected one of a, b"):
        parse_choice("c", ("a", "b"))


def test_a_pair_keeps_everything_after_the_first_equals_sign() -> None:
    assert parse_pair("k=a=b c") == ("k", "a=b c")
    assert parse_pair("k=") == ("k", "")


@pytest.mark.parametrize("text", ["", "k", "=v"])
def test_a_pair_needs_a_key(text: str) -> None:
    with pytest.raises(ValueError, match="key=value"):
        parse_pair(text)
