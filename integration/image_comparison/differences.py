"""What can differ between two images, as rows that a test or a person can read.

It holds results only; the comparing is done in `comparison` and `soundness`.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Difference(NamedTuple):
    """One difference between an image and what it should be.

    Attributes:
        kind: `missing`, `extra`, one of the attributes (`type`, `mode`, `owner`,
            `size`, `content`, `target`, `device`, `hardlink`, `xattrs`, `mtime`),
            `config`, or `soundness` for an image that contradicts itself.
        where: The path, or the field of the configuration, or the document.
        ours: Value in the image under test; None where there is none.
        theirs: Value that it should have; None where there should be none.
    """

    kind: str
    where: str
    ours: object
    theirs: object

    def __str__(self) -> str:
        """Render one line: kind, place and both values."""
        return f"{self.kind} {self.where}: {self.ours!r}, should be {self.theirs!r}"


def report(differences: Iterable[Difference]) -> str:
    """Render differences one per line, for an assertion's message."""
    return "\n".join(str(difference) for difference in differences)
