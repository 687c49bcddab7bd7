"""Cases that are pushed: a registry has the image that was built, to the digest.

`make integration REGISTRY=HOST/REPOSITORY K=CASE` asks a registry of one's own, with
the credentials of docker's configuration; each case becomes a tag of `cases` below it.
Without REGISTRY, a few cases go to the registry of the tests.
"""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from integration.executor import Executor
from integration.services.registry import Registry
from integration.test_oracle_cases import BUILT, CASES, build

OWN = os.environ.get("REGISTRY", "")
FEW = ("copy-from-hardlinks", "heredoc-run", "whiteout-file-dir")
NAMES = BUILT if OWN else [name for name in BUILT if name in FEW]

TAKEN = ("HOME", "DOCKER_CONFIG", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")
"""Variables of ours that pushing to a registry of one's own may need."""


@pytest.fixture
def repository(registry: Registry) -> str:
    """Name the repository that is pushed to."""
    return f"{OWN or registry.host}/cases"


@pytest.mark.parametrize("name", NAMES)
def test_the_registry_has_the_image(
    name: str, executor: Executor, repository: str, tmp_path: Path
) -> None:
    reference = f"{repository}:{name}"
    variables = {each: os.environ.get(each, "") for each in TAKEN} if OWN else {}
    flags = ("--no-push=false", f"--destination={reference}")
    build(CASES[name], executor, tmp_path, *flags, variables=variables).check()
    index = json.loads((tmp_path / "image" / "index.json").read_bytes())
    (manifest,) = index["manifests"]
    command = ["skopeo", "inspect", "--raw"]
    is_local = repository.startswith(("127.", "localhost:"))
    command += ["--tls-verify=false"] if is_local else []
    raw = subprocess.run(
        [*command, f"docker://{reference}"], capture_output=True, check=True
    ).stdout
    assert f"sha256:{hashlib.sha256(raw).hexdigest()}" == manifest["digest"]
