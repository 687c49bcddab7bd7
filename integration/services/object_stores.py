"""Real servers of the protocols of S3, Google Cloud Storage and Azure's blob storage.

All of them listen on loopback and keep what they get in memory or in a directory of
the test. Objects come in through the clients of their makers.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from azure.storage.blob import BlobServiceClient
from google.cloud import storage

from integration.services.processes import accepts_connections, free_port, running

BUCKET = "contexts"
AZURITE = "azurite-blob"
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6I"
    "FsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
"""The account that every emulator of Azure's storage has; published by Microsoft."""

_POLICY = (
    '{"Version":"2012-10-17","Statement":'
    '[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
)
_FREE_ACTIONS = 4
"""What is done before moto begins to judge credentials: user, policy, key, bucket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStore:
    """A running store with one bucket or container, `BUCKET`.

    Attributes:
        environment: Variables that a client needs to be let in.
        address: Address of an object of the bucket, less its name.
        log: What the server wrote.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    address: str
    log: Path
    client: Any

    def put(self, name: str, data: bytes) -> str:
        """Store an object; return its address."""
        self.client(name, data)
        return f"{self.address}/{name}"


@contextmanager
def running_s3(directory: Path) -> Iterator[ObjectStore]:
    """Run moto, which judges credentials like Amazon does, until the block ends."""
    port = free_port()
    log = directory / "moto.log"
    with running(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        log=log,
        ready=lambda: accepts_connections(port),
        environment={"INITIAL_NO_AUTH_ACTION_COUNT": str(_FREE_ACTIONS)},
    ):
        endpoint = f"http://127.0.0.1:{port}"
        settings = {"endpoint_url": endpoint, "region_name": "eu-west-1"}
        first = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
        iam = boto3.client("iam", **settings, **first)
        iam.create_user(UserName="u")
        iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=_POLICY)
        key = iam.create_access_key(UserName="u")["AccessKey"]
        boto3.client("s3", **settings, **first).create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        s3 = boto3.client(
            "s3",
            **settings,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )
        yield ObjectStore(
            environment={
                "S3_ENDPOINT": endpoint,
                "S3_FORCE_PATH_STYLE": "true",
                "AWS_REGION": "eu-west-1",
                "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            },
            address=f"s3://{BUCKET}",
            log=log,
            client=lambda name, data: s3.put_object(Bucket=BUCKET, Key=name, Body=data),
        )


@contextmanager
def running_gcs(directory: Path) -> Iterator[ObjectStore]:
    """Run the emulator of Google Cloud Storage until the block ends."""
    port = free_port()
    log = directory / "gcs.log"
    program = Path(sys.executable).with_name("gcp-storage-emulator")
    where = ("--host=127.0.0.1", f"--port={port}", f"--default-bucket={BUCKET}")
    with running(
        [program, "start", *where, "--in-memory"],
        log=log,
        ready=lambda: accepts_connections(port),
    ):
        endpoint = f"http://127.0.0.1:{port}"
        client = storage.Client.create_anonymous_client()
        client._connection.API_BASE_URL = endpoint  # noqa: SLF001 - else by variable
        bucket = client.bucket(BUCKET)

        def put(name: str, data: bytes) -> None:
            bucket.blob(name).upload_from_string(data, "application/octet-stream")

        yield ObjectStore(
            environment={"STORAGE_EMULATOR_HOST": endpoint},
            address=f"gs://{BUCKET}",
            log=log,
            client=put,
        )


@contextmanager
def running_azure(directory: Path) -> Iterator[ObjectStore]:
    """Run azurite until the block ends."""
    port = free_port()
    log = directory / "azurite.log"
    where = ("--blobHost", "127.0.0.1", "--blobPort", str(port))
    quiet = ("--silent", "--disableTelemetry", "--skipApiVersionCheck")
    with running(
        [AZURITE, *where, *quiet, "--location", directory / "azurite"],
        log=log,
        ready=lambda: accepts_connections(port),
        environment={"PATH": os.environ.get("PATH", "") + ":/usr/local/bin"},
    ):
        endpoint = f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}"
        account = {"account_name": AZURE_ACCOUNT, "account_key": AZURE_KEY}
        service = BlobServiceClient(endpoint, credential=account)
        container = service.create_container(BUCKET)
        yield ObjectStore(
            environment={
                "AZURE_STORAGE_BLOB_ENDPOINT": endpoint,
                "AZURE_STORAGE_ACCESS_KEY": AZURE_KEY,
            },
            address=f"https://{AZURE_ACCOUNT}.blob.core.windows.net/{BUCKET}",
            log=log,
            client=lambda name, data: container.upload_blob(name, data, overwrite=True),
        )
