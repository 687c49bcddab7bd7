"""A credential is kept when the registry has accepted it."""

from __future__ import annotations

import pytest

from adapters.memory.ambient import RecordingReporter
from adapters.memory.credentials import MemoryAccounts, MemoryCredentials
from application.errors import RegistryUnreachable, Unauthorized
from application.log_in import LogIn

ACCOUNTS = MemoryAccounts({"host": {"me": "hunter2"}, "open": {}})


def _service() -> tuple[LogIn, MemoryCredentials, RecordingReporter]:
    store, reporter = MemoryCredentials(), RecordingReporter()
    return LogIn(accounts=ACCOUNTS, store=store, reporter=reporter), store, reporter


def test_what_is_accepted_is_kept() -> None:
    service, store, reporter = _service()
    service.run("host", "me", "hunter2")
    found = store.find("host", "a")
    assert found is not None
    assert found.password == "hunter2"
    assert reporter.messages == [
        ("info", "Logged in to host; the password is in memory")
    ]


def test_what_is_refused_or_not_asked_is_not_kept() -> None:
    service, store, _ = _service()
    with pytest.raises(Unauthorized):
        service.run("host", "me", "other")
    with pytest.raises(RegistryUnreachable):
        service.run("gone", "me", "hunter2")
    assert store.find("host", "a") is None
    assert store.find("gone", "a") is None


def test_a_registry_that_asks_nobody_is_warned_of() -> None:
    service, store, reporter = _service()
    service.run("open", "me", "hunter2")
    assert store.find("open", "a") is not None
    assert reporter.messages[0][0] == "warning"
