"""Retries wait longer each time, and as long as the server asks."""

from __future__ import annotations

import pytest

from adapters.http.retries import Retries, RetryPolicy, TryAgain, retry_after


class Trouble(Exception):
    """What the operation under test fails with."""


def _failing(times: int) -> list[TryAgain]:
    return [TryAgain(Trouble(f"attempt {number}")) for number in range(times)]


@pytest.mark.parametrize("failures", [0, 1, 3])
def test_an_operation_that_recovers_returns(failures: int) -> None:
    waits: list[float] = []
    troubles = _failing(failures)
    retries = Retries(RetryPolicy(attempts=4, jitter=0), sleep=waits.append)

    def operation() -> str:
        if troubles:
            raise troubles.pop()
        return "done"

    assert retries.run(operation) == "done"
    assert waits == [1.0, 3.0, 9.0][:failures]


def test_the_last_error_is_raised_as_it_is() -> None:
    retries = Retries(RetryPolicy(attempts=2), sleep=lambda _: None)
    troubles = _failing(2)
    with pytest.raises(Trouble, match="attempt 0"):
        retries.run(lambda: (_ for _ in ()).throw(troubles.pop()))


def test_delays_are_spread_but_bounded() -> None:
    waits: list[float] = []
    policy = RetryPolicy(attempts=20, jitter=0.5, longest_delay=5)
    troubles = _failing(20)
    with pytest.raises(Trouble):
        Retries(policy, sleep=waits.append).run(
            lambda: (_ for _ in ()).throw(troubles.pop())
        )
    assert len(waits) == 19
    assert 1.0 <= waits[0] <= 1.5
    assert 3.0 <= waits[1] <= 4.5
    assert max(waits) == 5


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("12", 12.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
        ("soon", None),
    ],
)
def test_the_header_is_a_number_or_a_date(
    value: str | None, seconds: float | None
) -> None:
    assert retry_after(value, now=lambda: 10.0) == seconds
