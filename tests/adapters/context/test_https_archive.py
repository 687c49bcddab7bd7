"""Archives behind addresses: what breaks goes on, what changed is not mixed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.context.https_archive import HttpsArchive
from adapters.context.ranges import Part, RangedArchive
from adapters.http.client import HttpClient
from adapters.http.retries import Retries, TryAgain
from application.errors import ContextUnavailable
from tests.support.web_server import Answer, WebServer

DATA = bytes(range(256)) * 9000
TAG = {"ETag": '"one"'}
CUT = 1_500_000


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as running:
        yield running


def archive(server: WebServer, path: str = "/a.tgz") -> HttpsArchive:
    retries = Retries(sleep=lambda _: None)
    return HttpsArchive(f"{server.url}{path}", HttpClient(), retries)


def fetched(server: WebServer) -> bytes:
    return b"".join(archive(server).chunks())


def rest(start: int, tag: dict[str, str]) -> Answer:
    place = {"Content-Range": f"bytes {start}-{len(DATA) - 1}/{len(DATA)}"}
    return Answer(status=206, body=DATA[start:], headers={**place, **tag})


def asked_ranges(server: WebServer) -> list[str | None]:
    return [asked.headers.get("Range") for asked in server.asked]


def test_a_transfer_that_breaks_goes_on(server: WebServer) -> None:
    first = Answer(body=DATA, cut_after=1 << 20, headers=TAG)
    server.answers["/a.tgz"] = [first, rest(1 << 20, TAG)]
    assert fetched(server) == DATA
    assert asked_ranges(server) == [None, f"bytes={1 << 20}-"]
    assert server.asked[1].headers["If-Range"] == '"one"'


def test_a_server_without_ranges_is_read_again_to_the_same_place(
    server: WebServer,
) -> None:
    server.answers["/a.tgz"] = [Answer(body=DATA, cut_after=CUT), Answer(body=DATA)]
    assert fetched(server) == DATA


@pytest.mark.parametrize(
    "second",
    [
        Answer(body=b"x" * len(DATA), headers={"ETag": '"two"'}),
        rest(1 << 20, {"ETag": '"two"'}),
        rest(5, TAG),
    ],
)
def test_an_archive_that_changed_meanwhile_is_not_mixed(
    server: WebServer, second: Answer
) -> None:
    first = Answer(body=DATA, cut_after=1 << 20, headers=TAG)
    server.answers["/a.tgz"] = [first, second]
    with pytest.raises(ContextUnavailable, match="changed while it was fetched"):
        fetched(server)


def test_an_answer_that_may_pass_is_asked_for_again(server: WebServer) -> None:
    server.answers["/a.tgz"] = [Answer(status=503), Answer(body=DATA)]
    assert fetched(server) == DATA


def test_what_breaks_each_time_fails(server: WebServer) -> None:
    server.answers["/a.tgz"] = [Answer(body=DATA, cut_after=0)]
    with pytest.raises(ContextUnavailable, match="the connection broke"):
        fetched(server)
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("status", "what", "hint"),
    [
        (404, "404 Not Found", "expired"),
        (401, "401 Unauthorized", "USER:PASSWORD@HOST"),
        (403, "403 Forbidden", "USER:PASSWORD@HOST"),
        (503, "503 Service Unavailable", "later"),
    ],
)
def test_a_refusal_says_the_status_and_no_secret(
    server: WebServer, status: int, what: str, hint: str
) -> None:
    server.answers["/a.tgz"] = [Answer(status=status)]
    with pytest.raises(ContextUnavailable, match=what) as caught:
        list(archive(server, "/a.tgz?sig=s3cr3t").chunks())
    assert "s3cr3t" not in f"{caught.value}{caught.value.hint}"
    assert hint in (caught.value.hint or "")


class Parts:
    """An object that fails once for each part."""

    def __init__(self, data: bytes, sent: int | None = None) -> None:
        self.asked: list[tuple[int, str]] = []
        self._data = data
        self._sent = len(data) if sent is None else sent

    def fetch(self, start: int, length: int, version: str) -> Part:
        self.asked.append((start, version))
        if self.asked.count((start, version)) == 1:
            raise TryAgain(ContextUnavailable("broken"))
        end = min(start + length, self._sent)
        return Part(self._data[start:end], len(self._data), "v")


def test_a_part_that_fails_is_asked_for_again() -> None:
    data = DATA * 5
    parts = Parts(data)
    made = RangedArchive("x", parts.fetch, Retries(sleep=lambda _: None))
    assert b"".join(made.chunks()) == data
    assert parts.asked == [(0, ""), (0, ""), (8 << 20, "v"), (8 << 20, "v")]


def test_an_object_that_ends_early_fails() -> None:
    parts = Parts(DATA * 5, sent=9 << 20)
    made = RangedArchive("x", parts.fetch, Retries(sleep=lambda _: None))
    with pytest.raises(ContextUnavailable, match=r"ends after 9437184 of \d+ bytes"):
        list(made.chunks())
