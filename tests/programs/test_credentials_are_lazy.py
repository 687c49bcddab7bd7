"""A cloud's packages are loaded for registries of that cloud, and for no others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from adapters.memory.ambient import RecordingReporter
from application.options import WarmOptions
from entrypoints.credential_builders import credentials
from entrypoints.flags.environment import credential_options
import os
reporter = RecordingReporter()
chain = credentials(WarmOptions(credentials=credential_options(os.environ)), reporter)
chain.find(sys.argv[1], "library/debian")
print("modules", *sys.modules)
"""
SDKS = {"boto3", "botocore", "google.auth", "azure.identity", "msal"}
NOWHERE = {
    # Whatever would be asked answers at once: nobody listens there.
    "NO_GCE_CHECK": "true",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9",
}


def _loaded(registry: str, **environment: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, registry],
        capture_output=True,
        text=True,
        check=False,
        env=NOWHERE | environment,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split()) & SDKS


def test_docker_hub_is_no_cloud_s_business(tmp_path: Path) -> None:
    document = {
        "auths": {"gcr.io": {}},
        "credHelpers": {"gcr.io": "gcr", "x.azurecr.io": "acr-env"},
        "credsStore": "ecr-login",
    }
    (tmp_path / "config.json").write_text(json.dumps(document))
    assert _loaded("index.docker.io") == set()
    assert _loaded("index.docker.io", DOCKER_CONFIG=str(tmp_path)) == set()


@pytest.mark.parametrize(
    ("registry", "packages"),
    [
        ("gcr.io", {"google.auth"}),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", {"boto3", "botocore"}),
    ],
)
def test_a_cloud_s_registry_loads_that_cloud_s_packages(
    registry: str, packages: set[str]
) -> None:
    assert _loaded(registry) == packages
