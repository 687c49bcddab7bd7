"""Downloads of ADD in memory."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from typing import BinaryIO

from application.errors import SourceUnavailable
from application.ports.downloads import Download
from domain.build.remote_source import UrlSource
from domain.snapshot.layer_plan import StoredContent
from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryDocument:
    """What a server has at an address.

    Attributes:
        data: The content.
        mtime_ns: When it was changed last.
        authorization: Header without which it is refused, "" for everybody.
    """

    data: bytes
    mtime_ns: int = 0
    authorization: str = ""


class MemoryDownloads:
    """`Downloads` of given documents.

    Attributes:
        documents: What there is, by address.
        fetched: Addresses that were asked for, in order.
    """

    def __init__(self, documents: Mapping[str, MemoryDocument] | None = None) -> None:
        self.documents = dict(documents or {})
        self.fetched: list[str] = []
        self._contents: dict[StoredContent, bytes] = {}

    def fetch(self, url: str, origin: str, authorization: str = "") -> Download:
        """Download a document; see the port."""
        self.fetched.append(url)
        place = str(UrlSource(url=url))
        document = self.documents.get(url)
        if document is None:
            raise SourceUnavailable("the server answered 404 Not Found", place=place)
        if document.authorization not in ("", authorization):
            message = "the server answered 401 Unauthorized"
            raise SourceUnavailable(message, place=place)
        content = StoredContent(origin, str(len(self.fetched)))
        self._contents[content] = document.data
        return Download(
            content=content,
            size=len(document.data),
            sha256=hashlib.sha256(document.data).hexdigest(),
            mtime_ns=document.mtime_ns,
        )

    def open_file(self, content: StoredContent) -> BinaryIO:
        """Open a document that was downloaded; see the port."""
        return io.BytesIO(self._contents[content])
