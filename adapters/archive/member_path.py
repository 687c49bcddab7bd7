"""Names in archives as paths inside a root.

Two manners: a layer whose names leave the root is refused; an archive that ADD
unpacks is confined (BuildKit does both the same way). Symlinks are not looked
at here.
"""

from __future__ import annotations

from domain.errors import InvalidLayer

MAXIMUM_PATH = 4096
"""Linux's PATH_MAX: no process could use a longer path."""


def layer_path(name: str) -> str:
    """Return the path of a name in a layer, leading slashes stripped.

    Raises:
        InvalidLayer: The name leaves the root, or is too long to be used.
    """
    if len(name) > MAXIMUM_PATH:
        raise InvalidLayer(f"a name in the layer has {len(name)} characters")
    if name and name[0] not in "/." and "/." not in name and "//" not in name:
        return name.rstrip("/")  # nearly every name
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            if not parts:
                raise InvalidLayer(
                    f"the name {name[:200]!r} leaves the root",
                    hint="do not use this image: the layer is hostile or damaged",
                )
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def confined_path(name: str) -> str:
    """Return the path of a name in any archive, ".." bounded to the root."""
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
