"""COPY and ADD by the executor and by docker from the same sources: equal images."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.executor import Executor, named_base, write_context
from integration.image_comparison.comparison import (
    compare_images,
    load_image,
)
from integration.image_comparison.differences import report
from integration.services.bases import SMALL_BASES
from integration.services.docker import Docker
from tests.support.web_server import Answer, WebServer

LAST_MODIFIED = {"Last-Modified": "Fri, 14 Jul 2017 02:40:00 GMT"}


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    """Offer documents."""
    with WebServer() as server:
        named = {"Content-Disposition": 'attachment; filename="other"'}
        server.answers = {
            "/": [Answer(body=b"index", headers=LAST_MODIFIED)],
            "/dir/f.txt": [Answer(body=b"content", headers=LAST_MODIFIED)],
            "/a%20b": [Answer(body=b"blank", headers=LAST_MODIFIED)],
            "/named": [Answer(body=b"named", headers={**LAST_MODIFIED, **named})],
            "/moved": [Answer(status=302, headers={"Location": "/dir/f.txt"})],
            "/timeless": [Answer(body=b"x")],
            "/a.tar": [Answer(body=bytes(10240), headers=LAST_MODIFIED)],
        }
        yield server


@pytest.fixture(scope="module")
def docker_with_base(docker: Docker) -> Docker:
    """Offer docker with the image `busybox`."""
    docker.load_layout(SMALL_BASES, "busybox", "busybox:latest")
    return docker


DOWNLOADS = {
    "to a name": "ADD {url}/dir/f.txt /x",
    "into a directory": "ADD {url}/dir/f.txt?v=/1#z /new/",
    "into one that is there": "ADD {url}/dir/f.txt /etc",
    "through a symlink": "RUN ln -s /etc /lnk\nADD {url}/dir/f.txt /lnk",
    "below the working directory": "WORKDIR /w\nADD {url}/dir/f.txt sub/",
    "an escaped name": "ADD {url}/a%20b /x/",
    "the server's own name": "ADD {url}/named /x/",
    "a redirect": "ADD {url}/moved /x/",
    "no name": "ADD {url}/ /x/",
    "no time": "ADD {url}/timeless /x",
    "an archive stays packed": "ADD {url}/a.tar /x/",
    "an owner": "ADD --chown=1:2 {url}/dir/f.txt /new/x/y",
    "several": "ADD {url}/dir/f.txt {url}/timeless /x/",
    "over a file": "ADD {url}/dir/f.txt /etc/passwd",
    "words": "ARG U={url}\nENV D=/x\nADD ${{U}}/dir/f.txt ${{D}}/",
    "json": 'ADD ["{url}/dir/f.txt", "/a b"]',
}


@pytest.mark.parametrize("name", DOWNLOADS)
def test_downloads(
    name: str,
    web: WebServer,
    docker_with_base: Docker,
    executor: Executor,
    tmp_path: Path,
) -> None:
    text = f"FROM busybox\n{DOWNLOADS[name].format(url=web.url)}\n"
    context = write_context(tmp_path / "context", text)
    base = named_base("busybox", SMALL_BASES, "busybox")
    ours = executor.image(context, tmp_path, base, "--isolation=namespaces")
    docker_with_base.build(context, "sources")
    saved = docker_with_base.save("sources", tmp_path / "saved.tar")
    differences = compare_images(ours, load_image(saved, tmp_path), times=True)
    assert not differences, report(differences)
