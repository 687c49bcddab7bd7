"""Image configs: what an image runs on, how it is run, what it is made of.

OCI image specification, "Image Configuration", with docker's extensions. How
the config came to be is the business of `domain.build`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Self

from domain.errors import InvalidImage
from domain.image.container_config import ContainerConfig, Healthcheck
from domain.image.digest import Digest
from domain.image.json_fields import Fields, JsonObject, present, render
from domain.image.manifest import MAXIMUM_MANIFEST_SIZE
from domain.image.platform import Platform
from domain.values import dataclass, field, replace

__all__ = ["ContainerConfig", "Healthcheck", "History", "ImageConfig", "rfc3339"]

_KNOWN = frozenset(
    {
        "architecture",
        "author",
        "config",
        "created",
        "history",
        "os",
        "os.features",
        "os.version",
        "rootfs",
        "variant",
    }
)
_JUNK = frozenset(
    {
        # Facts of the base image and of the container that made it.
        "id",
        "parent",
        "parent_id",
        "layer_id",
        "comment",
        "container",
        "container_config",
        "docker_version",
        "throwaway",
        "Size",
    }
)
_JUNK_PREFIX = "moby.buildkit."
"""Prefix of fields with the base's own build record and inline cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What one instruction did to the image.

    Attributes:
        created: When, RFC 3339; "" where unknown.
        created_by: The instruction as executed.
        author: Who, or "".
        comment: Free text, or "".
        empty_layer: Whether it made no layer.
    """

    created: str = ""
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False

    @classmethod
    def from_json(cls, fields: Fields) -> Self:
        """Read an entry of `history`."""
        return cls(
            created=fields.text("created"),
            created_by=fields.text("created_by"),
            author=fields.text("author"),
            comment=fields.text("comment"),
            empty_layer=fields.boolean("empty_layer"),
        )

    def to_json(self) -> JsonObject:
        """Return the entry, empty fields left out."""
        return present(
            {
                "created": self.created,
                "created_by": self.created_by,
                "author": self.author,
                "comment": self.comment,
                "empty_layer": self.empty_layer,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """The config of an image.

    Attributes:
        platform: What it runs on.
        config: How a container of it is run.
        diff_ids: Digests of the uncompressed layers, lowest first.
        history: What made it, oldest first.
        created: When, RFC 3339; "" where unknown. Kept as received.
        author: Who, or "".
        extra: Top-level fields not known here, as received.
    """

    platform: Platform
    config: ContainerConfig = field(default_factory=ContainerConfig)
    diff_ids: tuple[Digest, ...] = ()
    history: tuple[History, ...] = ()
    created: str = ""
    author: str = ""
    extra: Mapping[str, object] = field(default_factory=dict, hash=False)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Parse the bytes of a config.

        Raises:
            InvalidImage: Not JSON, or a field has the wrong type.
        """
        if len(raw) > MAXIMUM_MANIFEST_SIZE:
            raise InvalidImage(
                f"larger than {MAXIMUM_MANIFEST_SIZE} bytes", place="image config"
            )
        fields = Fields.parse(raw, "image config")
        container = fields.child("config")
        rootfs = fields.child("rootfs")
        return cls(
            platform=Platform(
                os=fields.text("os"),
                architecture=fields.text("architecture"),
                variant=fields.text("variant"),
                os_version=fields.text("os.version"),
                os_features=fields.texts("os.features") or (),
            ),
            config=_container_config(container),
            diff_ids=rootfs.digests("diff_ids") if rootfs else (),
            history=tuple(History.from_json(o) for o in fields.children("history")),
            created=fields.text("created"),
            author=fields.text("author"),
            extra=fields.others(_KNOWN),
        )

    def to_json(self) -> bytes:
        """Return the bytes: compact, top-level keys sorted, as docker writes them."""
        document: JsonObject = {
            "architecture": self.platform.architecture,
            "config": self.config.to_json(),
            "history": [entry.to_json() for entry in self.history],
            "os": self.platform.os,
            "rootfs": {"type": "layers", "diff_ids": [str(d) for d in self.diff_ids]},
        }
        document |= present(
            {
                "author": self.author,
                "created": self.created,
                "os.features": list(self.platform.os_features),
                "os.version": self.platform.os_version,
                "variant": self.platform.variant,
            }
        )
        return render(dict(sorted((document | dict(self.extra)).items())))

    def as_base(self) -> Self:
        """Return what an image built on this one inherits.

        Facts of the base's own making are dropped, other unknown fields kept.
        """
        kept = {
            key: item
            for key, item in self.extra.items()
            if key not in _JUNK and not key.startswith(_JUNK_PREFIX)
        }
        return replace(self, config=self.config.as_base(), extra=kept)

    def with_layer(self, diff_id: Digest, entry: History) -> Self:
        """Return this with one more layer and the history entry that made it."""
        return replace(
            self,
            diff_ids=(*self.diff_ids, diff_id),
            history=(*self.history, replace(entry, empty_layer=False)),
        )

    def with_empty_history(self, entry: History) -> Self:
        """Return this with a history entry that made no layer."""
        return replace(self, history=(*self.history, replace(entry, empty_layer=True)))

    def in_one_layer(
        self, base: Self, diff_id: Digest | None, maker: int | None
    ) -> Self:
        """Return this with one layer, or none, in place of those it added to a base.

        Args:
            base: The base.
            diff_id: The layer.
            maker: Which of the added history entries made it; the others stay, as
                entries that made none.
        """
        added = self.history[len(base.history) :]
        chosen = maker if diff_id is not None else None
        entries = (
            replace(entry, empty_layer=number != chosen)
            for number, entry in enumerate(added)
        )
        return replace(
            self,
            diff_ids=(*base.diff_ids, *([] if diff_id is None else [diff_id])),
            history=(*base.history, *entries),
        )


def rfc3339(time_ns: int) -> str:
    """Render nanoseconds since the epoch as Go does: UTC, no trailing zeros."""
    seconds, fraction = divmod(time_ns, 1_000_000_000)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    digits = f".{fraction:09d}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%dT%H:%M:%S}{digits}Z"


def _container_config(fields: Fields | None) -> ContainerConfig:
    return ContainerConfig.from_json(fields) if fields else ContainerConfig()
