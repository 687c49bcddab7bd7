"""The directory of warmed base images, as builds read it (docs/warmer.md).

    sha256:<hex>/                an entry: an OCI layout, ours or of kaniko's fork
    sha256:<hex>                 an entry of kaniko: a docker archive,
    sha256:<hex>.json            and its manifest
    .kanipy/indexes/sha256:<hex> an index, as the registry sent it
    .kanipy/tags/<hex>.json      what a tag stood for, and when
    .kanipy/layers/idx-<hex>/    what a layer holds, as in the layer cache

Entries are verified when they are read; an index by its digest. Nothing is written
here: `warmed_image_store` does.
"""

from __future__ import annotations

import hashlib
import json
import stat
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from adapters.storage.layout_files import read_small
from adapters.storage.warmed_layout import WarmedLayoutSource
from adapters.storage.warmed_tarball import WarmedTarballSource
from application.ports.images import ImageSource
from application.ports.warmed_images import WarmedImage, WarmedTag
from domain.errors import InvalidDigest, InvalidImage
from domain.image.digest import Digest
from domain.image.manifest import Index
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.image.selection import find_below

OWN_FOLDER = ".kanipy"
"""What is beside the entries, and other tools do not know."""

INDEXES = "indexes"
TAGS = "tags"


class WarmedImageDirectory:
    """Finds entries (implements `WarmedImages`).

    Args:
        directory: The directory, which need not exist.
        now: Returns the seconds since the epoch.
    """

    def __init__(self, directory: str, now: Callable[[], float] = time.time) -> None:
        self._root = Path(directory)
        self._own = self._root / OWN_FOLDER
        self._now = now

    @property
    def place(self) -> str:
        """The path."""
        return str(self._root)

    def find(self, digest: Digest, platform: Platform) -> WarmedImage | None:
        """Return an entry; see the port."""
        return find_below(digest, platform, self._entry, self._index)

    def find_tag(self, reference: Reference, platform: Platform) -> WarmedTag | None:
        """Return what a tag stood for; see the port."""
        try:
            fields = json.loads(read_small(self._tag_path(reference, platform)))
            if fields["reference"] != reference.canonical:
                return None
            return WarmedTag(
                digest=Digest.parse(fields["digest"]),
                age=self._age(float(fields["resolved"])),
            )
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            return None
        except (InvalidDigest, OverflowError, RecursionError):
            return None

    def _entry(self, digest: Digest) -> WarmedImage | None:
        path = self._entry_path(digest)
        try:
            found = path.stat()
        except OSError:
            return None
        source: ImageSource
        if stat.S_ISDIR(found.st_mode):
            source = WarmedLayoutSource(path, digest)
        elif stat.S_ISREG(found.st_mode):
            source = WarmedTarballSource(path, digest)
        else:
            return None
        age = self._age(found.st_mtime)
        return WarmedImage(digest=digest, age=age, source=source)

    def _index(self, digest: Digest) -> Index | None:
        try:
            raw = read_small(self._index_path(digest))
            return Index.parse(raw) if digest.matches(raw) else None
        except (OSError, InvalidImage):
            return None

    def _age(self, since: float) -> timedelta:
        return timedelta(seconds=self._now() - since)

    def _entry_path(self, digest: Digest) -> Path:
        return self._root / str(digest)

    def _index_path(self, digest: Digest) -> Path:
        return self._own / INDEXES / str(digest)

    def _tag_path(self, reference: Reference, platform: Platform) -> Path:
        """Return where a tag is recorded: names of images are no file names."""
        text = f"{reference.canonical} {platform}"
        name = hashlib.sha256(text.encode()).hexdigest()
        return self._own / TAGS / f"{name}.json"
