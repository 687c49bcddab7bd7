"""Signals of STOPSIGNAL: a name, with or without SIG, or a number."""

from __future__ import annotations

import re

from domain.errors import BuildRuleError

MAXIMUM_SIGNAL = 64

NAMES = frozenset(
    [
        *("ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT"),
        *("IO", "IOT", "KILL", "PIPE", "POLL", "PROF", "PWR", "QUIT", "SEGV"),
        *("STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG"),
        *("USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX"),
    ]
)
"""Linux signals by name, as docker knows them."""

_REAL_TIME = re.compile(r"RTMIN(\+([1-9]|1[0-5]))?|RTMAX(-([1-9]|1[0-4]))?")


def check_stop_signal(text: str) -> None:
    """Check a signal; it is stored as it is written.

    Raises:
        BuildRuleError: There is no such signal.
    """
    if re.fullmatch("[0-9]{1,9}", text) and 0 < int(text) <= MAXIMUM_SIGNAL:
        return
    name = text.upper().removeprefix("SIG")
    if name in NAMES or _REAL_TIME.fullmatch(name):
        return
    message = f"invalid signal {text!r}"
    raise BuildRuleError(message, hint="write e.g. STOPSIGNAL SIGTERM or STOPSIGNAL 15")
