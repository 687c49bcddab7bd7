"""Archives of contexts in Google Cloud Storage.

Credentials are found where every client of Google's finds them; without any, objects
that are public can still be fetched. STORAGE_EMULATOR_HOST is heeded by the client.
No program is started.
"""

from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path
from typing import Any

import google.auth
from google.api_core import exceptions as failures
from google.auth import exceptions as auth_failures
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.resumable_media import DataCorruption

from adapters.context.ranges import Part, broken
from adapters.http.errors import TRANSPORT_EXCEPTIONS
from adapters.http.retries import RETRY_STATUSES, TryAgain
from application.errors import ContextUnavailable

_CREDENTIALS = (
    "name a key file in GOOGLE_APPLICATION_CREDENTIALS, or run with a service account"
    " that may read the bucket"
)
# What it logs is for its developers; without a handler it would get on our output.
logging.getLogger("google").addHandler(logging.NullHandler())

_NETWORK = "check STORAGE_EMULATOR_HOST and the network"


def _from_file() -> Any:  # noqa: ANN401 - the SDK is not typed
    """Return the credentials of the file that clients look for, None without one.

    The client would find it, and then start gcloud to ask it for a project.
    """
    if os.environ.get("STORAGE_EMULATOR_HOST"):
        return None
    found = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if not found:
        home = os.environ.get("HOME", "")
        directory = os.environ.get("CLOUDSDK_CONFIG") or f"{home}/.config/gcloud"
        found = f"{directory}/application_default_credentials.json"
        if not Path(found).is_file():
            return None
    with warnings.catch_warnings():
        # whose file it is was decided by who runs the build
        warnings.simplefilter("ignore", DeprecationWarning)
        credentials, _ = google.auth.load_credentials_from_file(  # type: ignore[no-untyped-call]
            found, scopes=storage.Client.SCOPE
        )
    return credentials


class GcsObject:
    """An object; `fetch` hands out parts of it.

    Args:
        bucket: Name of the bucket.
        name: Name of the object in it.
        ca_file: Bundle of certificates to trust, "" for the client's own.
    """

    def __init__(self, bucket: str, name: str, ca_file: str = "") -> None:
        self.place = f"gs://{bucket}/{name}"
        self._bucket = bucket
        self._name = name
        self._ca_file = ca_file
        self._blob: storage.Blob | None = None
        self._is_anonymous = False

    def fetch(self, start: int, length: int, version: str) -> Part:
        """Fetch bytes of the object; see `adapters.context.ranges.Fetch`."""
        try:
            blob = self._blob = self._blob or self._found()
            size = int(blob.size or 0)
            if not size:
                return Part(b"", 0, "")
            # a download changes what the blob says of itself
            version = version or str(blob.generation or "")
            data: bytes = blob.download_as_bytes(
                start=start,
                end=start + length - 1,
                raw_download=True,
                checksum=None,
                if_generation_match=int(version) if version else None,
                retry=None,
            )
        except failures.GoogleAPICallError as error:
            raise self._refused(error) from error
        except auth_failures.GoogleAuthError as error:
            what = "the credential cannot be read, or no token be had for it"
            raise self._problem(what, _CREDENTIALS) from error
        except (*TRANSPORT_EXCEPTIONS, DataCorruption) as error:
            raise broken(self.place, error, _NETWORK) from error
        return Part(data, size, version)

    def _found(self) -> storage.Blob:
        blob = self._client().bucket(self._bucket).blob(self._name)
        blob.reload(retry=None)
        return blob

    def _client(self) -> storage.Client:
        """Return a client with the credentials there are, else without."""
        try:
            client = storage.Client(project="kanipy", credentials=_from_file())
        except auth_failures.DefaultCredentialsError:
            if os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
                raise
            client = storage.Client.create_anonymous_client()
        credentials = client._credentials  # noqa: SLF001 - an emulator has none either
        self._is_anonymous = isinstance(credentials, AnonymousCredentials)
        if self._ca_file:
            # there is no option, neither for objects nor for tokens
            session = client._http  # noqa: SLF001
            session.verify = session._auth_request.session.verify = self._ca_file  # noqa: SLF001
        return client

    def _refused(
        self, error: failures.GoogleAPICallError
    ) -> TryAgain | ContextUnavailable:
        status = int(error.code or 0)
        if status == 404:  # noqa: PLR2004 - Not Found
            hint = "check bucket and object"
            return self._problem("there is no such bucket or object", hint)
        if status in (401, 403):
            return self._problem(self._said_of_credentials(), _CREDENTIALS)
        if status == 412:  # noqa: PLR2004 - Precondition Failed
            hint = "run the build again"
            return self._problem("the object changed while it was fetched", hint)
        problem = self._problem(f"the store answered {status}", "try again later")
        return TryAgain(problem) if status in RETRY_STATUSES else problem

    def _said_of_credentials(self) -> str:
        if self._is_anonymous:
            return "no credential was found, and the object is not public"
        return "the store refused the credential"

    def _problem(self, what: str, hint: str | None) -> ContextUnavailable:
        return ContextUnavailable(
            f"the build context cannot be fetched: {what}", place=self.place, hint=hint
        )
