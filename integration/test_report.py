"""The report of a build: its numbers are those of the image that was written."""

import json
import re
from html import unescape
from pathlib import Path

from integration.executor import Executor, named_base, write_context
from integration.services.bases import SMALL_BASES

DOCKERFILE = """
FROM busybox AS tools
RUN dd if=/dev/urandom of=/tool bs=1024 count=700 2>/dev/null
FROM busybox AS libs
RUN mkdir /libs && dd if=/dev/urandom of=/libs/one.so bs=1024 count=300 2>/dev/null
FROM libs AS tests
RUN echo tested > /libs/tested
FROM scratch AS assets
COPY file "/srv/<b> & c.txt"
FROM busybox
ENV GREETING="<hello> & you"
COPY --from=tools /tool /usr/bin/tool
COPY --from=tests /libs /usr/lib/app
COPY --from=assets /srv /srv
CMD ["tool"]
"""
FILES = {"file": "content\n" * 1000}


def facts(page: str) -> str:
    """Return the text of a page, tags gone."""
    return unescape(re.sub(r"<[^>]+>", "\n", page))


def test_every_number_is_the_images(executor: Executor, tmp_path: Path) -> None:
    context = write_context(tmp_path / "context", DOCKERFILE, FILES)
    layout, page = tmp_path / "layout", tmp_path / "report.html"
    executor.run(
        context,
        named_base("busybox", SMALL_BASES, "busybox"),
        *("--no-push", f"--oci-layout-path={layout}", f"--report={page}"),
    ).check()
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    blobs = layout / "blobs" / "sha256"
    manifest = json.loads((blobs / entry["digest"].removeprefix("sha256:")).read_text())
    config_digest = manifest["config"]["digest"]
    config = json.loads((blobs / config_digest.removeprefix("sha256:")).read_text())

    text = facts(page.read_text(encoding="utf-8"))
    assert f"\n{entry['digest']}\n" in text
    assert f"\n{config_digest}\n" in text
    sizes = [layer["size"] for layer in manifest["layers"]]
    assert len(sizes) == 4
    total = f"{sum(sizes):,} bytes"
    assert total in text
    of_layers = text.partition("\nLayers\n")[2].partition("\nConfig\n")[0]
    shown = re.findall(
        r"^\d\S* [kM]?B(?: \(([\d,]+) bytes\))?$", of_layers, flags=re.MULTILINE
    )
    exact = [int(each.replace(",", "")) for each in shown if each]
    assert set(sizes) - {size for size in sizes if size < 1000} <= set(exact)
    for layer in manifest["layers"]:
        assert f"\n{layer['digest']}\n" in of_layers
    assert "/usr/bin/tool" in of_layers
    assert f"{700 * 1024:,} bytes" in of_layers
    assert json.loads(text.partition("\nJSON\n")[2].strip()) == config
    for instruction in DOCKERFILE.strip().splitlines():
        if not instruction.startswith("FROM"):
            assert instruction in text
