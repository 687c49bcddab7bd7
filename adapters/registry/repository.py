"""Reading and writing manifests and blobs of one repository.

Distribution specification, "Pull" and "Push". Uploading blobs is in `upload`,
choosing platforms in `source`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from adapters.http.errors import TransportError
from adapters.http.messages import Response
from adapters.http.retries import Retries
from adapters.registry.authentication import Access
from adapters.registry.blob_stream import open_blob_stream
from adapters.registry.connection import RegistryConnection, location_of
from adapters.registry.failures import fail, fail_unknown, unreachable
from application.errors import (
    DigestMismatch,
    RegistryError,
    Unauthorized,
    is_out_of_order,
)
from domain.errors import InvalidDigest
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.image.manifest import (
    MAXIMUM_MANIFEST_SIZE,
    Index,
    Manifest,
    parse_document,
)
from domain.image.media_type import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    DOCKER_SCHEMA1_SIGNED,
    OCI_INDEX,
    OCI_MANIFEST,
)

_ACCEPTED = (
    OCI_MANIFEST,
    OCI_INDEX,
    DOCKER_MANIFEST,
    DOCKER_INDEX,
    DOCKER_SCHEMA1_SIGNED,
)
ACCEPT = ", ".join(_ACCEPTED)
"""What we read, and schema 1 in order to refuse it by name."""

OK = 200
PARTIAL_CONTENT = 206
NOT_FOUND = 404
BEYOND_THE_END = 416


class RegistryRepository:
    """One repository. Safe to use from several threads.

    Args:
        connection: The registry.
        name: Repository in it.
        retries: How broken downloads are taken up.
    """

    def __init__(
        self, connection: RegistryConnection, name: str, retries: Retries
    ) -> None:
        self.connection = connection
        self.name = name
        self._retries = retries

    def fetch_document(
        self, identifier: str, expected: Digest | None
    ) -> Manifest | Index:
        """Fetch a manifest or index, verified.

        Args:
            identifier: Tag or digest.
            expected: Its digest, None for a tag: then the digest that the
                registry tells must fit.

        Raises:
            ManifestUnknown, Unauthorized, RegistryError, DigestMismatch.
            InvalidImage: It is none.
        """
        access = Access(repository=self.name)
        purpose = f"fetch manifest {identifier}"
        response = self.connection.send(
            "GET",
            f"{self.name}/manifests/{identifier}",
            access=access,
            purpose=purpose,
            headers={"Accept": ACCEPT},
            document=MAXIMUM_MANIFEST_SIZE,
        )
        attempt = self.connection.attempt("GET", access, purpose)
        if response.status != OK:
            fail_unknown(response, attempt)
        try:
            with response:
                raw = response.read_document(MAXIMUM_MANIFEST_SIZE)
        except TransportError as error:
            raise unreachable(error, attempt) from error
        self._verify(raw, identifier, expected or _told_digest(response))
        return parse_document(raw, response.header("Content-Type") or "")

    def find_digest(self, identifier: str) -> Digest | None:
        """Return the digest a tag has now; None if it has none, or none is told."""
        response = self._head(f"manifests/{identifier}", {"Accept": ACCEPT})
        if response is None:
            return None
        with response:
            return _told_digest(response) if response.status == OK else None

    def current_digest(self, identifier: str) -> Digest | None:
        """Return the digest a tag has now, None where a GET has to tell.

        Docker Hub does not count these requests against its limits.

        Raises:
            Unauthorized, RegistryUnreachable.
            RegistryError: The registry is overloaded or out of order.
        """
        access = Access(repository=self.name)
        purpose = f"look up {identifier}"
        response = self.connection.send(
            "HEAD",
            f"{self.name}/manifests/{identifier}",
            access=access,
            purpose=purpose,
            headers={"Accept": ACCEPT},
        )
        if is_out_of_order(response.status):
            fail(response, self.connection.attempt("HEAD", access, purpose))
        with response:
            return _told_digest(response) if response.status == OK else None

    def put_manifest(self, manifest: Manifest | Index, tag: str) -> None:
        """Store a manifest under a tag, or its digest; what it names must be there.

        Raises:
            Unauthorized, RegistryUnreachable, RegistryError.
            DigestMismatch: The registry stored something else.
        """
        access = Access(repository=self.name, push=True)
        purpose = f"push manifest {tag}"
        response = self.connection.send(
            "PUT",
            f"{self.name}/manifests/{tag}",
            access=access,
            purpose=purpose,
            headers={"Content-Type": manifest.media_type},
            body=manifest.raw,
        )
        if not 200 <= response.status < 300:  # noqa: PLR2004 - HTTP
            fail(response, self.connection.attempt("PUT", access, purpose))
        with response:
            told = _told_digest(response)
        if told is not None and told != manifest.digest:
            raise DigestMismatch(
                f"the registry stored {told} instead of {manifest.digest}",
                place=self._place(tag),
            )

    def open_blob(self, descriptor: Descriptor, offset: int = 0) -> BinaryIO:
        """Open a blob, unverified, from an offset; the caller closes it.

        Raises:
            Unauthorized, RegistryUnreachable, RegistryError: Also while reading.
        """
        access = Access(repository=self.name)
        attempt = self.connection.attempt("GET", access, f"fetch {descriptor.digest}")
        return open_blob_stream(
            lambda position: self._get_blob(descriptor, position),
            offset,
            descriptor.size,
            self._retries,
            lambda error: unreachable(error, attempt),
        )

    def blob_size(self, descriptor: Descriptor) -> int | None:
        """Return the size of a blob, None where it is not known to be there.

        A size that is not told is taken to be right. Registries that refuse the
        question are taken to say no: pushing a blob once more is harmless.
        """
        response = self._head(f"blobs/{descriptor.digest}", {})
        if response is None:
            return None
        with response:
            if response.status != OK:
                return None
            told = response.header("Content-Length") or ""
        return (int(told) if told.isdecimal() else 0) or descriptor.size

    def check_push(self) -> None:
        """Start an upload and cancel it.

        Raises:
            Unauthorized, RegistryUnreachable, RegistryError.
        """
        access = Access(repository=self.name, push=True)
        purpose = "push (checked before the build)"
        response = self.connection.send(
            "POST", f"{self.name}/blobs/uploads/", access=access, purpose=purpose
        )
        if not 200 <= response.status < 300:  # noqa: PLR2004 - HTTP
            fail(response, self.connection.attempt("POST", access, purpose))
        with response:
            location = location_of(response)
        if location:
            self._cancel(location, access)

    def _head(self, target: str, headers: Mapping[str, str]) -> Response | None:
        """Ask whether something is there; None where we may not even ask."""
        try:
            return self.connection.send(
                "HEAD",
                f"{self.name}/{target}",
                access=Access(repository=self.name, push=True),
                purpose=f"look for {target}",
                headers=headers,
            )
        except Unauthorized:
            return None

    def _cancel(self, location: str, access: Access) -> None:
        """Cancel an upload; registries that cannot forget it by themselves."""
        try:
            self.connection.send(
                "DELETE", location, access=access, purpose="cancel", retry=False
            ).close()
        except RegistryError:
            return

    def _get_blob(self, descriptor: Descriptor, offset: int) -> Response:
        access = Access(repository=self.name)
        purpose = f"fetch {descriptor.digest}"
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        response = self.connection.send(
            "GET",
            f"{self.name}/blobs/{descriptor.digest}",
            access=access,
            purpose=purpose,
            headers=headers,
        )
        attempt = self.connection.attempt("GET", access, purpose)
        if response.status == PARTIAL_CONTENT and _starts_at(response, offset):
            return response
        if response.status == BEYOND_THE_END and offset:
            response.close()
            raise DigestMismatch(
                f"{descriptor.digest} ends before its {descriptor.size} bytes",
                place=f"{self.connection.registry}/{self.name}",
                hint="the registry has a part of it: push it again",
            )
        if response.status != OK:
            fail(response, attempt)
        # The registry does not know ranges: read over what we have already.
        try:
            _skip(response, offset)
        except TransportError as error:
            response.close()
            raise unreachable(error, attempt) from error
        return response

    def _verify(self, raw: bytes, identifier: str, expected: Digest | None) -> None:
        if expected is not None and not expected.matches(raw):
            raise DigestMismatch(
                f"the manifest's bytes are not {expected}",
                place=self._place(identifier),
                hint="the registry or a proxy before it is damaged, or changes data",
            )

    def _place(self, identifier: str) -> str:
        separator = "@" if ":" in identifier else ":"
        return f"{self.connection.registry}/{self.name}{separator}{identifier}"


def _told_digest(response: Response) -> Digest | None:
    told = response.header("Docker-Content-Digest")
    try:
        return Digest.parse(told) if told else None
    except InvalidDigest:
        return None


def _starts_at(response: Response, offset: int) -> bool:
    told = response.header("Content-Range") or f"bytes {offset}-"
    return told.replace("=", " ").startswith(f"bytes {offset}-")


def _skip(response: Response, count: int) -> None:
    while count > 0:
        data = response.read(min(count, 1 << 20))
        if not data:
            return
        count -= len(data)
