"""What stands in the place of ports while a build is only planned."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

import pytest

from application.errors import NotKnown
from application.plan_only import NoRoots, UnreadLayers, nothing_fetched
from domain.image.descriptor import Descriptor
from domain.image.digest import Digest
from domain.snapshot.layer_plan import LayerPlan, StoredContent

DIGEST = Digest.of(b"")
LAYER = Descriptor(media_type="", digest=DIGEST, size=0)
CONTENT = StoredContent("context", "f")


def open_nothing(*_: object) -> BinaryIO:
    """Stand for what must not be asked."""
    raise AssertionError


@pytest.mark.parametrize(
    "act",
    [
        lambda: UnreadLayers().write(LayerPlan(), open_nothing),
        lambda: UnreadLayers().fetch(LAYER, open_nothing),
        lambda: UnreadLayers().index(LAYER, DIGEST),
        lambda: UnreadLayers().open(LAYER),
        lambda: UnreadLayers().extract(LAYER, ["f"], "layer"),
        lambda: UnreadLayers().open_file(CONTENT),
        lambda: NoRoots().create("stage-0"),
        nothing_fetched,
    ],
)
def test_nothing_is_done(act: Callable[[], object]) -> None:
    with pytest.raises(NotKnown):
        act()


def test_there_are_no_roots_to_take_turns_or_to_close() -> None:
    roots = NoRoots()
    roots.close()
    assert not roots.exclusive
