"""Object stores that break off, refuse for a while, or change what they have.

A web server plays the store, because real ones do not break when asked to.
"""

import hashlib
import json
import random
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from integration.executor import Executor, Outcome
from integration.image_comparison.comparison import load_image
from integration.services.object_stores import AZURE_ACCOUNT, AZURE_KEY
from integration.stopping import begun, stop
from tests.support.images import make_tar
from tests.support.web_server import Answer, WebServer

PART = 8 << 20
PATH = "/contexts/a.tar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A store as a client sees it.

    Attributes:
        address: Address of the object.
        path: Path that its bytes are asked for at.
        match: Header or parameter that names the version of the object.
        variables: Variables that lead a client to a server.
    """

    address: str
    path: str
    match: str
    variables: Callable[[str], dict[str, str]] = field(repr=False)


STORES = {
    "s3": Store(
        address="s3://contexts/a.tar",
        path=PATH,
        match="If-Match",
        variables=lambda url: {
            "S3_ENDPOINT": url,
            "S3_FORCE_PATH_STYLE": "true",
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
        },
    ),
    "gcs": Store(
        address="gs://contexts/a.tar",
        path="/download/storage/v1/b/contexts/o/a.tar",
        match="ifGenerationMatch=7",
        variables=lambda url: {"STORAGE_EMULATOR_HOST": url},
    ),
    "azure": Store(
        address=f"https://{AZURE_ACCOUNT}.blob.core.windows.net{PATH}",
        path=f"/{AZURE_ACCOUNT}{PATH}",
        match="If-Match",
        variables=lambda url: {
            "AZURE_STORAGE_BLOB_ENDPOINT": f"{url}/{AZURE_ACCOUNT}",
            "AZURE_STORAGE_ACCESS_KEY": AZURE_KEY,
        },
    ),
}


def archive() -> bytes:
    """Return an archive of three parts."""
    files = {"Dockerfile": b"FROM scratch\nCOPY large /\n"}
    return make_tar({**files, "large": random.Random(1).randbytes(2 * PART)})


DATA = archive()


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest) -> Store:
    """Offer each of the stores."""
    return STORES[request.param]


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Run a server that has the metadata of the object."""
    with WebServer() as server:
        known = {"name": "a.tar", "size": str(len(DATA)), "generation": "7"}
        server.answers["/storage/v1/b/contexts/o/a.tar"] = [
            Answer(
                body=json.dumps(known).encode(),
                headers={"Content-Type": "application/json"},
            )
        ]
        yield server


def part(number: int, cut_after: int | None = None) -> Answer:
    """Return the answer with a part."""
    start = number * PART
    body = DATA[start : start + PART]
    place = f"bytes {start}-{start + len(body) - 1}/{len(DATA)}"
    headers = {
        "Content-Range": place,
        "ETag": '"v7"',
        "Last-Modified": "Fri, 14 Jul 2017 02:40:00 GMT",
        "x-ms-blob-type": "BlockBlob",
        "x-ms-version": "2021-01-01",
    }
    return Answer(status=206, body=body, headers=headers, cut_after=cut_after)


def build(store: Store, web: WebServer, place: Path, *flags: str) -> Outcome:
    return Executor(work=place / "work").run(
        store.address, "--no-push", *flags, environment=store.variables(web.url)
    )


def test_a_part_that_breaks_or_is_refused_is_asked_for_again(
    store: Store, web: WebServer, tmp_path: Path
) -> None:
    web.answers[store.path] = [
        Answer(status=503),
        part(0),
        part(1, cut_after=PART // 2),
        part(1),
        part(2),
    ]
    layout = tmp_path / "image"
    build(store, web, tmp_path, f"--oci-layout-path={layout}").check()
    image = load_image(f"oci:{layout}", tmp_path)
    expected = hashlib.sha256(random.Random(1).randbytes(2 * PART)).hexdigest()
    assert expected in str(image.files["large"].content)
    asked = [each for each in web.asked if each.target.startswith(store.path)]
    later = asked[-1]
    assert store.match in later.target or later.headers.get(store.match) == '"v7"', (
        later
    )


def test_an_object_that_changes_meanwhile_builds_nothing(
    store: Store, web: WebServer, tmp_path: Path
) -> None:
    web.answers[store.path] = [part(0), Answer(status=412)]
    outcome = build(store, web, tmp_path, f"--tar-path={tmp_path / 'image'}")
    assert outcome.status == 1
    assert "changed while it was fetched" in outcome.error
    assert "again" in outcome.hint
    assert not (tmp_path / "image").exists()


def test_a_store_that_always_breaks_off_builds_nothing(
    store: Store, web: WebServer, tmp_path: Path
) -> None:
    web.answers[store.path] = [part(0), part(1, cut_after=5)]
    outcome = build(store, web, tmp_path, f"--tar-path={tmp_path / 'image'}")
    assert outcome.status == 1
    assert "cannot be fetched: the connection broke" in outcome.error
    assert not (tmp_path / "image").exists()


def test_a_store_that_cannot_be_reached_is_not_asked_again(
    store: Store, tmp_path: Path
) -> None:
    outcome = Executor(work=tmp_path / "work").run(
        store.address,
        *("--no-push", "--verbosity=trace"),
        environment=store.variables("http://127.0.0.1:1"),
    )
    assert "cannot be fetched: the connection was refused" in outcome.error
    assert "network" in outcome.hint
    assert "trying again" not in outcome.log


@pytest.mark.parametrize("kind", [*sorted(STORES), "git"])
def test_a_build_that_is_stopped_while_it_fetches_leaves_nothing(
    tmp_path: Path, kind: str
) -> None:
    with WebServer() as web:
        web.hangs.set()
        if kind == "git":
            context, variables = f"git://{web.host}/r", {"GIT_PULL_METHOD": "http"}
        else:
            context, variables = STORES[kind].address, STORES[kind].variables(web.url)
        executor = Executor(work=tmp_path / "work")
        command = executor.command(context, "--no-push")
        process = begun(command, lambda: bool(web.asked), variables)
        stop(process, signal.SIGTERM)
        web.hangs.clear()
    assert list(executor.work.iterdir()) == []
