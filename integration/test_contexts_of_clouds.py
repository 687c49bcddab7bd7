"""Object stores behind TLS of a private authority, and who we are to clouds.

Stores are real ones behind nginx; token services are played by a web server, with the
answers that they are documented to give.
"""

import io
import json
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from integration.executor import ENVIRONMENT, Executor, Outcome
from integration.services.executor_image import ExecutorImage
from integration.services.object_stores import (
    AZURE_ACCOUNT,
    BUCKET,
    running_azure,
    running_gcs,
    running_s3,
)
from integration.services.tls_front import tls_front
from tests.support.loopback_server import TLS
from tests.support.web_server import Answer, WebServer

CA = str(TLS / "ca.pem")
ENDPOINTS = ("S3_ENDPOINT", "STORAGE_EMULATOR_HOST", "AZURE_STORAGE_BLOB_ENDPOINT")


def archive() -> bytes:
    """Return a context."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        data = b"FROM scratch\nCOPY Dockerfile /\n"
        member = tarfile.TarInfo("Dockerfile")
        member.size = len(data)
        made.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


DATA = archive()


def build(place: Path, address: str, variables: Mapping[str, str]) -> Outcome:
    """Build an address."""
    return Executor(work=place / "work").run(
        address,
        *("--no-push", "--verbosity=trace", f"--tar-path={place / 'image.tar'}"),
        environment={
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "localhost",  # the proxy of all tests answers nobody
            **variables,
        },
    )


# ------------------------------------------------------------------------------- TLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Fronted:
    """A store behind TLS.

    Attributes:
        address: Address of a context in it.
        variables: What leads there.
        own: The variable with which its client is told whom to trust.
    """

    address: str
    variables: Mapping[str, str] = field(repr=False)
    own: str


@pytest.fixture(scope="module", params=["s3", "gcs", "azure"])
def fronted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fronted]:
    """Run each of the stores behind nginx."""
    run = {"s3": running_s3, "gcs": running_gcs, "azure": running_azure}[request.param]
    place = tmp_path_factory.mktemp("fronted")
    with run(place) as store:
        variables = dict(store.environment)
        [name] = variables.keys() & set(ENDPOINTS)
        with tls_front(variables[name], place / "front") as endpoint:
            yield Fronted(
                address=store.put("app.tar", DATA),
                variables={**variables, name: endpoint},
                own="AWS_CA_BUNDLE" if name == "S3_ENDPOINT" else "REQUESTS_CA_BUNDLE",
            )


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR", "own"])
def test_a_private_authority_is_trusted_where_it_is_named(
    fronted: Fronted, tmp_path: Path, name: str
) -> None:
    (tmp_path / "certificates").mkdir()
    (tmp_path / "certificates" / "ca").write_bytes(Path(CA).read_bytes())
    values = {"SSL_CERT_DIR": str(tmp_path / "certificates")}
    trust = {fronted.own if name == "own" else name: values.get(name, CA)}
    build(tmp_path, fronted.address, {**fronted.variables, **trust}).check()


def test_the_clients_own_variable_adds_to_others(
    fronted: Fronted, tmp_path: Path
) -> None:
    trust = {fronted.own: CA, "SSL_CERT_DIR": "/etc/ssl/certs"}
    build(tmp_path, fronted.address, {**fronted.variables, **trust}).check()


def test_an_authority_that_is_not_known_is_told(
    fronted: Fronted, tmp_path: Path
) -> None:
    outcome = build(tmp_path, fronted.address, fronted.variables)
    assert outcome.status == 1
    assert "cannot be fetched: the server's certificate is not trusted" in outcome.error
    assert "SSL_CERT_DIR" in outcome.hint
    assert not (tmp_path / "image.tar").exists()


# ------------------------------------------------------------------------ identities

TOKEN = "t0ken-of-the-identity"
PART = Answer(
    status=206,
    body=DATA,
    headers={
        "Content-Range": f"bytes 0-{len(DATA) - 1}/{len(DATA)}",
        "ETag": '"1"',
        "Last-Modified": "Fri, 14 Jul 2017 02:40:00 GMT",
        "x-ms-blob-type": "BlockBlob",
        "x-ms-version": "2021-01-01",
    },
)


def document(**values: object) -> Answer:
    """Return an answer in JSON."""
    header = {"Content-Type": "application/json"}
    return Answer(body=json.dumps(values).encode(), headers=header)


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Run a server that speaks TLS, and has the context as a blob."""
    with WebServer(tls=True) as server:
        server.answers[f"/{AZURE_ACCOUNT}/{BUCKET}/a.tar"] = [PART]
        server.answers[f"/{BUCKET}/a.tar"] = [PART]
        yield server


@pytest.fixture
def near() -> Iterator[WebServer]:
    """Run a server of plain HTTP, as machines have one for their identity."""
    with WebServer() as server:
        yield server


