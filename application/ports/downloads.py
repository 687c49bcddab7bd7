"""Port: files that ADD takes from an address."""

from __future__ import annotations

from typing import BinaryIO, Protocol

from domain.snapshot.layer_plan import StoredContent
from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file that was downloaded.

    Attributes:
        content: Where it can be opened.
        size: Bytes.
        sha256: Lower-case hex digest of its content, taken while it came in.
        mtime_ns: When the server says it was changed last, 0 where it does not.
    """

    content: StoredContent
    size: int
    sha256: str
    mtime_ns: int


class Downloads(Protocol):
    """Downloads files into the work directory, one stream at a time."""

    def fetch(self, url: str, origin: str, authorization: str = "") -> Download:
        """Download a file, redirects followed, transient failures tried again.

        Not idempotent: each call asks the server. Nothing is kept of a download
        that fails.

        Args:
            url: An address of http or https; a password in it is sent to its host
                and to no other, and is in no message.
            origin: Name its content gets in `StoredContent.origin`.
            authorization: Value of the header Authorization, sent and kept secret
                like a password in the address; "" for none.

        Raises:
            SourceUnavailable: No answer, or another one than the file.
            FilesystemError: No space left.
        """

    def open_file(self, content: StoredContent) -> BinaryIO:
        """Open a file that was downloaded; the caller closes it."""
