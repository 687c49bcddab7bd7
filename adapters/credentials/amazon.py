"""Passwords of Amazon's registries (ECR), got with what boto3 finds.

That is: variables, profiles, web identity (IRSA), container endpoints (pod identity),
the metadata server. Nothing else of boto3 is used than asking for a password.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import boto3
import botocore.exceptions as failures
from botocore.config import Config

from adapters.credentials.helper import HelperFailure
from adapters.credentials.hosts import AmazonRegistry, amazon_registry
from application.ports.credentials import Credential

# What it logs is for its developers; without a handler it would get on our output.
logging.getLogger("botocore").addHandler(logging.NullHandler())


class AmazonHelper:
    """Gets passwords for registries, one for all of a region.

    Args:
        ca_file: Returns the path of a bundle of certificates to trust, "" for
            botocore's own.
        may_run: Whether programs may be run that a profile names for a credential.
    """

    def __init__(
        self,
        ca_file: Callable[[], str] = lambda: "",
        may_run: Callable[[], bool] = lambda: True,
    ) -> None:
        self._ca_file = ca_file
        self._may_run = may_run

    def get(self, registry: str) -> Credential | None:
        """Return the password of a registry; see `Helper`."""
        asked = amazon_registry(registry)
        if asked is None:
            raise HelperFailure(f"{registry} is no registry of Amazon's")
        try:
            return self._get(asked)
        except failures.ClientError as error:
            raise HelperFailure(_refusal(error)) from error
        except failures.CredentialRetrievalError as error:
            raise HelperFailure("no credential could be had") from error
        except failures.BotoCoreError as error:
            raise HelperFailure(str(error)[:300]) from error
        except (ValueError, LookupError, TypeError) as error:
            raise HelperFailure("Amazon's answer holds no password") from error

    def _get(self, asked: AmazonRegistry) -> Credential | None:
        session = boto3.Session()
        if not self._may_run():
            chain = session._session.get_component("credential_provider")  # noqa: SLF001 - boto3 has no other way
            chain.remove("custom-process")
        found = session.get_credentials()
        return _credential(self._ask(session, asked), found.method) if found else None

    def _ask(self, session: Any, asked: AmazonRegistry) -> dict[str, Any]:  # noqa: ANN401 - boto3 makes its classes at run time
        config = Config(
            connect_timeout=10,
            read_timeout=30,
            retries={"total_max_attempts": 3, "mode": "standard"},
            use_fips_endpoint=True if asked.fips else None,
        )
        client = session.client(
            "ecr-public" if asked.is_public else "ecr",
            region_name=asked.region,
            verify=self._ca_file() or None,
            config=config,
        )
        answer = client.get_authorization_token()["authorizationData"]
        data: dict[str, Any] = answer if asked.is_public else answer[0]
        return data


def _credential(answer: dict[str, Any], method: str) -> Credential:
    try:
        pair = base64.b64decode(answer["authorizationToken"], validate=True).decode()
    except binascii.Error as error:
        raise ValueError from error
    username, _, password = pair.partition(":")
    if not password:
        raise ValueError
    expires = answer.get("expiresAt")
    return Credential(
        username=username,
        password=password,
        source=f"Amazon ({method})",
        expires=expires.timestamp() if isinstance(expires, datetime) else None,
    )


def _refusal(error: failures.ClientError) -> str:
    """Return code and action of a refusal; its text names accounts and roles."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return f"Amazon refused {error.operation_name} ({code[:100]})"
