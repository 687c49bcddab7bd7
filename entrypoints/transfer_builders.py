"""Builders of what speaks HTTP: clients, their TLS, and how often they try."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from application.errors import DigestMismatch, FilesystemError, RegistryError
from application.options import Connecting, NetworkOptions
from application.ports.repetition import Repetition
from application.ports.reporter import Reporter
from domain.values import replace

if TYPE_CHECKING:
    from adapters.http.client import HttpClient, HttpOptions
    from adapters.http.retries import Retries


def transfer_retries(more: int, reporter: Reporter) -> Retries:
    """Return how transfers are repeated, `more` times than usual.

    Single requests are repeated as usual whatever the flags say.
    """
    from adapters.http.retries import Retries, RetryPolicy

    attempts = RetryPolicy().attempts + max(more, 0)
    return Retries(RetryPolicy(attempts=attempts), announce=reporter.debug)


def repetition(more: int, reporter: Reporter) -> Repetition:
    """Return how whole operations are repeated: `more` times, as kaniko waits."""
    from adapters.http.retries import Repeating, Retries, RetryPolicy

    policy = RetryPolicy(attempts=1 + max(more, 0), factor=2.0)
    kinds = (RegistryError, DigestMismatch, FilesystemError)
    return Repeating(Retries(policy, announce=reporter.warning), kinds)


def http_client(
    options: Connecting,
    retries: Retries,
    *,
    plain_http: bool,
    skip_verify: bool,
) -> HttpClient:
    """Return a client with the TLS, the proxies and the name that were asked for."""
    from adapters.http.client import HttpClient

    given = http_options(options, plain_http=plain_http, skip_verify=skip_verify)
    return HttpClient(given, retries)


def http_options(
    options: Connecting,
    *,
    plain_http: bool = False,
    skip_verify: bool = False,
) -> HttpOptions:
    """Return the settings of such a client."""
    from adapters.http.client import HttpOptions
    from adapters.http.tls import HostOptions
    from domain.image.reference import normalise_registry
    from entrypoints.version import VERSION

    asked = options.registry
    agent = f"kanipy/{VERSION}"
    if asked.client_type:
        agent += f",{asked.client_type}"
    plain = {normalise_registry(host) for host in asked.insecure_registries}
    unverified = {normalise_registry(host) for host in asked.skip_tls_verify_registries}
    authorities: dict[str, list[str]] = {}
    for host, path in asked.certificates:
        authorities.setdefault(normalise_registry(host), []).append(path)
    shown = {host: (cert, key) for host, cert, key in asked.client_certificates}
    hosts = {
        host: HostOptions(
            plain_http=plain_http or host in plain,
            skip_verify=skip_verify or host in unverified,
            ca_files=tuple(authorities.get(host, ())),
            client_certificate=shown.get(host),
        )
        for host in plain | unverified | set(authorities) | set(shown)
    }
    return HttpOptions(
        user_agent=agent,
        environment=_network_variables(options.network),
        hosts=hosts,
        other_hosts=HostOptions(plain_http=plain_http, skip_verify=skip_verify),
    )


def sdk_certificates(options: Connecting) -> str:
    """Return the path of a bundle that SDKs have to trust, "" for their own roots.

    It is there as long as we run.
    """
    from adapters.http.tls import added_certificates, certificate_file

    trust = http_options(options)
    host = replace(trust.other_hosts, ca_files=options.network.sdk_ca_files)
    bundle = added_certificates(host, trust.environment)
    return certificate_file(bundle) if bundle else ""


def _network_variables(network: NetworkOptions) -> dict[str, str]:
    return _set_variables(
        {
            "SSL_CERT_FILE": network.ca_file,
            "SSL_CERT_DIR": network.ca_directories,
            "HTTP_PROXY": network.http_proxy,
            "HTTPS_PROXY": network.https_proxy,
            "NO_PROXY": network.no_proxy,
        }
    )


def _set_variables(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if value}
