"""Which registries are a cloud's, by their names.

Names are matched to their end: `x.azurecr.io.example.com` is nobody's.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_PORT = re.compile(r":[0-9]+\Z")
_GOOGLE = re.compile(r"(?:[a-z0-9.-]+\.)?gcr\.io|[a-z0-9.-]+\.(?:pkg\.dev|google\.com)")
_AZURE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.azurecr\.(?P<place>io|cn|de|us)")
_AMAZON = re.compile(
    r"[0-9]{12}\.dkr[.-]ecr(?P<fips>-fips)?\.(?P<region>[a-z0-9-]+)\."
    r"(?:amazonaws\.(?:com(?:\.cn)?|eu)|on\.(?:aws|amazonwebservices\.com\.cn)"
    r"|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)"
)
PUBLIC_AMAZON = "public.ecr.aws"


class AmazonRegistry(NamedTuple):
    """An ECR registry.

    Attributes:
        region: Region of Amazon's.
        fips: Whether it is reached through endpoints that are validated (FIPS).
        is_public: Whether it is the gallery.
    """

    region: str
    fips: bool = False
    is_public: bool = False


def is_google(registry: str) -> bool:
    """Whether a registry is a Container Registry or an Artifact Registry."""
    return _GOOGLE.fullmatch(registry) is not None


def is_azure(registry: str) -> bool:
    """Whether a registry is an Azure Container Registry."""
    return azure_place(registry) != ""


def azure_place(registry: str) -> str:
    """Return the last label of the name of an Azure registry, "" for others."""
    found = _AZURE.fullmatch(registry)
    return found["place"] if found else ""


def is_amazon(registry: str) -> bool:
    """Whether a registry is Amazon's."""
    return amazon_registry(registry) is not None


def amazon_registry(registry: str) -> AmazonRegistry | None:
    """Return what the name of an Amazon registry says, None for others."""
    if registry == PUBLIC_AMAZON:
        # the gallery hands out tokens in one region
        return AmazonRegistry("us-east-1", is_public=True)
    found = _AMAZON.fullmatch(registry)
    return AmazonRegistry(found["region"], bool(found["fips"])) if found else None


def without_port(registry: str) -> str:
    """Return the host of a registry."""
    return _PORT.sub("", registry)
