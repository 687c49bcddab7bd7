"""The cases of `integration/cases`: what to build, how, and what must come out.

Measured cases have their outcome beside them. Live ones have none: docker is asked.

It loads and unpacks; building is up to the test. The data are described in
`integration/cases/README.md`.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from integration.image_comparison.comparison import FlatImage, load_image
from integration.image_comparison.expectation import SCRATCH, Expectation
from integration.services.bases import SMALL_BASES
from integration.services.layouts import TarEntry, layer_tar

CASES = Path(__file__).parent / "cases"
BASE = "base:"
ASK_DOCKER = Expectation(
    refused=False, message="", base="", volatile=(), details={}, document={}
)
"""Stands where nothing was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleCase:
    """One case as `case.json` describes it.

    Attributes:
        name: Its folder's name.
        directory: Its folder.
        dockerfile: Path of the Dockerfile in the context.
        build_args: `NAME=VALUE` each.
        labels: `NAME=VALUE` each.
        target: Stage to build, or None.
        secrets: Id to file.
        environment: Variables of the builder's own environment.
        flags: The above as flags of `docker build`.
        images: Reference in the Dockerfile to name in the layout of bases.
        reference_offsets: Byte offsets of those references in the Dockerfile.
        named_contexts: Name of a further context to its folder in the context, or to
            a name in the layout of bases behind `base:`.
        web: None; or the case takes the sources of `web_sources` from a server, whose
            address is its build argument `WEB`: the authorization that is asked for.
        docker_output: What docker's `--output` must be for the details, but for
            the destination.
        executor_flags: What says the same to the executor.
        details: What is compared besides, as `image_comparison.details` reads it.
        expectation: What must come out; empty for a live case.
        entries: The context of a live case, but for the Dockerfile.
    """

    name: str
    directory: Path
    dockerfile: str
    build_args: tuple[str, ...]
    labels: tuple[str, ...]
    target: str | None
    secrets: Mapping[str, Path]
    environment: Mapping[str, str]
    flags: tuple[str, ...]
    images: Mapping[str, str]
    reference_offsets: tuple[int, ...]
    named_contexts: Mapping[str, str]
    web: str | None
    docker_output: str
    executor_flags: tuple[str, ...]
    details: tuple[str, ...]
    expectation: Expectation
    entries: tuple[TarEntry, ...]

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read the case in a folder."""
        data = json.loads((directory / "case.json").read_bytes())
        target = data["target"]
        return cls(
            name=data["name"],
            directory=directory,
            dockerfile=data["dockerfile"],
            build_args=tuple(data["build_args"]),
            labels=tuple(data["labels"]),
            target=None if target is None else str(target),
            secrets={key: directory / path for key, path in data["secrets"].items()},
            environment=data["env"],
            flags=tuple(data["flags"]),
            images=data["images"],
            reference_offsets=tuple(data.get("image_ref_offsets", ())),
            named_contexts=data.get("named_contexts", {}),
            web=data.get("web"),
            docker_output=data.get("docker_output", ""),
            executor_flags=tuple(data.get("executor_flags", ())),
            details=tuple(data.get("details", ())),
            expectation=Expectation.load(directory / "expected.json")
            if (directory / "expected.json").is_file()
            else ASK_DOCKER,
            entries=tuple(map(_entry, data.get("context", ()))),
        )

    def unpack_context(self, directory: Path, registry: str = "") -> Path:
        """Unpack the build context, owners, modes and times kept (needs root).

        Args:
            directory: Is made; must not exist.
            registry: `HOST:PORT` to put before the base images' references, for
                builders that cannot be told where else to find them.

        Returns:
            `directory`.
        """
        directory.mkdir(parents=True)
        command = ["tar", "-xpf", "-", "--same-owner", "--numeric-owner"]
        archive = self._context_archive()
        subprocess.run([*command, "-C", str(directory)], input=archive, check=True)
        if registry:
            path = directory / self.dockerfile
            times = path.stat()
            path.write_bytes(self._with_registry(path.read_bytes(), registry))
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        return directory

    def given(self, context: Path, web: str = "") -> list[str]:
        """Return the flags that every builder is given.

        Args:
            context: Where the context was unpacked.
            web: Address of the server, where the case needs one.
        """
        return [
            *self.flags,
            *(f"--secret=id={name},src={at}" for name, at in self.secrets.items()),
            *(
                f"--build-context={name}={context / folder}"
                for name, folder in self.named_contexts.items()
                if not folder.startswith(BASE)
            ),
            *([f"--build-arg=WEB={web}"] if web else []),
        ]

    @property
    def named_bases(self) -> dict[str, str]:
        """Names of further contexts that are images, to names in the layout."""
        return {
            name: base.removeprefix(BASE)
            for name, base in self.named_contexts.items()
            if base.startswith(BASE)
        }

    @property
    def has_run(self) -> bool:
        """Whether building it may execute a RUN, be it a trigger's."""
        dockerfile = (self.directory / "Dockerfile").read_bytes().upper()
        return b"RUN" in dockerfile or "onb" in self.images.values()

    def base(self, scratch: Path) -> FlatImage | None:
        """Return the flattened base image of the result; None for `scratch`."""
        if self.expectation.base in {SCRATCH, ""}:
            return None
        return load_image(f"oci:{SMALL_BASES}:{self.expectation.base}", scratch)

    def _context_archive(self) -> bytes:
        if (archive := self.directory / "context.tar").is_file():
            return archive.read_bytes()
        text = (self.directory / "Dockerfile").read_bytes()
        return layer_tar([*self.entries, TarEntry(name=self.dockerfile, content=text)])

    def _with_registry(self, source: bytes, registry: str) -> bytes:
        for offset in sorted(self.reference_offsets, reverse=True):
            source = source[:offset] + f"{registry}/".encode() + source[offset:]
        return source


def _entry(data: Mapping[str, Any]) -> TarEntry:
    """Read a file of a live case's context."""
    mode = data.get("mode", "0644")
    content = bytes.fromhex(data["hex"]) if "hex" in data else data.get("content", "")
    return TarEntry(
        name=data["name"],
        type=data.get("type", "file"),
        content=content if isinstance(content, bytes) else content.encode(),
        mode=int(mode, 8),
        link=data.get("link", ""),
        mtime=data.get("mtime", 1_500_000_000),
    )


def all_cases() -> list[OracleCase]:
    """Return every measured case, sorted by name."""
    return [
        OracleCase.load(path.parent) for path in sorted(CASES.glob("*/expected.json"))
    ]


def live_cases() -> list[OracleCase]:
    """Return every case whose outcome docker is asked for, sorted by name."""
    cases = map(OracleCase.load, sorted(p.parent for p in CASES.glob("*/case.json")))
    return [case for case in cases if case.expectation is ASK_DOCKER]
