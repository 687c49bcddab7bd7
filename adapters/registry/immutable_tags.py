"""Telling a registry's refusal to move a tag from its other refusals.

There is no code for it in the distribution specification: each registry has words
of its own.
"""

from __future__ import annotations

import re

from application.errors import RegistryError

_CODES = frozenset({"TAG_INVALID", "ImageTagAlreadyExistsException"})
_STATUSES = range(400, 500)
# Artifact Registry: "The repository has enabled tag immutability". ECR: "… already
# exists … and cannot be overwritten because the repository (or: the tag) is
# immutable". Harbor: "… configured as immutable".
_WORDS = re.compile(r"immutab|cannot be overwritten|already exists", re.IGNORECASE)


def refuses_to_move_a_tag(error: RegistryError) -> bool:
    """Return whether an answer to a manifest says that its tag is there to stay."""
    is_refusal = error.status in _STATUSES
    return is_refusal and (
        error.code in _CODES or _WORDS.search(error.message) is not None
    )
