"""Which proxy a request goes through, by the usual environment variables.

Go's rules, which kaniko's users know: loopback is never proxied, NO_PROXY holds
hosts, domains, addresses and networks. `.netrc` is not read.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from adapters.http.addresses import host_and_port, is_loopback


def proxy_for(url: str, environment: Mapping[str, str]) -> str | None:
    """Return the URL of the proxy for a request, None for a direct one."""
    parts = urlsplit(url)
    proxy = _variable(environment, f"{parts.scheme}_proxy") or _variable(
        environment, "all_proxy"
    )
    if not proxy or _is_bypassed(parts.netloc, parts.scheme, environment):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _variable(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name.upper()) or environment.get(name) or ""


def _is_bypassed(netloc: str, scheme: str, environment: Mapping[str, str]) -> bool:
    host, port = host_and_port(netloc)
    if is_loopback(host):
        return True
    port = port or ("443" if scheme == "https" else "80")
    rules = _variable(environment, "no_proxy").lower().split(",")
    return any(_matches(rule.strip(), host, port) for rule in rules if rule.strip())


def _matches(rule: str, host: str, port: str) -> bool:
    if rule == "*":
        return True
    if "/" in rule:
        return _in_network(host, rule)
    wanted, wanted_port = host_and_port(rule)
    if wanted_port and wanted_port != port:
        return False
    bare = wanted.removeprefix("*").removeprefix(".")
    is_exact = host == bare and not wanted.startswith((".", "*"))
    return is_exact or host.endswith(f".{bare}")


def _in_network(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
