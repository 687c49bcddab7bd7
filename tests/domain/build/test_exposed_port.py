"""Ports of EXPOSE."""

import pytest

from domain.build.exposed_port import parse_ports
from domain.errors import BuildRuleError


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("80", {"80/tcp"}),
        ("53/udp", {"53/udp"}),
        ("53/UDP", {"53/udp"}),
        ("9/sctp", {"9/sctp"}),
        ("80/", {"80/tcp"}),
        ("7000-7002", {"7000/tcp", "7001/tcp", "7002/tcp"}),
        ("1-2/udp", {"1/udp", "2/udp"}),
        ("8080:80", {"80/tcp"}),
        ("127.0.0.1:8080:80/udp", {"80/udp"}),
        ("65535", {"65535/tcp"}),
    ],
)
def test_ports_of_a_word(text: str, ports: set[str]) -> None:
    assert parse_ports(text) == ports


@pytest.mark.parametrize(
    "text", ["", "notaport", "65536", "10-9", "80/http", "80/tcp/udp", "-1", "٣", "1-"]
)
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(BuildRuleError, match="invalid port") as caught:
        parse_ports(text)
    assert "EXPOSE 80" in (caught.value.hint or "")
