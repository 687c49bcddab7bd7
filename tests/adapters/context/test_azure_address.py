"""Which addresses are blobs of Azure's, and what their parts are."""

from __future__ import annotations

import pytest

from adapters.context.azure_address import blob_address
from domain.errors import UsageError


@pytest.mark.parametrize(
    "cloud",
    [
        *("core.windows.net", "core.chinacloudapi.cn"),
        *("core.cloudapi.de", "core.usgovcloudapi.net"),
    ],
)
def test_an_account_of_every_cloud_is_known(cloud: str) -> None:
    address = blob_address(f"https://acc.blob.{cloud}/box/dir/a%20b.tar.gz")
    assert address is not None
    assert (address.account, address.container) == ("acc", "box")
    assert address.blob == "dir/a b.tar.gz"
    assert address.endpoint == f"https://acc.blob.{cloud}"


@pytest.mark.parametrize(
    "url",
    [
        "https://host/box/a.tgz",
        "https://acc.blob.core.windows.net.evil/box/a.tgz",
        "https://acc.file.core.windows.net/box/a.tgz",
        "https://acc.blob.core.windows.net/box/a.tgz?sv=2020&sig=abc%3D",
    ],
)
def test_other_addresses_and_signed_ones_are_plain_https(url: str) -> None:
    assert blob_address(url) is None


@pytest.mark.parametrize("path", ["", "/", "/box", "/box/"])
def test_an_account_without_a_blob_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="names no blob"):
        blob_address(f"https://acc.blob.core.windows.net{path}")
