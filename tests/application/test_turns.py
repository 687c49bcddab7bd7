"""Work side by side: who has the turn, what comes after what, how it ends."""

from collections.abc import Callable
from threading import Barrier, Event, current_thread

import pytest

from application.turns import SideBySide, Turns

SECONDS = 20


def side_by_side(
    turns: Turns, jobs: int = 2, stop: Callable[[], None] = lambda: None
) -> SideBySide:
    return SideBySide(turns, jobs, stop)


def needing(**needs: str) -> dict[int, frozenset[int]]:
    """Return `_2="01"` as piece 2, which needs pieces 0 and 1."""
    return {
        int(name.removeprefix("_")): frozenset(map(int, needed))
        for name, needed in needs.items()
    }


def test_what_gives_its_turn_up_runs_beside_another() -> None:
    turns, meeting = Turns(), Barrier(2)

    def work(number: int) -> None:
        with turns.given_up():
            meeting.wait(SECONDS)

    side_by_side(turns).run(needing(_0="", _1=""), work)


def test_what_has_the_turn_has_it_alone() -> None:
    turns = Turns()
    busy: list[int] = []

    def work(number: int) -> None:
        assert busy == []
        busy.append(number)
        Event().wait(0.01)
        busy.remove(number)

    side_by_side(turns, 4).run({number: frozenset() for number in range(12)}, work)


def test_the_turn_is_had_again_afterwards() -> None:
    turns, inside = Turns(), []

    def work(number: int) -> None:
        for _ in range(20):
            with turns.given_up():
                Event().wait(0.001)
            inside.append(number)
            assert inside == [number]
            inside.clear()

    side_by_side(turns).run(needing(_0="", _1=""), work)


def test_without_the_turn_nothing_is_given_up() -> None:
    turns = Turns()
    with turns.given_up(), turns.taken():
        pass


@pytest.mark.parametrize("jobs", [1, 2, 3, 8])
def test_what_is_needed_comes_before(jobs: int) -> None:
    done: list[int] = []
    needs = needing(_0="", _1="0", _2="", _3="12", _4="0", _5="34")

    def work(number: int) -> None:
        assert needs[number] <= set(done)
        with turns.given_up():
            Event().wait(0.001)
        done.append(number)

    turns = Turns()
    side_by_side(turns, jobs).run(needs, work)
    assert sorted(done) == sorted(needs)


def test_no_more_are_begun_than_jobs() -> None:
    turns, begun, most = Turns(), [], []

    def work(number: int) -> None:
        begun.append(number)
        most.append(len(begun))
        with turns.given_up():
            Event().wait(0.005)
        begun.remove(number)

    side_by_side(turns, 3).run({number: frozenset() for number in range(9)}, work)
    assert max(most) == 3


def test_a_chain_is_done_where_signals_arrive() -> None:
    threads = []
    side_by_side(Turns()).run(
        needing(_0="", _1="0", _2="1"), lambda _: threads.append(current_thread())
    )
    assert set(threads) == {current_thread()}


def test_a_failure_stops_the_rest() -> None:
    turns, stopped, begun, other = Turns(), Event(), [], Event()

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            with turns.given_up():
                other.wait(SECONDS)
            raise ValueError("the first")
        with turns.given_up():
            other.set()
            assert stopped.wait(SECONDS)
        raise ValueError("as a consequence")

    with pytest.raises(ValueError, match="the first"):
        side_by_side(turns, 2, stopped.set).run(needing(_0="", _1="", _2=""), work)
    assert sorted(begun) == [0, 1]


def test_what_could_be_done_at_once_fails_with_its_own_error() -> None:
    def work(number: int) -> None:
        raise ValueError(str(number))

    with pytest.raises(ValueError, match="0"):
        side_by_side(Turns()).run(needing(_0="", _1="0"), work)
