"""An oracle's measured outcome: `expected.json` beside a case.

It turns the recorded differences from a base image into a whole image that ours can
be compared with.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from integration.image_comparison.attributes import Attributes
from integration.image_comparison.comparison import (
    Exceptions,
    FlatImage,
    compare_images,
)
from integration.image_comparison.configuration import normal_fields
from integration.image_comparison.differences import Difference

SCRATCH = "scratch"
SCRATCH_FILES = {"": Attributes(type="dir", mode="0755", owner="0:0", xattrs={})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a build must come to.

    Attributes:
        refused: The build must fail and push nothing; nothing else is set then.
        message: The oracle's own last line of a refused build; not compared.
        base: Name of the base image in the layout of bases, or `scratch`.
        volatile: Paths whose content differs from run to run.
        details: Further things that must be so, as `details` reads them.
        document: The whole `expected.json`.
    """

    refused: bool
    message: str
    base: str
    volatile: tuple[str, ...]
    details: Mapping[str, Any]
    document: Mapping[str, Any]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read an `expected.json`."""
        document = json.loads(path.read_bytes())
        return cls(
            refused=document["status"] == "refused",
            message=document.get("message", ""),
            base=document.get("filesystem", {}).get("base", ""),
            volatile=tuple(document.get("volatile", ())),
            details=document.get("details", {}),
            document=document,
        )

    def image(self, base: FlatImage | None) -> FlatImage:
        """Return the whole image that is expected.

        Args:
            base: The flattened base image; None for `scratch`.

        Raises:
            ValueError: The build is expected to be refused, or `base` is not the
                one that the expectation was measured on.
        """
        if self.refused or (base is None) != (self.base == SCRATCH):
            raise ValueError(f"nothing to expect relative to {self.base!r}")
        recorded = self.document["filesystem"]
        files = dict(base.files if base is not None else SCRATCH_FILES)
        for path in recorded["removed"]:
            del files[path]
        for path, data in {**recorded["added"], **recorded["changed"]}.items():
            files[path] = Attributes.from_json(data)
        return FlatImage(files=files, fields=normal_fields(self.document["config"]))

    def compare(
        self, image: FlatImage, base: FlatImage | None, *, times: bool = False
    ) -> list[Difference]:
        """Return every difference between an image and this expectation."""
        return compare_images(
            image,
            self.image(base),
            exceptions=Exceptions(content=self.volatile),
            times=times,
        )