def of_azure(web: WebServer, place: Path, **variables: str) -> Outcome:
    """Build the blob, without a key."""
    given = {
        "SSL_CERT_FILE": CA,
        "AZURE_STORAGE_BLOB_ENDPOINT": f"{web.url}/{AZURE_ACCOUNT}",
        # no test asks the machine that it runs on
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:1",
    }
    address = f"https://{AZURE_ACCOUNT}.blob.core.windows.net/{BUCKET}/a.tar"
    outcome = build(place, address, {**given, **variables})
    assert TOKEN not in outcome.log
    assert "s3cr3t" not in outcome.log
    return outcome


def shown(web: WebServer) -> set[str | None]:
    """Return what the store was shown."""
    asked = [each for each in web.asked if each.target.startswith(f"/{AZURE_ACCOUNT}")]
    return {each.headers.get("Authorization") for each in asked}


def header(web: WebServer, name: str) -> str:
    """Return a header of the last request, whatever its case."""
    headers = {each.lower(): text for each, text in web.asked[-1].headers.items()}
    return headers[name.lower()]


def test_the_identity_of_an_azure_machine(
    web: WebServer, near: WebServer, tmp_path: Path
) -> None:
    path = "/metadata/identity/oauth2/token"
    token = document(
        access_token=TOKEN,
        expires_in="3600",
        expires_on=str(int(time.time()) + 3600),
        resource="https://storage.azure.com/",
        token_type="Bearer",
    )
    near.answers[path] = [token]
    variables = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": near.url}
    of_azure(web, tmp_path, AZURE_CLIENT_ID="me", **variables).check()
    assert shown(web) == {f"Bearer {TOKEN}"}
    asked = near.asked[-1]
    assert "resource=https://storage.azure.com" in asked.target
    assert "client_id=me" in asked.target
    assert header(near, "Metadata") == "true"


def test_the_identity_of_an_azure_service(
    web: WebServer, near: WebServer, tmp_path: Path
) -> None:
    token = document(
        access_token=TOKEN,
        expires_on=str(int(time.time()) + 3600),
        resource="https://storage.azure.com",
        token_type="Bearer",
    )
    near.answers["/msi/token"] = [token]
    variables = {
        "IDENTITY_ENDPOINT": f"{near.url}/msi/token",
        "IDENTITY_HEADER": "s3cr3t",
    }
    of_azure(web, tmp_path, **variables).check()
    assert shown(web) == {f"Bearer {TOKEN}"}
    assert header(near, "X-Identity-Header") == "s3cr3t"


@pytest.fixture
def workload(web: WebServer, tmp_path: Path) -> dict[str, str]:
    """Return the variables of a pod with an identity; the server plays Entra ID."""
    tenant = f"{web.url}/tenant"
    web.answers["/tenant/v2.0/.well-known/openid-configuration"] = [
        document(
            issuer=f"{tenant}/v2.0",
            token_endpoint=f"{tenant}/oauth2/v2.0/token",
            authorization_endpoint=f"{tenant}/oauth2/v2.0/authorize",
        )
    ]
    web.answers["/tenant/oauth2/v2.0/token"] = [
        document(access_token=TOKEN, expires_in=3600, token_type="Bearer")
    ]
    (tmp_path / "federated").write_text("s3cr3t-federated")
    return {
        "AZURE_AUTHORITY_HOST": web.url,
        "AZURE_CLIENT_ID": "client",
        "AZURE_TENANT_ID": "tenant",
        "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "federated"),
    }


def test_the_identity_of_an_azure_workload(
    web: WebServer, workload: dict[str, str], tmp_path: Path
) -> None:
    of_azure(web, tmp_path, **workload).check()
    assert shown(web) == {f"Bearer {TOKEN}"}


def test_an_identity_that_is_given_no_token(
    web: WebServer, workload: dict[str, str], tmp_path: Path
) -> None:
    said = {"error": "invalid_client", "error_description": "AADSTS70021: s3cr3t"}
    body = json.dumps(said).encode()
    web.answers["/tenant/oauth2/v2.0/token"] = [Answer(status=401, body=body)]
    outcome = of_azure(web, tmp_path, **workload)
    assert "cannot be fetched: no token was given (AADSTS70021)" in outcome.error
    assert "AZURE_CLIENT_ID" in outcome.hint
    variables = {**workload, "AZURE_FEDERATED_TOKEN_FILE": "/nonexistent"}
    outcome = of_azure(web, tmp_path, **variables)
    assert "a file that AZURE_* names cannot be read: No such file" in outcome.error


def test_an_identity_that_may_not_read(
    web: WebServer, workload: dict[str, str], tmp_path: Path
) -> None:
    web.answers[f"/{AZURE_ACCOUNT}/{BUCKET}/a.tar"] = [Answer(status=403)]
    outcome = of_azure(web, tmp_path, **workload)
    assert "cannot be fetched: the account refused the credential" in outcome.error
    assert "Storage Blob Data Reader" in outcome.hint


