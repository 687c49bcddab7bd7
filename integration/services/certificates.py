"""Certificates for one run of the tests: an authority of our own, and what it signs."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

NAMES = "DNS:localhost,IP:127.0.0.1,DNS:registry.example.com"
"""Whom the server's certificate is for."""

_KEY = ("-newkey", "rsa:2048", "-nodes", "-days", "2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A certificate and its key, PEM files.

    Attributes:
        directory: Has them as `cert.pem` and `key.pem`.
    """

    directory: Path

    @property
    def certificate(self) -> Path:
        """The certificate."""
        return self.directory / "cert.pem"

    @property
    def key(self) -> Path:
        """Its key."""
        return self.directory / "key.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A private authority, a server and a client that it has signed.

    Attributes:
        own: The authority.
        server: For loopback, and for registry.example.com.
        client: For whom servers let in.
    """

    own: Signed
    server: Signed
    client: Signed


def make_authority(directory: Path) -> Authority:
    """Make an authority and its certificates.

    Args:
        directory: An empty directory that takes the files.
    """
    own = self_signed(directory / "authority", "kanipy test authority")
    return Authority(
        own=own,
        server=_signed(directory / "server", own, f"subjectAltName={NAMES}"),
        client=_signed(directory / "client", own, "extendedKeyUsage=clientAuth"),
    )


def self_signed(directory: Path, name: str) -> Signed:
    """Make a certificate that signs itself."""
    made = _in(directory)
    _openssl(
        *("req", "-x509", *_KEY, "-subj", f"/CN={name}"),
        *("-keyout", made.key, "-out", made.certificate),
    )
    return made


def _signed(directory: Path, authority: Signed, extension: str) -> Signed:
    made = _in(directory)
    request, extensions = directory / "request.pem", directory / "extensions"
    extensions.write_text(f"{extension}\n")
    _openssl(
        *("req", *_KEY, "-subj", f"/CN={directory.name}"),
        *("-keyout", made.key, "-out", request),
    )
    _openssl(
        *("x509", "-req", "-in", request, "-CA", authority.certificate),
        *("-CAkey", authority.key, "-CAcreateserial", "-days", "2"),
        *("-extfile", extensions, "-out", made.certificate),
    )
    return made


def _in(directory: Path) -> Signed:
    directory.mkdir(parents=True)
    return Signed(directory=directory)


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)
