"""Who we are to Azure: a client, a workload, or the machine.

azure-identity asks for the tokens. No program is started to get one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from azure.core.credentials import TokenCredential
from azure.identity import (
    CredentialUnavailableError,
    EnvironmentCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

# What they log is for their developers; without a handler it would get on our output.
for _name in ("azure", "msal"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


def azure_identity(
    environment: Mapping[str, str], authority: str, scope: str, ca_file: str
) -> TokenCredential | None:
    """Return the first identity that is given a token, None where there is none.

    Args:
        environment: Environment variables; azure-identity reads the process's own.
        authority: Host of Entra ID, unless AZURE_AUTHORITY_HOST names one.
        scope: What the token is for.
        ca_file: Bundle of certificates to trust, "" for the client's own.

    Raises:
        AzureError: There is an identity, and no token is given to it.
        ValueError: A variable makes no sense.
        OSError: A file that a variable names cannot be read.
    """
    trust: dict[str, Any] = {"connection_verify": ca_file or True}
    entra: dict[str, Any] = {
        "authority": environment.get("AZURE_AUTHORITY_HOST") or authority,
        "disable_instance_discovery": True,
    }
    for identity in _identities(environment, {**entra, **trust}, trust):
        try:
            identity.get_token(scope)
        except CredentialUnavailableError:
            continue
        return identity
    return None


def _identities(
    environment: Mapping[str, str], entra: dict[str, Any], machine: dict[str, Any]
) -> Iterator[TokenCredential]:
    yield EnvironmentCredential(**entra)
    if environment.get("AZURE_FEDERATED_TOKEN_FILE"):
        yield WorkloadIdentityCredential(**entra)
    client = environment.get("AZURE_CLIENT_ID") or None
    # A machine that is not Azure's does not answer: one short question first.
    yield ManagedIdentityCredential(
        client_id=client, _enable_imds_probe=True, **machine
    )
