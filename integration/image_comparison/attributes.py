"""The attributes of one path of an image, in the form that oracle data use.

It renders and parses; where the values come from is the business of `flattening`
and `expectation`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

MADE_DURING_THE_BUILD = 1_600_000_000
"""Times after this second (September 2020) count as "now"."""

Time = int | str
"""Whole seconds since the epoch, or `now` for a time within the build."""


def render_path(path: str) -> str:
    r"""Write a path (surrogate escapes for bytes) with `\\` and `\xHH`."""
    text = path.replace("\\", "\\\\")
    return "".join(
        f"\\x{os.fsencode(c)[0]:02x}" if "\udc80" <= c <= "\udcff" else c for c in text
    )


def render_time(seconds: float) -> Time:
    """Round down to seconds; a time within the build is only `now`."""
    return "now" if seconds > MADE_DURING_THE_BUILD else int(seconds // 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """All that is compared of one path.

    Attributes:
        type: `file`, `dir`, `symlink`, `fifo`, `chardev` or `blockdev`.
        mode: Octal text with setuid, setgid and sticky bits; "" for symlinks.
        owner: Numeric `uid:gid`.
        size: Bytes of a file, else None.
        content: sha256 of a file, else "".
        target: Text of a symlink, else "".
        device: `major,minor`, else "".
        hardlink: First name of the group of a file with several names, else "".
        xattrs: Name to value in hex.
        mtime: Time of a file, else None.
    """

    type: str
    mode: str
    owner: str
    size: int | None = None
    content: str = ""
    target: str = ""
    device: str = ""
    hardlink: str = ""
    xattrs: Mapping[str, str]
    mtime: Time | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read one entry of an oracle's `expected.json`."""
        is_file = data["type"] == "file"
        return cls(
            type=data["type"],
            mode=data.get("mode", "") if data["type"] != "symlink" else "",
            owner=f"{data['uid']}:{data['gid']}",
            size=data["size"] if is_file else None,
            content=data["sha256"] if is_file else "",
            target=data.get("target", ""),
            device=data.get("device", ""),
            hardlink=data.get("hardlink", ""),
            xattrs=data.get("xattrs", {}),
            mtime=data.get("mtime") if is_file else None,
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as an entry of an `expected.json`."""
        user, group = map(int, self.owner.split(":"))
        found: dict[str, Any] = {"type": self.type, "mode": self.mode or "0777"}
        found |= {"uid": user, "gid": group}
        if self.type == "file":
            found |= {"size": self.size, "sha256": self.content}
        rest = ("target", "device", "hardlink", "xattrs")
        found |= {name: value for name in rest if (value := getattr(self, name))}
        return found | ({"mtime": self.mtime} if self.type == "file" else {})
