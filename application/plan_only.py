"""What stands in the place of ports while a build is only planned.

Nothing is fetched, written or unpacked: each says what would have to be, for
`PlanStage` to tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO, NoReturn

from application.errors import NotKnown
from application.ports.filesystem import RootFilesystem
from application.ports.layers import OpenBlob, OpenContent, WrittenLayer
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.snapshot.index import LayerIndex
from domain.snapshot.layer_plan import LayerPlan, StoredContent

UNREAD_LAYERS = "layers that are not downloaded"
"""Why something is not known that an index of a layer would tell."""


class UnreadLayers:
    """Layers that stay where they are (implements `LayerStore`)."""

    def write(
        self, plan: LayerPlan, open_content: OpenContent, *, is_interim: bool = False
    ) -> WrittenLayer:
        """Refuse."""
        del plan, open_content, is_interim
        raise NotKnown(UNREAD_LAYERS)

    def fetch(self, descriptor: Descriptor, open_blob: OpenBlob) -> None:
        """Refuse."""
        del descriptor, open_blob
        raise NotKnown(UNREAD_LAYERS)

    def index(self, descriptor: Descriptor, diff_id: Digest) -> LayerIndex:
        """Refuse."""
        del descriptor, diff_id
        raise NotKnown(UNREAD_LAYERS)

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """Refuse."""
        del descriptor
        raise NotKnown(UNREAD_LAYERS)

    def extract(
        self, descriptor: Descriptor, paths: Iterable[str], origin: str
    ) -> None:
        """Refuse."""
        del descriptor, paths, origin
        raise NotKnown(UNREAD_LAYERS)

    def open_file(self, content: StoredContent) -> BinaryIO:
        """Refuse."""
        del content
        raise NotKnown(UNREAD_LAYERS)


class NoRoots:
    """Makes no root (implements `RootFilesystems`)."""

    @property
    def exclusive(self) -> bool:
        """Whether roots take turns: there are none."""
        return False

    def create(self, name: str) -> RootFilesystem:
        """Refuse."""
        raise NotKnown(f"the root file system {name}")

    def close(self) -> None:
        """Do nothing."""


def nothing_fetched() -> NoReturn:
    """Refuse to fetch what an ADD names."""
    message = "what is fetched for it"
    raise NotKnown(message)
