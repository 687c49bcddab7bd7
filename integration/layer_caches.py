"""Layer caches that tests build with, and may look into and damage."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration.executor import (
    Executor,
    Outcome,
    named_base,
    write_context,
)
from integration.forgery import manifest_of
from integration.image_comparison.comparison import load_image
from integration.services.bases import SMALL_BASES
from integration.services.registry import Registry

BUSYBOX = named_base("busybox", SMALL_BASES, "busybox")

SAME = "--reproducible"
"""For the times of what is copied."""

BESIDES = ("idx-", "why-")
"""What entries that are no steps begin with."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """A cache of a test's own, in the registry or in a folder.

    Attributes:
        executor: Runs the builds.
        registry: Where images, and a cache in a repository, are kept.
        directory: Scratch.
        name: A repository of the test's own.
        folder: The cache, where it is one of layouts.
    """

    executor: Executor
    registry: Registry
    directory: Path
    name: str
    folder: Path | None = None

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags that use the cache."""
        at = f"{self.registry.host}/{self.name}/cache"
        if self.folder is not None:
            at = f"oci:{self.folder}"
        return ("--cache", f"--cache-repo={at}", "--insecure", "--insecure-pull")

    def context(self, dockerfile: str, **files: str) -> Path:
        """Write the context, anew."""
        directory = self.directory / "context"
        shutil.rmtree(directory, ignore_errors=True)
        return write_context(directory, dockerfile, files)

    def build(self, dockerfile: str, *flags: str, **files: str) -> Outcome:
        """Build with the cache into the layout `image`."""
        context = self.context(dockerfile, **files)
        image = self.directory / "image"
        shutil.rmtree(image, ignore_errors=True)
        return self.executor.layout(context, image, BUSYBOX, *self.flags, *flags)

    def fresh(self, dockerfile: str, *flags: str, **files: str) -> Json:
        """Build without a cache, and return the manifest."""
        context = self.context(dockerfile, **files)
        image = self.directory / "fresh"
        shutil.rmtree(image, ignore_errors=True)
        self.executor.layout(context, image, BUSYBOX, *flags)
        return manifest_of(image)

    @property
    def manifest(self) -> Json:
        """The manifest of the last build."""
        return manifest_of(self.directory / "image")

    @property
    def layers(self) -> list[str]:
        """The digests of the layers of the last build."""
        return [layer["digest"] for layer in self.manifest["layers"]]

    def contents(self) -> dict[str, str | None]:
        """Return the content digests of the last image's files."""
        files = load_image(f"oci:{self.directory / 'image'}", self.directory).files
        return {path: attributes.content for path, attributes in files.items()}

    def entries(self) -> dict[str, Json]:
        """Return the entries by key."""
        if self.folder is not None:
            return {
                path.name: manifest_of(path)
                for path in self.folder.iterdir()
                if path.name[:4] not in BESIDES
            }
        tags = self.registry.get(f"/v2/{self.name}/cache/tags/list")["tags"]
        return {
            tag: self.registry.manifest(f"{self.name}/cache", tag)
            for tag in tags
            if tag[:4] not in BESIDES
        }

    def entry_of(self, layer: str) -> str:
        """Return the key under which a layer is kept."""
        [key] = [
            key
            for key, entry in self.entries().items()
            if entry["layers"][0]["digest"] == layer
        ]
        return key

    def remove(self, key: str) -> None:
        """Remove an entry, as one does who tidies up."""
        if self.folder is not None:
            shutil.rmtree(self.folder / key)
            return
        tags = f"docker/registry/v2/repositories/{self.name}/cache/_manifests/tags"
        shutil.rmtree(self.registry.storage / tags / key)

    def blob(self, digest: str, key: str) -> Path:
        """Locate a blob of an entry."""
        algorithm, _, hexadecimal = digest.partition(":")
        if self.folder is not None:
            return self.folder / key / "blobs" / algorithm / hexadecimal
        blobs = self.registry.storage / "docker/registry/v2/blobs"
        return blobs / algorithm / hexadecimal[:2] / hexadecimal / "data"


def warnings(outcome: Outcome) -> list[str]:
    return [line for line in outcome.log.splitlines() if line.startswith("WARN")]


def cached(outcome: Outcome) -> int:
    """Return how many steps were found."""
    [told] = re.findall(r"^.*Layer cache: (\d+) found", outcome.log, re.MULTILINE)
    return int(told)