def test_neither_a_key_nor_an_identity(web: WebServer, tmp_path: Path) -> None:
    outcome = of_azure(web, tmp_path)
    assert (
        "AZURE_STORAGE_ACCESS_KEY environment variable is not set, and there is no"
        " identity"
    ) in outcome.error
    assert "a key of the account" in outcome.hint
    assert shown(web) == set()


def test_the_role_of_an_amazon_workload(web: WebServer, tmp_path: Path) -> None:
    answer = f"""
        <AssumeRoleWithWebIdentityResponse
            xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleWithWebIdentityResult><Credentials>
            <AccessKeyId>ASIAROLE</AccessKeyId>
            <SecretAccessKey>s3cr3t</SecretAccessKey>
            <SessionToken>{TOKEN}</SessionToken>
            <Expiration>2037-01-01T00:00:00Z</Expiration>
          </Credentials></AssumeRoleWithWebIdentityResult>
        </AssumeRoleWithWebIdentityResponse>
        """
    web.answers["/"] = [
        Answer(body=answer.encode(), headers={"Content-Type": "text/xml"})
    ]
    (tmp_path / "web-identity").write_text("s3cr3t-web-identity")
    variables = {
        "SSL_CERT_FILE": CA,
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL_STS": web.url,
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/builder",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "web-identity"),
        "S3_ENDPOINT": web.url,
        "S3_FORCE_PATH_STYLE": "true",
    }
    outcome = build(tmp_path, f"s3://{BUCKET}/a.tar", variables).check()
    assert "s3cr3t" not in outcome.log
    assert TOKEN not in outcome.log
    assert "Credential=ASIAROLE/" in header(web, "Authorization")
    assert header(web, "X-Amz-Security-Token") == TOKEN


CREDENTIAL = '{"Version": 1, "AccessKeyId": "AKIAPROGRAM", "SecretAccessKey": "s"}'


def test_a_program_of_a_profile_is_not_run_in_place(
    executor_image: ExecutorImage, near: WebServer, tmp_path: Path
) -> None:
    near.answers[f"/{BUCKET}/a.tar"] = [PART]
    (tmp_path / "credential").write_text(CREDENTIAL)
    profile = f"[default]\ncredential_process = cat {tmp_path / 'credential'}\n"
    (tmp_path / "config").write_text(profile)
    variables = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "S3_ENDPOINT": near.url,
        "S3_FORCE_PATH_STYLE": "true",
    }
    build(tmp_path, f"s3://{BUCKET}/a.tar", variables).check()
    assert "Credential=AKIAPROGRAM/" in header(near, "Authorization")
    executor_image.run(
        *(f"--context=s3://{BUCKET}/a.tar", "--no-push", "--isolation=in-place"),
        image=executor_image.debug,
        flags=[
            f"--volume={tmp_path}:{tmp_path}:ro",
            *(f"--env={name}={value}" for name, value in variables.items()),
        ],
    )
    assert "authorization" not in str(near.asked[-1].headers).lower()


def test_no_program_of_googles_is_started(web: WebServer, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "gcloud"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    program.chmod(0o755)
    user = {
        "type": "authorized_user",
        "client_id": "c",
        "client_secret": "s3cr3t",
        "refresh_token": "s3cr3t",
    }
    key = tmp_path / "application_default_credentials.json"
    key.write_text(json.dumps(user))
    path = f"{program.parent}:{ENVIRONMENT['PATH']}"
    variables = {"CLOUDSDK_CONFIG": str(tmp_path), "PATH": path}
    for further in ({}, {"GOOGLE_APPLICATION_CREDENTIALS": str(key)}):
        given = {**variables, **further, "API_ENDPOINT_OVERRIDE": web.url}
        outcome = build(tmp_path, f"gs://{BUCKET}/a.tar", given)
        assert outcome.status == 1
        assert "s3cr3t" not in outcome.log
        assert not (tmp_path / "started").exists()


def test_the_service_account_of_google(web: WebServer, tmp_path: Path) -> None:
    private = subprocess.run(
        ["openssl", "genrsa", "2048"], capture_output=True, text=True, check=True
    ).stdout
    key = {
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "1",
        "private_key": private,
        "client_email": "builder@p.iam.gserviceaccount.com",
        "token_uri": f"{web.url}/token",
    }
    (tmp_path / "key.json").write_text(json.dumps(key))
    web.answers["/token"] = [
        document(access_token=TOKEN, expires_in=3600, token_type="Bearer")
    ]
    web.answers[f"/storage/v1/b/{BUCKET}/o/a.tar"] = [
        document(name="a.tar", size=str(len(DATA)), generation="7")
    ]
    web.answers[f"/download/storage/v1/b/{BUCKET}/o/a.tar"] = [PART]
    variables = {
        "SSL_CERT_FILE": CA,
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "key.json"),
        "API_ENDPOINT_OVERRIDE": web.url,
    }
    outcome = build(tmp_path, f"gs://{BUCKET}/a.tar", variables).check()
    assert TOKEN not in outcome.log
    assert header(web, "Authorization") == f"Bearer {TOKEN}"
