"""Ports of EXPOSE: `port[-port][/protocol]`, as docker reads them."""

from __future__ import annotations

import re

from domain.errors import BuildRuleError

MAXIMUM_PORT = 65535
PROTOCOLS = frozenset({"tcp", "udp", "sctp"})

_PORT = re.compile(
    "(?P<first>[0-9]{1,5})(?:-(?P<last>[0-9]{1,5}))?(?:/(?P<protocol>[A-Za-z]*))?"
)


def parse_ports(text: str) -> frozenset[str]:
    """Return the ports a word names: {"80/tcp"}, one for each of a range.

    A mapping "host:container" exposes the container's port.

    Raises:
        BuildRuleError: It is no port.
    """
    match = _PORT.fullmatch(text.rpartition(":")[2])
    if match is None:
        raise _invalid(text)
    first = int(match["first"])
    last = int(match["last"] or first)
    protocol = (match["protocol"] or "tcp").lower()
    if not first <= last <= MAXIMUM_PORT or protocol not in PROTOCOLS:
        raise _invalid(text)
    return frozenset(f"{port}/{protocol}" for port in range(first, last + 1))


def _invalid(text: str) -> BuildRuleError:
    return BuildRuleError(
        f"invalid port {text!r}",
        hint="write e.g. EXPOSE 80, EXPOSE 53/udp or EXPOSE 8000-8010",
    )
