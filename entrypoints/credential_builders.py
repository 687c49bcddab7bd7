"""The part of the composition root that is about credentials of registries.

As in `entrypoints.builders`: each function imports the adapter that it returns. What
a cloud needs is imported when a registry of its is met.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from application.options import Connecting, CredentialOptions, LookupOptions
from application.ports.credentials import Accounts, CredentialSource, CredentialStore
from application.ports.reporter import Reporter
from entrypoints.builders import reporter as make_reporter
from entrypoints.transfer_builders import (
    http_client,
    sdk_certificates,
    transfer_retries,
)

if TYPE_CHECKING:
    from adapters.credentials.chain import CredentialChain
    from adapters.credentials.helper import Helper, Provider
    from adapters.credentials.late import LateCredentials
    from adapters.http.client import HttpClient

STANDS_IN = {
    "ecr-login": "ecr",
    "gcr": "google",
    "gcloud": "google",
    "acr-env": "acr",
    "acr": "acr",
}
"""Which of our helpers answers for which program that a configuration names."""


class Authenticating(Connecting, Protocol):
    """Options of what shows credentials to registries."""

    @property
    def credentials(self) -> CredentialOptions:
        """Where they are looked for."""


def credentials(options: Authenticating, reporter: Reporter) -> LateCredentials:
    """Return where credentials of registries are looked for."""
    from adapters.credentials.late import LateCredentials

    return LateCredentials(lambda: _chain(options, reporter))


def _chain(options: Authenticating, reporter: Reporter) -> CredentialChain:
    from adapters.credentials.chain import CredentialChain
    from adapters.credentials.docker_config import DockerConfigCredentials
    from adapters.credentials.helper_program import HelperPrograms
    from adapters.credentials.named_helpers import OwnAndPrograms

    found = options.credentials
    programs = HelperPrograms(os.environ)
    own = own_helpers(options, reporter, lambda: not programs.runs_only_ours)
    configured = DockerConfigCredentials(
        _of_docker(found),
        OwnAndPrograms({name: own[ours] for name, ours in STANDS_IN.items()}, programs),
        reporter.warning,
    )
    return CredentialChain(configured, [own[name] for name in found.helpers], reporter)


def own_helpers(
    options: Authenticating,
    reporter: Reporter,
    may_run: Callable[[], bool] = lambda: True,
) -> Mapping[str, Provider]:
    """Return our helpers, by the names of `CREDENTIAL_HELPERS`.

    Args:
        options: Their variables, trust and proxies.
        reporter: Is told of further attempts.
        may_run: Whether programs may be run that an SDK is configured with.
    """
    from adapters.credentials.environment import VariableHelper
    from adapters.credentials.gitlab import GitlabHelper
    from adapters.credentials.helper import OneForAll, Provider, Remembering
    from adapters.credentials.hosts import is_amazon, is_azure, is_google

    variables = dict(options.credentials.variables)
    bundle = functools.cache(lambda: sdk_certificates(options))

    def google() -> Helper:
        from adapters.credentials.google import GoogleHelper

        client = _client(options, reporter)
        return GoogleHelper(variables, client, _near_client(reporter))

    def amazon() -> Helper:
        from adapters.credentials.amazon import AmazonHelper

        return AmazonHelper(bundle, may_run)

    def azure() -> Helper:
        from adapters.credentials.azure import AzureHelper

        client = _client(options, reporter)
        return AzureHelper(variables, client, bundle)

    return {
        "env": Provider("KANIKO_*_USER", VariableHelper(variables)),
        "google": Provider("Google", OneForAll(Remembering(google)), is_google),
        "ecr": Provider("Amazon", Remembering(amazon), is_amazon),
        "acr": Provider("Azure", Remembering(azure), is_azure),
        "gitlab": Provider("GitLab", GitlabHelper(variables)),
    }


def cloud_source(options: LookupOptions, name: str) -> CredentialSource:
    """Return what a cloud's helper answers, as far as a registry is that cloud's.

    Args:
        options: Variables, trust and proxies.
        name: Name of one of our helpers.
    """
    from adapters.credentials.helper import ProviderSource

    return ProviderSource(own_helpers(options, make_reporter(options.log))[name])


def accounts(options: Connecting, reporter: Reporter) -> Accounts:
    """Return who knows whom registries let in."""
    from adapters.registry.accounts import RegistryAccounts

    client = http_client(
        options,
        transfer_retries(0, reporter),
        plain_http=options.registry.insecure_push,
        skip_verify=options.registry.skip_tls_verify_push,
    )
    return RegistryAccounts(client)


def credential_store(found: CredentialOptions, reporter: Reporter) -> CredentialStore:
    """Return where credentials are kept."""
    from adapters.credentials.config_store import DockerConfigStore

    return DockerConfigStore(_of_docker(found), reporter.warning)


def _of_docker(found: CredentialOptions) -> dict[str, str]:
    variables = {
        "DOCKER_AUTH_CONFIG": found.docker_auth_config,
        "DOCKER_CONFIG": found.docker_config,
        "HOME": found.home,
        "REGISTRY_AUTH_FILE": found.registry_auth_file,
        "XDG_RUNTIME_DIR": found.xdg_runtime_dir,
        "XDG_CONFIG_HOME": found.xdg_config_home,
    }
    return {name: value for name, value in variables.items() if value}


def _client(options: Connecting, reporter: Reporter) -> HttpClient:
    """Return a client that no flag about all registries loosens."""
    retries = transfer_retries(0, reporter)
    return http_client(options, retries, plain_http=False, skip_verify=False)


def _near_client(reporter: Reporter) -> HttpClient:
    """Return a client for the server of the machine: no proxy, short of patience."""
    from adapters.http.client import HttpClient, HttpOptions
    from adapters.http.retries import Retries, RetryPolicy

    patience = RetryPolicy(attempts=2, first_delay=0.5)
    return HttpClient(
        HttpOptions(connect_timeout=2.0, read_timeout=10.0),
        Retries(patience, announce=reporter.debug),
    )
