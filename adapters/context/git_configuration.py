"""The configuration that git runs with: all of it ours, none of this machine.

It forbids what a repository could use to run something: hooks, filters, helpers,
transports that are programs. A credential stands in this file alone: in no argument,
no variable and no repository. It runs nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Self
from urllib.parse import unquote, urlsplit, urlunsplit

from adapters.http.client import HttpOptions
from adapters.http.proxies import proxy_for
from domain.values import dataclass, field

_SETTINGS = {
    "core": {
        "hooksPath": "/dev/null",
        "fsmonitor": "false",
        "askPass": "",
        "pager": "cat",
        "autocrlf": "false",
        "symlinks": "true",
        "logAllRefUpdates": "false",
        # What is larger is streamed: git holds other files in memory as a whole.
        "bigFileThreshold": "8m",
        "deltaBaseCacheLimit": "8m",
        "packedGitLimit": "64m",
    },
    "credential": {"helper": ""},
    "init": {"defaultBranch": "main", "templateDir": ""},
    "protocol": {"allow": "never"},
    'protocol "http"': {"allow": "always"},
    'protocol "https"': {"allow": "always"},
    'protocol "git"': {"allow": "always"},
    'protocol "ssh"': {"allow": "always"},
    "safe": {"directory": "*"},
    "gc": {"auto": "0"},
    "maintenance": {"auto": "false"},
    "advice": {"detachedHead": "false"},
    "fetch": {"recurseSubmodules": "false"},
    "submodule": {"recurse": "false"},
    "pack": {"threads": "1"},
    # A transfer slower than this for so many seconds has come to a halt.
    "http": {"lowSpeedLimit": "1", "lowSpeedTime": "300"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """An address without its credential, and the credential.

    Attributes:
        url: What git is given.
        authorization: Value of the header Authorization, "" for none.
    """

    url: str
    authorization: str = field(default="", repr=False)

    @classmethod
    def parse(cls, address: str, authorization: str = "") -> Self:
        """Take an address apart; a given header goes before its password."""
        parts = urlsplit(address)
        user, at, host = parts.netloc.rpartition("@")
        if not at or not parts.scheme:
            return cls(url=address, authorization=authorization)
        if parts.scheme == "ssh":
            host = f"{user.partition(':')[0]}@{host}"
        name, _, password = user.partition(":")
        pair = f"{unquote(name)}:{unquote(password)}".encode()
        basic = f"Basic {base64.b64encode(pair).decode()}"
        url = urlunsplit((parts.scheme, host, parts.path, "", ""))
        return cls(url=url, authorization=authorization or basic)

    @property
    def host(self) -> str:
        """`host[:port]` of an address of HTTP, else ""."""
        parts = urlsplit(self.url)
        return parts.netloc if parts.scheme in ("http", "https") else ""


def git_configuration(remote: Remote, options: HttpOptions, ca_file: str) -> str:
    """Return the text of a configuration for one remote.

    Args:
        remote: The remote; what is said for its host holds for submodules there.
        options: TLS and proxies.
        ca_file: Bundle of certificates to trust, "" for git's own.
    """
    sections = {name: dict(values) for name, values in _SETTINGS.items()}
    if ca_file:
        sections["http"]["sslCAInfo"] = ca_file
    if remote.host:
        scheme = urlsplit(remote.url).scheme
        section = f'http "{scheme}://{_escaped(remote.host)}/"'
        sections[section] = dict(_for_host(remote, options))
    return "".join(_rendered(name, values) for name, values in sections.items())


def _for_host(remote: Remote, options: HttpOptions) -> Iterator[tuple[str, str]]:
    if remote.authorization:
        yield "extraHeader", f"Authorization: {remote.authorization}"
    if options.for_host(remote.host).skip_verify:
        yield "sslVerify", "false"
    yield "proxy", proxy_for(remote.url, options.environment) or ""


def _rendered(section: str, values: dict[str, str]) -> str:
    lines = [f'\t{name} = "{_escaped(value)}"\n' for name, value in values.items()]
    return f"[{section}]\n{''.join(lines)}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "")
