"""A large blob to a registry and back, beside curl with the same blob.

Ours is what builds do: the digest is taken of what comes in, and the bytes go to a
file. curl verifies nothing.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from adapters.http.client import HttpClient
from adapters.http.retries import Retries
from adapters.memory.credentials import MemoryCredentials
from adapters.registry.connection import RegistryConnections
from adapters.registry.destination import RegistryImageDestination
from adapters.registry.source import RegistryImageSource
from adapters.storage.layer_spool import LayerSpool
from domain.image.media_type import Compression
from domain.image.reference import Reference
from integration.services.registry import running_registry
from tests.support.clocks import KeepingClock
from tests.support.images import AMD64, SmallImage, make_image

SIZE = 1 << 30
TRANSFERS = ("transfer-push", "transfer-pull")

Transfers = dict[str, dict[str, float]]
"""Seconds of `kanipy` and `curl` by the name of a transfer."""


def transfers(directory: Path, rounds: int, size: int = SIZE) -> Transfers:
    """Return the median seconds of a push and a pull, ours and curl's.

    Args:
        directory: An empty directory for registry and blobs.
        rounds: How often; who begins changes.
        size: Bytes of the blob.
    """
    image = make_image(os.urandom(size), compression=Compression.NONE)
    (digest,) = image.layers
    blob = directory / "blob"
    blob.write_bytes(image.layers[digest])
    taken: dict[str, dict[str, list[float]]] = {
        name: {"kanipy": [], "curl": []} for name in TRANSFERS
    }
    with running_registry(directory / "registry") as registry:
        bench = _Bench(registry.host, directory, image, blob)
        for number in range(rounds):
            for name, pair in bench.pairs(number).items():
                # who begins changes with each round
                for who in sorted(pair, reverse=number % 2 == 0):
                    taken[name][who].append(_seconds(pair[who]))
    return {
        name: {who: statistics.median(seconds) for who, seconds in pair.items()}
        for name, pair in taken.items()
    }


def _seconds(action: Callable[[], None]) -> float:
    subprocess.run(["sync"], check=True)
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class _Bench:
    """A registry, and the blob as ours and as curl want it."""

    host: str
    directory: Path
    image: SmallImage
    blob: Path

    def pairs(self, number: int) -> dict[str, dict[str, Callable[[], None]]]:
        """Return what is measured in a round; repositories are new in each."""
        (digest,) = map(str, self.image.layers)
        host, ours = self.host, f"ours{number}"
        return {
            "transfer-push": {
                "kanipy": partial(_push, host, ours, self.image),
                "curl": partial(_curl_push, host, f"curl{number}", self.blob, digest),
            },
            "transfer-pull": {
                "kanipy": partial(_pull, host, ours, self.directory),
                "curl": partial(_curl_pull, host, ours, digest, self.directory),
            },
        }


def transfer_lines(found: Transfers, size: int = SIZE) -> list[str]:
    """Return what is to be said about them: throughput, ours by curl's."""
    lines = [
        f"a blob of {size >> 20} MiB on loopback, throughput and its ratio to curl"
    ]
    for name, seconds in found.items():
        ours, theirs = (size / 1e6 / seconds[who] for who in ("kanipy", "curl"))
        lines.append(
            f"  {name:<14} {ours:.0f} MB/s, curl {theirs:.0f} MB/s: "
            f"{ours / theirs:.2f} times curl's"
        )
    return lines


def _connections(http: HttpClient) -> RegistryConnections:
    return RegistryConnections(http, MemoryCredentials())


def _push(host: str, repository: str, image: SmallImage) -> None:
    with HttpClient() as http:
        reference = Reference.parse(f"{host}/{repository}:1")
        destination = RegistryImageDestination(reference, _connections(http))
        destination.publish(image.built, image.open_layer)


def _pull(host: str, repository: str, directory: Path) -> None:
    spool = directory / "spool"
    with HttpClient() as http:
        source = RegistryImageSource(_connections(http), Retries())
        image = source.resolve(Reference.parse(f"{host}/{repository}:1"), AMD64)
        LayerSpool(str(spool), KeepingClock()).fetch(
            image.manifest.layers[0],
            lambda layer, offset: source.open_blob(image, layer, offset),
        )
    shutil.rmtree(spool)


def _curl_push(host: str, repository: str, blob: Path, digest: str) -> None:
    begin = f"http://{host}/v2/{repository}/blobs/uploads/"
    answer = _curl("-X", "POST", "-D", "-", "-o", os.devnull, begin)
    location = next(
        line.partition(":")[2].strip()
        for line in answer.splitlines()
        if line.lower().startswith("location:")
    )
    _curl("-X", "PUT", "-T", str(blob), f"{location}&digest={digest}")


def _curl_pull(host: str, repository: str, digest: str, directory: Path) -> None:
    target = directory / "pulled"
    _curl("-o", str(target), f"http://{host}/v2/{repository}/blobs/{digest}")
    target.unlink()


def _curl(*words: str) -> str:
    command = ["curl", "--silent", "--show-error", "--fail", "--noproxy", "*"]
    kind = ("-H", "Content-Type: application/octet-stream")
    done = subprocess.run([*command, *kind, *words], check=True, capture_output=True)
    return done.stdout.decode()
