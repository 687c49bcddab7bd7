"""Uploading one blob: mounted, streamed whole, or in pieces.

Distribution specification, "Pushing blobs". The blob is opened again for every
attempt, so nothing is kept in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import Event
from typing import BinaryIO
from urllib.parse import urlencode

from adapters.http.errors import TransportError
from adapters.http.messages import CHUNK, Body, Response
from adapters.http.retries import RETRY_STATUSES, Retries, TryAgain, retry_after
from adapters.registry.authentication import Access
from adapters.registry.connection import NO_HEADERS, location_of
from adapters.registry.failures import fail
from adapters.registry.repository import NOT_FOUND, RegistryRepository
from application.errors import (
    DigestMismatch,
    RegistryError,
    RegistryUnreachable,
    Unauthorized,
)
from domain.image.descriptor import Descriptor

PIECE = 32 << 20
"""Bytes of a piece where a blob is not accepted whole."""

SMALLEST_PIECE = 1 << 20
"""Bytes of a piece at least: what nginx accepts if it was told nothing."""

CREATED = 201
ACCEPTED = 202
TOO_LARGE = 413

RANGE_REFUSED = 416
_LOST_CODES = frozenset({"DIGEST_INVALID", "SIZE_INVALID", "BLOB_UPLOAD_INVALID"})
"""What is said of an upload that has not got what was sent."""

OpenContent = Callable[[], BinaryIO]
"""Opens the blob from its start."""


class UploadStopped(Exception):
    """Another upload of the same image failed; this one gave up."""


class BlobUpload:
    """Uploads of one image to one repository. Safe to use from several threads.

    Args:
        repository: Where to.
        retries: How failed uploads are repeated.
        stopped: Set it to make running uploads raise `UploadStopped`.
        piece: Bytes of a piece where a blob is not accepted whole; smaller ones
            follow where it is not accepted either.
    """

    def __init__(
        self,
        repository: RegistryRepository,
        retries: Retries,
        stopped: Event,
        piece: int = PIECE,
    ) -> None:
        self._repository = repository
        self._retries = retries
        self._stopped = stopped
        self._piece = piece
        self._least = 1
        self._in_pieces = Event()

    def push(
        self, descriptor: Descriptor, open_content: OpenContent, mount_from: str | None
    ) -> None:
        """Make a blob present; nothing is sent if it is there already.

        Args:
            descriptor: The blob.
            open_content: Opens its bytes; not called if none need be sent.
            mount_from: Repository of the same registry that has it, or None.

        Raises:
            Unauthorized, RegistryUnreachable, RegistryError.
            DigestMismatch: The content has not the size it should have, or the
                registry has kept a part of it and takes no other.
            UploadStopped: See `stopped`.
        """
        size = self._repository.blob_size(descriptor)
        if size is None:
            location = self._mount(descriptor, mount_from) if mount_from else ""
            if location is not None:
                self._send_blob(descriptor, open_content, location)
                return
            size = self._repository.blob_size(descriptor)
        if size not in {None, descriptor.size}:
            self._send_anew(descriptor, open_content)

    def _send_anew(self, descriptor: Descriptor, open_content: OpenContent) -> None:
        """Send a blob of which the registry has a part; many then keep that part."""
        self._send_blob(descriptor, open_content, "")
        size = self._repository.blob_size(descriptor)
        if size != descriptor.size:
            raise DigestMismatch(
                f"the registry keeps {size} of the {descriptor.size} bytes of "
                f"{descriptor.digest}, and takes no other blob for it",
                place=f"{self._repository.connection.registry}/{self._repository.name}",
                hint="remove it there, or choose another --compression-level",
            )

    def _send_blob(
        self, descriptor: Descriptor, open_content: OpenContent, location: str
    ) -> None:
        """Upload a blob, to where an upload has begun unless that is ""."""
        begun = [location] if location else []
        self._retries.run(
            lambda: self._upload(
                descriptor, open_content, begun.pop() if begun else self._begin()
            )
        )

    def _mount(self, descriptor: Descriptor, source: str) -> str | None:
        """Return None if mounted, else where to upload ("" where nothing began)."""
        query = urlencode({"mount": str(descriptor.digest), "from": source})
        try:
            response = self._repository.connection.send(
                "POST",
                f"{self._repository.name}/blobs/uploads/?{query}",
                access=Access(
                    repository=self._repository.name, push=True, mounts=(source,)
                ),
                purpose=f"mount {descriptor.digest} from {source}",
            )
        except Unauthorized:
            return ""
        with response:
            if response.status == CREATED:
                return None
            return (location_of(response) or "") if response.status == ACCEPTED else ""

    def _begin(self) -> str:
        response = self._send("POST", f"{self._repository.name}/blobs/uploads/")
        least = response.header("OCI-Chunk-Min-Length") or ""
        if least.isdigit():
            self._least = max(self._least, int(least))
        return self._location(response, "POST")

    def _upload(
        self, descriptor: Descriptor, open_content: OpenContent, location: str
    ) -> None:
        if not self._in_pieces.is_set():
            end = self._send_whole(descriptor, open_content, location)
            if end is not None:
                self._finish(descriptor, end)
                return
            # Somebody on the way limits requests; the other blobs need not try.
            self._in_pieces.set()
            location = self._begin()
        end = self._send_pieces(descriptor, open_content, location)
        while end is None:
            end = self._send_pieces(descriptor, open_content, self._begin())
        self._finish(descriptor, end)

    def _send_whole(
        self, descriptor: Descriptor, open_content: OpenContent, location: str
    ) -> str | None:
        """Send all bytes in one request; None if they were too many for it."""
        body = self._body(descriptor, open_content, 0, descriptor.size)
        response = self._send("PATCH", location, body)
        if response.status == TOO_LARGE:
            response.close()
            return None
        return self._location(response, "PATCH")

    def _send_pieces(
        self, descriptor: Descriptor, open_content: OpenContent, location: str
    ) -> str | None:
        """Send all bytes in pieces; None if they have to be smaller."""
        piece = max(self._piece, self._least)
        for start in range(0, descriptor.size, piece):
            size = min(piece, descriptor.size - start)
            body = self._body(descriptor, open_content, start, size)
            content_range = {"Content-Range": f"{start}-{start + size - 1}"}
            response = self._send("PATCH", location, body, content_range)
            if response.status == TOO_LARGE and piece > self._smallest:
                response.close()
                self._piece = max(piece // 4, self._smallest)
                return None
            location = self._location(response, "PATCH")
        return location

    @property
    def _smallest(self) -> int:
        return max(SMALLEST_PIECE, self._least)

    def _finish(self, descriptor: Descriptor, location: str) -> None:
        separator = "&" if "?" in location else "?"
        query = urlencode({"digest": str(descriptor.digest)})
        response = self._send("PUT", f"{location}{separator}{query}")
        self._expect_success(response, "PUT")
        response.close()

    def _send(
        self,
        method: str,
        target: str,
        body: Body | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Response:
        extra = {"Content-Type": "application/octet-stream"} if body else {}
        try:
            return self._repository.connection.send(
                method,
                target,
                access=self._access,
                purpose="upload a blob",
                headers={**headers, **extra},
                body=body,
                # A half-sent request is repeated with a new upload, not by itself.
                retry=method == "POST",
            )
        except RegistryUnreachable as error:
            cause = error.__cause__
            if isinstance(cause, TransportError) and cause.failure.is_transient:
                raise TryAgain(error) from error
            raise

    def _location(self, response: Response, method: str) -> str:
        self._expect_success(response, method)
        with response:
            location = location_of(response)
        if location is None:
            raise RegistryError(
                f"cannot upload a blob: {method} answered without a Location",
                registry=self._repository.connection.registry,
                repository=self._repository.name,
                method=method,
                status=response.status,
            )
        return location

    def _expect_success(self, response: Response, method: str) -> None:
        if 200 <= response.status < 300:  # noqa: PLR2004 - HTTP
            return
        connection = self._repository.connection
        try:
            fail(response, connection.attempt(method, self._access, "upload a blob"))
        except RegistryError as error:
            if _may_pass(error, method):
                after = retry_after(response.header("Retry-After"))
                raise TryAgain(error, after) from error
            raise

    @property
    def _access(self) -> Access:
        return Access(repository=self._repository.name, push=True)

    def _body(
        self, descriptor: Descriptor, open_content: OpenContent, start: int, size: int
    ) -> Body:
        return Body(size, lambda: self._chunks(descriptor, open_content, start, size))

    def _chunks(
        self, descriptor: Descriptor, open_content: OpenContent, start: int, size: int
    ) -> Iterator[bytes]:
        with open_content() as stream:
            skip(stream, start)
            left = size
            while left:
                if self._stopped.is_set():
                    raise UploadStopped
                chunk = stream.read(min(CHUNK, left))
                if not chunk:
                    raise DigestMismatch(
                        f"blob {descriptor.digest} ends before its {descriptor.size} "
                        "bytes"
                    )
                left -= len(chunk)
                yield chunk


def _may_pass(error: RegistryError, method: str) -> bool:
    """Return whether a new upload may succeed."""
    if error.status in RETRY_STATUSES:
        return True
    # The registry has forgotten the upload (another instance, perhaps), or other
    # bytes have arrived than we sent.
    lost = error.status in (NOT_FOUND, RANGE_REFUSED) or error.code in _LOST_CODES
    return lost and method != "POST"


def skip(stream: BinaryIO, count: int) -> None:
    """Move a fresh stream forward, by reading where it cannot seek."""
    if stream.seekable():
        stream.seek(count)
        return
    while count > 0 and (data := stream.read(min(CHUNK, count))):
        count -= len(data)
