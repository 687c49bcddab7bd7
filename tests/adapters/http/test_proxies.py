"""Proxies are chosen by the environment as Go programs choose them."""

from __future__ import annotations

import pytest

from adapters.http.proxies import proxy_for

PROXY = {"HTTPS_PROXY": "http://proxy:3128"}


@pytest.mark.parametrize(
    ("url", "environment", "proxy"),
    [
        ("https://ghcr.io/v2/", PROXY, "http://proxy:3128"),
        ("http://ghcr.io/v2/", PROXY, None),
        ("http://ghcr.io/v2/", {"http_proxy": "proxy:80"}, "http://proxy:80"),
        ("https://ghcr.io/", {"ALL_PROXY": "http://all"}, "http://all"),
        ("https://ghcr.io/", {"HTTPS_PROXY": ""}, None),
        ("https://localhost:5000/", PROXY, None),
        ("https://127.0.0.1:5000/", PROXY, None),
        ("https://[::1]:5000/", PROXY, None),
        ("https://ghcr.io/", PROXY | {"NO_PROXY": "*"}, None),
        ("https://ghcr.io/", PROXY | {"no_proxy": "a.b, ghcr.io"}, None),
        ("https://x.ghcr.io/", PROXY | {"NO_PROXY": "ghcr.io"}, None),
        ("https://x.ghcr.io/", PROXY | {"NO_PROXY": ".ghcr.io"}, None),
        ("https://x.ghcr.io/", PROXY | {"NO_PROXY": "*.ghcr.io"}, None),
        ("https://ghcr.io/", PROXY | {"NO_PROXY": ".ghcr.io"}, "http://proxy:3128"),
        ("https://xghcr.io/", PROXY | {"NO_PROXY": "ghcr.io"}, "http://proxy:3128"),
        ("https://ghcr.io/", PROXY | {"NO_PROXY": "ghcr.io:443"}, None),
        ("https://ghcr.io/", PROXY | {"NO_PROXY": "ghcr.io:5000"}, "http://proxy:3128"),
        ("https://10.1.2.3/", PROXY | {"NO_PROXY": "10.0.0.0/8"}, None),
        ("https://11.1.2.3/", PROXY | {"NO_PROXY": "10.0.0.0/8"}, "http://proxy:3128"),
        ("https://ghcr.io/", PROXY | {"NO_PROXY": "10.0.0.0/8"}, "http://proxy:3128"),
    ],
)
def test_the_proxy_of_a_request(
    url: str, environment: dict[str, str], proxy: str | None
) -> None:
    assert proxy_for(url, environment) == proxy
