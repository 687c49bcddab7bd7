"""What every `Downloads` does."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.downloads.http_downloads import HttpDownloads
from adapters.http.client import HttpClient
from adapters.http.retries import Retries, RetryPolicy
from adapters.memory.downloads import MemoryDocument, MemoryDownloads
from application.errors import SourceUnavailable
from application.ports.downloads import Download, Downloads
from tests.support.web_server import Answer, WebServer

CHANGED = 1_500_000_000
LAST_MODIFIED = "Fri, 14 Jul 2017 02:40:00 GMT"


class Place:
    """A server with one document and a refused one."""

    def __init__(self, downloads: Downloads, url: str) -> None:
        self.downloads = downloads
        self.url = url

    def fetch(self, path: str, **more: str) -> Download:
        return self.downloads.fetch(f"{self.url}{path}", "download:1", **more)


def _memory() -> Place:
    url = "http://host"
    documents = {
        f"{url}/f?x=1": MemoryDocument(data=b"content", mtime_ns=CHANGED * 10**9),
        f"{url}/timeless": MemoryDocument(data=b""),
        f"{url}/private": MemoryDocument(data=b"p", authorization="Bearer t"),
    }
    return Place(MemoryDownloads(documents), url)


def _answers() -> dict[str, list[Answer]]:
    return {
        "/f": [Answer(body=b"content", headers={"Last-Modified": LAST_MODIFIED})],
        "/timeless": [Answer()],
    }


Make = Callable[[], Place]


@pytest.fixture(params=["memory", "http"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "memory":
        yield _memory()
        return
    retries = Retries(RetryPolicy(attempts=1))
    with WebServer() as server, HttpClient(retries=retries) as client:
        server.answers = _answers()
        yield Place(HttpDownloads(client, retries, tmp_path), server.url)


def test_a_file_comes_with_size_digest_and_time(place: Place) -> None:
    download = place.fetch("/f?x=1")
    assert download.size == 7
    assert download.sha256 == hashlib.sha256(b"content").hexdigest()
    assert download.mtime_ns == CHANGED * 10**9
    with place.downloads.open_file(download.content) as stream:
        assert stream.read() == b"content"


def test_the_content_has_the_origin_that_was_given(place: Place) -> None:
    assert place.fetch("/f?x=1").content.origin == "download:1"


def test_without_a_date_the_time_is_the_epoch(place: Place) -> None:
    download = place.fetch("/timeless")
    assert (download.mtime_ns, download.size) == (0, 0)


def test_two_downloads_stay_apart(place: Place) -> None:
    first, second = place.fetch("/f?x=1"), place.fetch("/timeless")
    assert first.content != second.content
    with place.downloads.open_file(first.content) as stream:
        assert stream.read() == b"content"


def test_what_is_not_there_is_an_error_with_its_address(place: Place) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        place.fetch("/no?token=secret")
    assert caught.value.message == "the server answered 404 Not Found"
    assert caught.value.place is not None
    assert caught.value.place.startswith(f"{place.url}/no")
    assert "secret" not in str(caught.value)
