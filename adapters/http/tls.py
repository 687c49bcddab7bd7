"""Whom to trust, per host.

The system's roots, every file of SSL_CERT_DIR's directories whatever its name
(people mount their bundles there), SSL_CERT_FILE, and a host's own certificates.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

from domain.errors import UsageError
from domain.values import dataclass

_PEM = re.compile(b"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_BUNDLE = "ca-certificates.crt"
"""Name of the bundle that distributions keep in the directory of their roots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """How to talk to one host.

    Attributes:
        plain_http: Plain HTTP is acceptable.
        skip_verify: Any certificate is acceptable.
        ca_files: Further CA certificates, PEM files, for this host only.
        client_certificate: Certificate and key file to show, or None.
    """

    plain_http: bool = False
    skip_verify: bool = False
    ca_files: tuple[str, ...] = ()
    client_certificate: tuple[str, str] | None = None


def make_context(
    options: HostOptions, environment: Mapping[str, str]
) -> ssl.SSLContext:
    """Return the TLS settings for a host.

    Raises:
        UsageError: A certificate file that was asked for cannot be read.
    """
    context = ssl.create_default_context()
    # Newer Pythons refuse authorities without some extensions; Go, and so kaniko,
    # accepts them, and private ones often lack them.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    # OpenSSL reads only hashed names of SSL_CERT_DIR; Go, and so kaniko, all files.
    for directory in filter(None, environment.get("SSL_CERT_DIR", "").split(":")):
        _trust_directory(context, Path(directory))
    if bundle := environment.get("SSL_CERT_FILE"):
        _trust_if_possible(context, Path(bundle))
    for path in options.ca_files:
        _trust(context, path)
    if options.client_certificate:
        _show(context, *options.client_certificate)
    if options.skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def added_certificates(options: HostOptions, environment: Mapping[str, str]) -> bytes:
    """Return what a program that takes one bundle has to trust, the roots included.

    Returns:
        PEM certificates; b"" where nothing is added to the system's roots.
    """
    directories = filter(None, environment.get("SSL_CERT_DIR", "").split(":"))
    added = [path for each in directories for path in _files_of(Path(each))]
    added += [Path(path) for path in (environment.get("SSL_CERT_FILE"),) if path]
    added += [Path(path) for path in options.ca_files]
    certificates = [pem for path in added for pem in _certificates(path)]
    if not certificates:
        return b""
    roots = [pem for path in _system_bundles() for pem in _certificates(path)]
    return b"\n".join([*dict.fromkeys([*roots, *certificates]), b""])


def certificate_file(certificates: bytes) -> str:
    """Return the path of a file that holds certificates, as long as we run.

    It lies on no disk: whatever becomes of the root file system, it stays.
    """
    descriptor = os.memfd_create("certificates")
    with open(descriptor, "wb", closefd=False) as file:
        file.write(certificates)
    return f"/proc/self/fd/{descriptor}"


def _system_bundles() -> list[Path]:
    paths = ssl.get_default_verify_paths()
    return [Path(paths.openssl_cafile), Path(paths.openssl_capath, _BUNDLE)]


def _certificates(path: Path) -> list[bytes]:
    try:
        return _PEM.findall(path.read_bytes())
    except OSError:
        return []


def _files_of(directory: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in directory.iterdir() if path.is_file())
    except OSError:
        return


def _trust_directory(context: ssl.SSLContext, directory: Path) -> None:
    for path in _files_of(directory):
        _trust_if_possible(context, path)


def _trust_if_possible(context: ssl.SSLContext, path: Path) -> None:
    """Trust a file's certificates; whatever else lies there is passed over."""
    try:
        context.load_verify_locations(cafile=path)
    except OSError:  # ssl.SSLError is one
        return


def _trust(context: ssl.SSLContext, path: str) -> None:
    try:
        context.load_verify_locations(cafile=path)
    except OSError as error:
        raise UsageError(
            f"cannot read the CA certificate: {error.strerror or error}",
            place=path,
            hint="--registry-certificate HOST=FILE takes a PEM file",
        ) from error


def _show(context: ssl.SSLContext, certificate: str, key: str) -> None:
    try:
        # An empty password makes an encrypted key an error instead of a prompt.
        context.load_cert_chain(certificate, key, password="")
    except OSError as error:
        raise UsageError(
            f"cannot read the client certificate: {error.strerror or error}",
            place=f"{certificate}, {key}",
            hint="--registry-client-cert HOST=CERT,KEY takes two PEM files",
        ) from error
