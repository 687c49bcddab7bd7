"""What runner and launcher say to each other."""

import os

import pytest

from adapters.isolation.orders import Answers, Orders, Outcome


def test_orders_survive_the_pipe() -> None:
    """Bytes that are no UTF-8 included."""
    orders = Orders(
        isolation="chroot",
        root="/r\udcff",
        argv=["sh", "\u00e9"],
        environment=[["A", "\udc80"]],
        working_directory="/",
        uid=1,
        gid=2,
        groups=[3],
        mount_points={"dev": "dev"},
    )
    assert Orders.from_json(orders.to_json()) == orders


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (b"", Outcome()),
        (b'["exited", 3]\n', Outcome(status=3)),
        (
            b'["refused", "mount"]\n["refused", "late"]\n["exited", 1]\n',
            Outcome(status=1, refusal="mount"),
        ),
    ],
)
def test_the_first_refusal_counts(answers: bytes, outcome: Outcome) -> None:
    assert Outcome.parse(answers) == outcome


def test_answers_are_read_as_they_were_given() -> None:
    ours, theirs = os.pipe()
    answers = Answers(theirs)
    answers.refused("unshare: Operation not permitted")
    answers.exited(1)
    answers.close()
    with os.fdopen(ours, "rb") as pipe:
        outcome = Outcome.parse(pipe.read())
    assert outcome == Outcome(status=1, refusal="unshare: Operation not permitted")
