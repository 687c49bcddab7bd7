"""Clouds' registries are told by the end of their names."""

from __future__ import annotations

import pytest

from adapters.credentials.hosts import (
    AmazonRegistry,
    amazon_registry,
    azure_place,
    is_azure,
    is_google,
)


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        ("gcr.io", True),
        ("eu.gcr.io", True),
        ("europe-west1-docker.pkg.dev", True),
        ("mirror.google.com", True),
        ("notgcr.io", False),
        ("pkg.dev", False),
        ("gcr.io.example.com", False),
        ("x.pkg.dev.example.com", False),
        ("index.docker.io", False),
        ("gcr.io\n", False),
    ],
)
def test_registries_of_google(registry: str, *, expected: bool) -> None:
    assert is_google(registry) is expected


@pytest.mark.parametrize(
    ("registry", "place"),
    [
        ("mine.azurecr.io", "io"),
        ("mine.westeurope.data.azurecr.io", "io"),
        ("mine.azurecr.cn", "cn"),
        ("mine.azurecr.us", "us"),
        ("mine.azurecr.io.example.com", ""),
        ("azurecr.io", ""),
        ("mineazurecr.io", ""),
        ("mine.azurecr.com", ""),
        ("mine.azurecr.io:443", ""),
    ],
)
def test_registries_of_azure(registry: str, place: str) -> None:
    assert azure_place(registry) == place
    assert is_azure(registry) is bool(place)


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            AmazonRegistry("eu-west-1"),
        ),
        (
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
            AmazonRegistry("us-gov-west-1", fips=True),
        ),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            AmazonRegistry("cn-north-1"),
        ),
        ("123456789012.dkr-ecr.eu-west-1.on.aws", AmazonRegistry("eu-west-1")),
        ("public.ecr.aws", AmazonRegistry("us-east-1", is_public=True)),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.example.com", None),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.org", None),
        ("x.dkr.ecr.eu-west-1.amazonaws.com", None),
        ("ecr.eu-west-1.amazonaws.com", None),
        ("x.public.ecr.aws", None),
    ],
)
def test_registries_of_amazon(registry: str, expected: AmazonRegistry | None) -> None:
    assert amazon_registry(registry) == expected
