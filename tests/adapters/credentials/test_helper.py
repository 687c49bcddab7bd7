"""Helpers are made late, asked once, and asked again when a credential runs out."""

from __future__ import annotations

import pytest

from adapters.credentials.helper import Helper, HelperFailure, OneForAll, Remembering
from application.ports.credentials import Credential
from tests.support.credential_helpers import KnownHelper

ROBOT = Credential(username="robot", password="pw", expires=1000.0)


def test_a_helper_is_made_when_it_is_asked() -> None:
    made: list[str] = []

    def load() -> Helper:
        made.append("once")
        return KnownHelper({})

    helper = Remembering(load)
    assert made == []
    helper.get("a")
    helper.get("b")
    assert made == ["once"]


def test_answers_are_remembered_also_that_there_is_none() -> None:
    inner = KnownHelper({"host": ROBOT})
    helper = Remembering(lambda: inner, now=lambda: 0.0)
    for _ in range(2):
        assert helper.get("host") == ROBOT
        assert helper.get("other") is None
    assert inner.asked == ["host", "other"]


def test_what_is_about_to_run_out_is_asked_for_again() -> None:
    inner, now = KnownHelper({"host": ROBOT}), [0.0]
    helper = Remembering(lambda: inner, now=lambda: now[0])
    helper.get("host")
    now[0] = 950.0
    helper.get("host")
    assert inner.asked == ["host", "host"]


def test_what_has_run_out_when_it_is_new_is_asked_for_once() -> None:
    """Where our clock and the cloud's differ."""
    inner = KnownHelper({"host": ROBOT})
    helper = Remembering(lambda: inner, now=lambda: 5000.0)
    for _ in range(2):
        found = helper.get("host")
        assert found is not None
        assert found.expires is None
    assert inner.asked == ["host"]


def test_one_credential_may_be_for_all_registries() -> None:
    inner = KnownHelper({"": ROBOT})
    helper = OneForAll(Remembering(lambda: inner, now=lambda: 0.0))
    assert helper.get("gcr.io") == helper.get("eu.gcr.io") == ROBOT
    assert inner.asked == [""]


def test_a_failure_is_remembered_with_its_reason() -> None:
    inner = KnownHelper({"host": "no key"})
    helper = Remembering(lambda: inner)
    for _ in range(2):
        with pytest.raises(HelperFailure, match="no key"):
            helper.get("host")
    assert inner.asked == ["host"]
