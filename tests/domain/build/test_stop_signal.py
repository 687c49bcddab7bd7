"""Signals of STOPSIGNAL."""

import pytest

from domain.build.stop_signal import check_stop_signal
from domain.errors import BuildRuleError


@pytest.mark.parametrize(
    "text",
    ["SIGTERM", "TERM", "sigusr1", "9", "64", "SIGRTMIN", "RTMIN+15", "SIGRTMAX-14"],
)
def test_signals_are_accepted(text: str) -> None:
    check_stop_signal(text)


@pytest.mark.parametrize(
    "text", ["", "SIGNOPE", "0", "65", "-1", "²", "RTMIN+16", "RTMAX-15", "SIGSIGTERM"]
)
def test_what_is_no_signal_is_refused(text: str) -> None:
    with pytest.raises(BuildRuleError, match="invalid signal") as caught:
        check_stop_signal(text)
    assert "STOPSIGNAL SIGTERM" in (caught.value.hint or "")
