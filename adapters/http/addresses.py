"""Hosts and ports in URLs and registry names."""

from __future__ import annotations

import ipaddress


def host_and_port(netloc: str) -> tuple[str, str]:
    """Split `[user@]host[:port]`, lower case; an IPv6 address loses its brackets."""
    text = netloc.rpartition("@")[2].lower()
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":")
    if text.count(":") > 1:
        return text, ""
    host, _, port = text.partition(":")
    return host, port


_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)


def is_private(host: str) -> bool:
    """Return whether a host (without port) is of a local network by its name alone."""
    if host.endswith(".local"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _PRIVATE)


def is_loopback(host: str) -> bool:
    """Return whether a host (without port) is this machine by its name alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
