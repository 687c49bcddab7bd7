"""Addresses of blobs: which ones are Azure's, and what their parts mean.

It speaks to nobody, so that every address of https can be judged without an SDK.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from domain.errors import UsageError

CLOUDS = {
    "core.windows.net": "login.microsoftonline.com",
    "core.chinacloudapi.cn": "login.chinacloudapi.cn",
    "core.cloudapi.de": "login.microsoftonline.de",
    "core.usgovcloudapi.net": "login.microsoftonline.us",
}
"""Domains of Azure's clouds, and who gives tokens for them: accounts are
`ACCOUNT.blob.` of one of them."""


class BlobAddress(NamedTuple):
    """Where a blob is.

    Attributes:
        account: Name of the account.
        endpoint: URL of the account.
        container: Name of the container.
        blob: Name of the blob in it.
        authority: Host that gives tokens for it.
    """

    account: str
    endpoint: str
    container: str
    blob: str
    authority: str

    def __str__(self) -> str:
        """Render the address, without its query."""
        return f"{self.endpoint}/{self.container}/{self.blob}"


def blob_address(url: str) -> BlobAddress | None:
    """Return what an address of https names, None where that is no blob of Azure's.

    One with a signature (`sig=`) is None: it can be fetched like any other file.

    Raises:
        UsageError: It is an account's, and names no container and blob.
    """
    parts = urlsplit(url)
    account, dot, domain = (parts.hostname or "").partition(".blob.")
    if not (account and dot and domain in CLOUDS) or "sig" in parse_qs(parts.query):
        return None
    container, _, blob = unquote(parts.path).lstrip("/").partition("/")
    endpoint = f"https://{account}.blob.{domain}"
    if not (container and blob):
        raise UsageError(
            "the address names no blob",
            place=endpoint,
            hint=f"write {endpoint}/CONTAINER/PATH.tar.gz",
        )
    return BlobAddress(account, endpoint, container, blob, CLOUDS[domain])
