"""Credential helpers of the product's own image: for others, and where they may run."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.executor import write_context
from integration.services.executor_image import ExecutorImage
from integration.services.registry import Registry
from tests.support.web_server import Answer, WebServer

REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
HELPERS = ("ecr-login", "gcr", "acr-env")


def _json(document: object) -> Answer:
    headers = {"Content-Type": "application/json", "Metadata-Flavor": "Google"}
    return Answer(body=json.dumps(document).encode(), headers=headers)


@pytest.fixture
def cloud() -> Iterator[WebServer]:
    with WebServer() as web:
        data = {"authorizationToken": "QVdTOnB3", "expiresAt": time.time() + 43200}
        web.answers["/"] = [_json({"authorizationData": [data]})]
        path = "/computeMetadata/v1/instance/service-accounts/default/token"
        web.answers[path] = [_json({"access_token": "ya29.m", "expires_in": 3000})]
        yield web


def _ask(
    image: ExecutorImage, name: str, server: str, *flags: str
) -> tuple[int, str, str]:
    entry = f"--entrypoint=/kaniko/docker-credential-{name}"
    outcome = image.run(
        "get", flags=("--interactive", entry, *flags), stdin=server, check=False
    )
    return outcome.returncode, outcome.stdout, outcome.stderr


def test_amazon_s_helper_answers(
    executor_image: ExecutorImage, cloud: WebServer
) -> None:
    flags = (
        "--env=AWS_ACCESS_KEY_ID=AKIAEXAMPLE",
        "--env=AWS_SECRET_ACCESS_KEY=hunter2",
        f"--env=AWS_ENDPOINT_URL_ECR={cloud.url}",
    )
    status, answer, said = _ask(executor_image, "ecr-login", REGISTRY, *flags)
    assert (status, said) == (0, "")
    assert json.loads(answer) == {
        "ServerURL": REGISTRY,
        "Username": "AWS",
        "Secret": "pw",
    }


def test_google_s_helper_answers(
    executor_image: ExecutorImage, cloud: WebServer
) -> None:
    place = f"--env=GCE_METADATA_HOST={cloud.host}"
    status, answer, said = _ask(executor_image, "gcr", "https://gcr.io", place)
    assert (status, said) == (0, "")
    assert json.loads(answer)["Secret"] == "ya29.m"


@pytest.mark.parametrize("name", HELPERS)
def test_a_helper_knows_nothing_of_other_registries(
    executor_image: ExecutorImage, name: str
) -> None:
    status, answer, said = _ask(executor_image, name, "https://index.docker.io/v1/")
    assert status == 1
    assert answer == "credentials not found in native keychain\n"
    assert said == ""


def test_azure_s_helper_tells_why_it_fails(executor_image: ExecutorImage) -> None:
    """A variable that makes no sense, so that no identity is looked for."""
    flag = "--env=AZURE_ENVIRONMENT=Mars"
    status, answer, _ = _ask(executor_image, "acr-env", "mine.azurecr.io", flag)
    assert status == 1
    assert "AZURE_ENVIRONMENT is 'Mars'" in answer


HELPER = """\
#!/busybox/sh
read server
echo "asked for $server" >> /log/asked
printf '{"Username":"%s","Secret":"%s"}' "$HELPER_USER" "$HELPER_PASSWORD"
"""
TRAP = "#!/busybox/sh\necho trapped >> /log/asked\nexit 1\n"


@pytest.mark.parametrize("place", ["/usr/local/bin", "/kaniko"])
def test_no_helper_of_an_image_in_place_is_run(
    executor_image: ExecutorImage,
    registry: Registry,
    private_registry: Registry,
    small_bases: Path,
    tmp_path: Path,
    place: str,
) -> None:
    """Ours is asked in time, or lies where no image reaches."""
    account = private_registry.account
    assert account is not None
    base = registry.push_layout(small_bases, "busybox", "bases/busybox")
    context = write_context(
        tmp_path / "context",
        f"""
        FROM {base}
        COPY --chmod=755 trap /usr/local/bin/docker-credential-vault
        RUN test -x /usr/local/bin/docker-credential-vault
        """,
        {"trap": TRAP, "helper": HELPER},
    )
    log, config = tmp_path / "log", tmp_path / "docker"
    log.mkdir()
    config.mkdir()
    document = {"credHelpers": {private_registry.host: "vault"}}
    (config / "config.json").write_text(json.dumps(document))
    name = f"helped-{place.rpartition('/')[2]}"
    done = executor_image.shell(
        f"""
        mkdir -p {place}
        cp /workspace/helper {place}/docker-credential-vault
        chmod 755 {place}/docker-credential-vault
        /kaniko/executor --destination={private_registry.host}/{name} \
            --isolation=in-place --skip-push-permission-check
        """,
        f"--env=HELPER_USER={account.user}",
        f"--env=HELPER_PASSWORD={account.password}",
        f"--volume={context}:/workspace",
        f"--volume={log}:/log",
        f"--volume={config}:/kaniko/.docker:ro",
    )
    assert (log / "asked").read_text() == f"asked for {private_registry.host}\n"
    assert "Built image" in done.stderr
    assert account.password not in done.stdout + done.stderr
    told = f"from {place}/docker-credential-vault, named in /kaniko/.docker/config.json"
    assert told in done.stderr
