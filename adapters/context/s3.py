"""Archives of contexts in S3, or in another store that speaks its protocol.

Credentials and region are found as every client of Amazon's finds them. Nothing else
of boto3 is used than fetching parts of one object.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import boto3
import botocore.exceptions as failures
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config

from adapters.context.ranges import Part, broken
from adapters.http.errors import TRANSPORT_EXCEPTIONS
from adapters.http.retries import RETRY_STATUSES, TryAgain
from application.errors import ContextUnavailable

_REGION = "us-east-1"
"""Of stores that have none; Amazon redirects from here."""

_CREDENTIALS = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, mount ~/.aws, or run with a role"
    " that may read the bucket"
)
_NETWORK = "check S3_ENDPOINT, AWS_REGION and the network"
_CHANGED = ("the object changed while it was fetched", "run the build again")
_REFUSALS = {
    # What the store calls it, what happened, what to do about it.
    "NoSuchBucket": ("there is no such bucket", "check its name, and S3_ENDPOINT"),
    "NoSuchKey": ("the bucket has no such object", "check the part after the bucket"),
    "404": ("the bucket has no such object", "check bucket and object"),
    "InvalidRange": ("the object is empty", "upload the archive again"),
    "PermanentRedirect": ("the bucket is in another region", "set AWS_REGION"),
    "AuthorizationHeaderMalformed": (
        "the bucket is in another region",
        "set AWS_REGION",
    ),
    "PreconditionFailed": _CHANGED,
    "412": _CHANGED,
}
_CREDENTIAL_CODES = frozenset({
    "AccessDenied", "401", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch",
    "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestTimeTooSkewed",
})  # fmt: skip


_BROKEN = (
    failures.HTTPClientError,
    failures.ConnectionError,
    failures.IncompleteReadError,
    *TRANSPORT_EXCEPTIONS,
)


class S3Options(NamedTuple):
    """How to reach a store.

    Attributes:
        endpoint: Its URL, "" for Amazon's.
        path_style: Whether buckets are parts of paths, not of host names.
        ca_file: Bundle of certificates to trust, "" for botocore's own.
        may_run: Whether a program may be run that a profile names for a credential.
    """

    endpoint: str = ""
    path_style: bool = False
    ca_file: str = ""
    may_run: bool = True


class S3Object:
    """An object; `fetch` hands out parts of it.

    Args:
        bucket: Name of the bucket.
        key: Name of the object in it.
        options: How to reach the store.
    """

    def __init__(self, bucket: str, key: str, options: S3Options) -> None:
        self.place = f"s3://{bucket}/{key}"
        self._bucket = bucket
        self._key = key
        self._options = options
        self._client: Any = None
        self._is_anonymous = False

    def fetch(self, start: int, length: int, version: str) -> Part:
        """Fetch bytes of the object; see `adapters.context.ranges.Fetch`."""
        wanted = {"IfMatch": version} if version else {}
        try:
            if self._client is None:
                self._client = self._new_client()
            answer = self._client.get_object(
                Bucket=self._bucket,
                Key=self._key,
                Range=f"bytes={start}-{start + length - 1}",
                **wanted,
            )
            with answer["Body"] as body:
                data = body.read()
        except failures.ClientError as error:
            raise self._refused(error) from error
        except (failures.ProfileNotFound, failures.PartialCredentialsError) as error:
            raise self._problem(str(error), _CREDENTIALS) from error
        except failures.CredentialRetrievalError as error:
            raise self._problem("no credential could be had", _CREDENTIALS) from error
        except _BROKEN as error:
            raise broken(self.place, error, _NETWORK) from error
        except (failures.BotoCoreError, ValueError) as error:
            raise self._problem(str(error), "check S3_ENDPOINT and AWS_*") from error
        total = int(answer.get("ContentRange", "/0").rpartition("/")[2])
        return Part(data, total or len(data), answer.get("ETag", ""))

    def _new_client(self) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
        core = botocore.session.Session()
        if self._options.ca_file:  # also that of clients that ask for credentials
            core.set_config_variable("ca_bundle", self._options.ca_file)
        if not self._options.may_run:
            core.get_component("credential_provider").remove("custom-process")
        session = boto3.Session(botocore_session=core)
        self._is_anonymous = session.get_credentials() is None
        style = "path" if self._options.path_style else "auto"
        config = Config(
            s3={"addressing_style": style},
            retries={"total_max_attempts": 1},
            signature_version=UNSIGNED if self._is_anonymous else None,
            connect_timeout=30,
            read_timeout=300,
            # not every store knows the checksums that Amazon's sends
            response_checksum_validation="when_required",
            request_checksum_calculation="when_required",
        )
        return session.client(
            "s3",
            region_name=session.region_name or _REGION,
            endpoint_url=self._options.endpoint or None,
            config=config,
        )

    def _refused(self, error: failures.ClientError) -> TryAgain | ContextUnavailable:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _REFUSALS:
            return self._problem(*_REFUSALS[code])
        if code in _CREDENTIAL_CODES or status in (401, 403):
            return self._problem(self._said_of_credentials(code), _CREDENTIALS)
        problem = self._problem(f"the store answered {status} {code}", None)
        return TryAgain(problem) if status in RETRY_STATUSES else problem

    def _said_of_credentials(self, code: str) -> str:
        if self._is_anonymous:
            return "no credential was found, and the object is not public"
        return f"the store refused the credential ({code})"

    def _problem(self, what: str, hint: str | None) -> ContextUnavailable:
        return ContextUnavailable(
            f"the build context cannot be fetched: {what}", place=self.place, hint=hint
        )
