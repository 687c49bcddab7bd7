"""Archives of contexts in Azure's blob storage, and what addresses mean one.

An address with a signature of its own (SAS) is plain https and none of this
adapter's business.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from azure.core import MatchConditions
from azure.core import exceptions as failures
from azure.core.credentials import AzureNamedKeyCredential, TokenCredential
from azure.storage.blob import BlobClient

from adapters.context.azure_address import BlobAddress
from adapters.context.ranges import Part, broken
from adapters.http.retries import RETRY_STATUSES, TryAgain
from application.errors import ContextUnavailable

# What it logs is for its developers; without a handler it would get on our output.
logging.getLogger("azure").addHandler(logging.NullHandler())

STORAGE = "https://storage.azure.com/.default"
"""What a token has to be for."""

_KEY = "AZURE_STORAGE_ACCESS_KEY"
_NO_KEY = f"{_KEY} environment variable is not set"
_CREDENTIALS = (
    f"set {_KEY} to a key of the account, use an address with a signature, or run with"
    " an identity that has the role Storage Blob Data Reader"
)
_VARIABLES = "check AZURE_CLIENT_ID, AZURE_TENANT_ID and what goes with them"
_NETWORK = "check the account's name, AZURE_STORAGE_BLOB_ENDPOINT and the network"


class AzureBlob:
    """A blob; `fetch` hands out parts of it.

    Args:
        address: Where it is.
        key: Key of the account, "" for an identity.
        identity: Returns the identity to use without a key, None where there is none.
            Raises what azure-identity does.
        endpoint: URL to use instead of the account's, "" for none.
        ca_file: Bundle of certificates to trust, "" for the client's own.
    """

    def __init__(
        self,
        address: BlobAddress,
        key: str,
        identity: Callable[[], TokenCredential | None],
        endpoint: str = "",
        ca_file: str = "",
    ) -> None:
        self.place = str(address)
        self._address = address
        self._key = key
        self._identity = identity
        self._endpoint = endpoint or address.endpoint
        self._ca_file = ca_file
        self._client: BlobClient | None = None

    def fetch(self, start: int, length: int, version: str) -> Part:
        """Fetch bytes of the blob; see `adapters.context.ranges.Fetch`."""
        same = MatchConditions.IfNotModified
        wanted: Any = {"etag": version, "match_condition": same} if version else {}
        try:
            client = self._client = self._client or self._new_client()
            loaded = client.download_blob(
                offset=start,
                length=length,
                max_concurrency=1,
                decompress=False,
                **wanted,
            )
            data: bytes = loaded.readall()
        except failures.HttpResponseError as error:
            unsigned = isinstance(error, failures.ClientAuthenticationError)
            if not error.status_code and not unsigned:  # the answer broke off
                raise broken(self.place, error, _NETWORK) from error
            raise self._refused(error) from error
        except failures.AzureError as error:
            inner = error.inner_exception or error
            raise broken(self.place, inner, _NETWORK) from error
        except ValueError as error:
            raise self._problem(
                "the address or the key is not valid", _CREDENTIALS
            ) from error
        properties = loaded.properties
        total = str(properties.content_range or "").rpartition("/")[2]
        return Part(data, int(total or len(data)), str(properties.etag or ""))

    def _new_client(self) -> BlobClient:
        return BlobClient(
            self._endpoint,
            self._address.container,
            self._address.blob,
            credential=self._credential(),
            connection_verify=self._ca_file or True,
            max_single_get_size=1 << 25,
            max_chunk_get_size=1 << 25,
            retry_total=0,
        )

    def _credential(self) -> AzureNamedKeyCredential | TokenCredential:
        if self._key:
            return AzureNamedKeyCredential(self._address.account, self._key)
        if self._endpoint.startswith("http://"):
            # a token is shown to nobody without TLS
            raise self._problem(_NO_KEY, _CREDENTIALS)
        try:
            found = self._identity()
        except failures.AzureError as error:
            code = re.search(r"AADSTS[0-9]{1,12}", str(error))
            what = f"no token was given{f' ({code[0]})' if code else ''}"
            raise self._problem(what, _VARIABLES) from error
        except OSError as error:
            what = f"a file that AZURE_* names cannot be read: {error.strerror}"
            raise self._problem(what, "check where it is mounted") from error
        except ValueError as error:
            what = "a variable AZURE_* makes no sense"
            raise self._problem(what, _VARIABLES) from error
        if found is None:
            what = f"{_NO_KEY}, and there is no identity"
            raise self._problem(what, _CREDENTIALS)
        return found

    def _refused(
        self, error: failures.HttpResponseError
    ) -> TryAgain | ContextUnavailable:
        status = int(error.status_code or 0)
        code = str(getattr(error, "error_code", "") or "")
        refused = isinstance(error, failures.ClientAuthenticationError)
        if refused and not status and not self._key:
            return self._problem(f"{_NO_KEY}, and no identity was found", _CREDENTIALS)
        if refused or status in (401, 403):
            return self._problem("the account refused the credential", _CREDENTIALS)
        if status == 404:  # noqa: PLR2004 - Not Found
            missing = "container" if "Container" in code else "blob"
            what = f"there is no such {missing}"
            return self._problem(what, "check the account, the container and the blob")
        if status == 412:  # noqa: PLR2004 - Precondition Failed
            hint = "run the build again"
            return self._problem("the blob changed while it was fetched", hint)
        if status == 416:  # noqa: PLR2004 - Range Not Satisfiable
            return self._problem("the blob is empty", "upload the archive again")
        problem = self._problem(f"the account answered {status} {code}", None)
        return TryAgain(problem) if status in RETRY_STATUSES else problem

    def _problem(self, what: str, hint: str | None) -> ContextUnavailable:
        return ContextUnavailable(
            f"the build context cannot be fetched: {what}", place=self.place, hint=hint
        )
