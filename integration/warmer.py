"""The warmer as the tests run it, and a registry that can be stopped.

What a build makes of the warmed images is for the tests.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.executor import ENVIRONMENT, Executor, Outcome, write_context
from integration.services.layouts import TarEntry, layer_tar, write_layout
from integration.services.registry import Account, Registry, running_registry

COMMAND = (sys.executable, "-I", "-m", "entrypoints.warmer")
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
PATH = "PATH=/bin:/usr/bin:/sbin:/usr/sbin"
LAYERS = (
    layer_tar([TarEntry(name="etc/first", content=b"first" * 5000)]),
    layer_tar([TarEntry(name="srv/second", content=b"second" * 5000)]),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmth:
    """A registry with the image `base`, a directory of warmed images, builds.

    Attributes:
        registry: The registry.
        servers: Closing it stops the registry.
        cache: The directory; made by the warmer.
        scratch: Where builds put their files.
    """

    registry: Registry
    servers: ExitStack
    cache: Path
    scratch: Path

    @property
    def name(self) -> str:
        """The image's repository in the registry, without tag."""
        return f"{self.registry.host}/team/base"

    @property
    def tag(self) -> str:
        """The image by its tag."""
        return f"{self.name}:latest"

    @property
    def digest(self) -> str:
        """Digest of the image's manifest."""
        return self.digest_of("team/base", "latest")

    @property
    def entry(self) -> Path:
        """The entry of the image."""
        (path,) = self.cache.glob("sha256:*")
        return path

    @property
    def requests(self) -> list[str]:
        """What was asked of the registry: method and path, without pings."""
        found = re.findall(
            r'"([A-Z]+) (/v2/\S+) HTTP/1\.[01]"', self.registry.log.read_text()
        )
        return [" ".join(each) for each in found]

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags by which a build uses the directory, and keeps no steps."""
        steps = f"--cache-repo=oci:{self.scratch / 'steps'}"
        return ("--cache", "--no-push-cache", steps, f"--cache-dir={self.cache}")

    def digest_of(self, repository: str, reference: str) -> str:
        """Return the digest the registry tells for a tag."""
        url = f"http://{self.registry.host}/v2/{repository}/manifests/{reference}"
        request = urllib.request.Request(url, method="HEAD")
        request.add_header("Accept", f"{INDEX}, {MANIFEST}")
        with urllib.request.urlopen(request) as answer:
            return str(answer.headers["Docker-Content-Digest"])

    def put_index(self, tag: str, images: Mapping[str, str]) -> str:
        """Make an index in the image's repository and return its digest.

        Args:
            tag: Its tag.
            images: Tag of the image by architecture.
        """
        entries = []
        for architecture, name in images.items():
            digest = self.digest_of("team/base", name)
            url = f"http://{self.registry.host}/v2/team/base/manifests/{digest}"
            request = urllib.request.Request(url, headers={"Accept": MANIFEST})
            with urllib.request.urlopen(request) as answer:
                size = len(answer.read())
            platform = {"os": "linux", "architecture": architecture}
            entries.append(
                {
                    "mediaType": MANIFEST,
                    "digest": digest,
                    "size": size,
                    "platform": platform,
                }
            )
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        url = f"http://{self.registry.host}/v2/team/base/manifests/{tag}"
        request = urllib.request.Request(
            url,
            method="PUT",
            data=json.dumps(document).encode(),
            headers={"Content-Type": INDEX},
        )
        with urllib.request.urlopen(request) as answer:
            return str(answer.headers["Docker-Content-Digest"])

    def stop(self) -> None:
        """Stop the registry."""
        self.servers.close()

    def warm(
        self, *flags: str | Path, environment: Mapping[str, str] | None = None
    ) -> Outcome:
        """Run the warmer on the directory."""
        done = subprocess.run(
            self.command(*flags),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env={**ENVIRONMENT, **(environment or {})},
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Outcome(status=done.returncode, output=done.stdout, log=done.stderr)

    def command(self, *flags: str | Path) -> list[str]:
        """Return the words that run the warmer."""
        ours = (f"--cache-dir={self.cache}", "--log-format=text")
        return [*COMMAND, *ours, *map(str, flags)]

    def build(self, base: str, *flags: str | Path) -> tuple[str, str]:
        """Build on a base with the directory; return the image's digest and the log."""
        return self.plain_build(base, *self.flags, *flags)

    def plain_build(self, base: str, *flags: str | Path) -> tuple[str, str]:
        """Build on a base; return the image's digest and the log."""
        done = self.try_build(base, *flags).check()
        digest = (self.scratch / "digest").read_text()
        assert digest.startswith("sha256:")
        return digest, done.log

    def try_build(self, base: str, *flags: str | Path) -> Outcome:
        """Build on a base, be it a success or a failure.

        Layers of the base are read for a COPY, and written out.
        """
        dockerfile = (
            f"FROM {base} AS one\nFROM {base}\n"
            "COPY --from=one /etc/first /copied\nCOPY f /srv/f\n"
        )
        context = write_context(self.scratch / "context", dockerfile, {"f": "content"})
        (self.scratch / "digest").unlink(missing_ok=True)
        shutil.rmtree(self.scratch / "image", ignore_errors=True)
        return Executor(work=self.scratch / "work").run(
            context,
            "--no-push",
            "--reproducible",
            f"--digest-file={self.scratch / 'digest'}",
            f"--oci-layout-path={self.scratch / 'image'}",
            *flags,
        )


@contextmanager
def warmth(scratch: Path, account: Account | None = None) -> Iterator[Warmth]:
    """Run a registry with the image `base` until the block ends, or it is stopped.

    Args:
        scratch: An empty directory.
        account: What the registry asks for.
    """
    layout = write_layout(scratch / "layout", "base", LAYERS, {"Env": [PATH]})
    with ExitStack() as servers:
        registry = servers.enter_context(
            running_registry(scratch / "registry", account=account)
        )
        registry.push_layout(layout, "base", "team/base")
        yield Warmth(
            registry=registry,
            servers=servers,
            cache=scratch / "cache",
            scratch=scratch,
        )
