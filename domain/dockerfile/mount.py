"""The grammar of `RUN --mount`: one comma-separated line of `key=value` fields.

Rules are BuildKit's. What a mount shows, and where, is not decided here:
`domain.build.mounts` plans that.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple, TypeVar

from domain.dockerfile.word import expand
from domain.errors import DockerfileError
from domain.values import dataclass

Expand = Callable[[str], str]
"""Expands the variables, quotes and escapes of a word."""


class MountType(StrEnum):
    """What a mount shows."""

    BIND = "bind"
    CACHE = "cache"
    TMPFS = "tmpfs"
    SECRET = "secret"  # noqa: S105 - a word of the language
    SSH = "ssh"


class Sharing(StrEnum):
    """How RUNs that run side by side share a cache."""

    SHARED = "shared"
    PRIVATE = "private"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A `--mount` with its words expanded, checked against the rules of its type.

    Attributes:
        type: What it shows.
        from_: A stage's name or number, or an image; None is the build context, or
            for a cache nothing.
        source: Path in that file system; for a secret its id.
        target: Path as written, "" where none was.
        read_only: Whether RUN may not write; for a bind what it writes is lost.
        size: Most bytes of a tmpfs, 0 for no limit.
        id: Id of a cache, secret or agent, "" where none was written.
        sharing: Of a cache.
        mode: Permission bits, None for the default of the type.
        uid: Owner, 0 for root.
        gid: Group.
        env: Variable that holds a secret, None for none.
        required: Whether a missing secret or agent is an error.
    """

    type: MountType = MountType.BIND
    from_: str | None = None
    source: str = ""
    target: str = ""
    read_only: bool = False
    size: int = 0
    id: str = ""
    sharing: Sharing = Sharing.SHARED
    mode: int | None = None
    uid: int = 0
    gid: int = 0
    env: str | None = None
    required: bool = False

    @classmethod
    def parse(cls, text: str, expand: Expand) -> Mount:
        """Read the value of one `--mount`.

        Args:
            text: The value, as written.
            expand: Expands its words; `from` is taken as written.

        Raises:
            DockerfileError: It breaks a rule; the error names no line.
        """
        values = {
            field.key: field.value if field.key == "from" else expand(field.value)
            for field in _fields(text)
        }
        kind = _word_of(MountType, values.get("type", "bind"), "type of --mount")
        for key in values:
            _check_key(key, kind)
        mount = cls(
            type=kind,
            from_=values.get("from") or None,
            source=values.get("source", ""),
            target=values.get("target", ""),
            read_only=_read_only(values, kind),
            size=_size(values.get("size", "0")),
            id=values.get("id", ""),
            sharing=_word_of(Sharing, values.get("sharing") or "shared", "sharing"),
            mode=_number(values, "mode", 8),
            uid=_number(values, "uid", 10) or 0,
            gid=_number(values, "gid", 10) or 0,
            env=values.get("env"),
            required=_boolean(values.get("required", "false"), "required"),
        )
        _check_whole(mount)
        return mount


def check_mount(text: str, escape: str) -> None:
    """Refuse what is wrong with a `--mount` before any variable is known.

    Raises:
        DockerfileError: It breaks a rule; the error names no line.
    """
    origin = mount_origin(text)
    if origin and re.search(r"\$.", origin):
        raise DockerfileError(
            f"from of --mount cannot hold a variable: {origin!r}",
            hint=f"name it first: FROM {origin} AS name",
        )
    if "$" not in text:
        Mount.parse(text, lambda word: expand(word, {}, escape=escape))


def mount_origin(text: str) -> str | None:
    """Return the stage or image a `--mount` takes files from, as written."""
    origins = [field.value for field in _fields(text) if field.key == "from"]
    return (origins or [""])[-1] or None


class _Field(NamedTuple):
    key: str
    value: str


_OTHER_NAMES = {
    "src": "source",
    "dst": "target",
    "destination": "target",
    "ro": "readonly",
    "rw": "readwrite",
}
_FLAGS = ("readonly", "readwrite", "required")
"""Keys that may stand without a value."""

_KEYS = (
    *("type", "from", "source", "target", "size", "id", "sharing", "mode", "uid"),
    *("gid", "env", *_FLAGS),
)

_OF_FILES = (MountType.CACHE, MountType.SECRET, MountType.SSH)
_ONLY_FOR = {
    "required": (MountType.SECRET, MountType.SSH),
    "size": (MountType.TMPFS,),
    "sharing": (MountType.CACHE,),
    "mode": _OF_FILES,
    "uid": _OF_FILES,
    "gid": _OF_FILES,
    "env": (MountType.SECRET,),
}
"""Keys that not every type knows. Others are ignored by types they mean nothing
to, as by BuildKit."""

_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})

_SIZE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([kmgtp]?)i?b?", re.IGNORECASE)
_DIGITS = {8: re.compile(r"[0-7]{1,11}"), 10: re.compile(r"[0-9]{1,10}")}
_HIGHEST = 2**32 - 1


def _fields(text: str) -> list[_Field]:
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error as error:
        raise DockerfileError(
            f"--mount={text} cannot be read: {error}",
            hint='fields are separated by commas; "a,b" holds a comma',
        ) from error
    return [_field(field) for row in rows for field in row]


def _field(text: str) -> _Field:
    name, separator, value = text.partition("=")
    key = name.lower()
    key = _OTHER_NAMES.get(key, key)
    if key not in _KEYS:
        raise DockerfileError(
            f"unknown key {name!r} of --mount", hint=_nearest(key, _KEYS)
        )
    if not separator and key not in _FLAGS:
        raise DockerfileError(
            f"{name!r} of --mount has no value", hint=f"write {name}=VALUE"
        )
    return _Field(key, value if separator else "true")


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    suggestion = f"did you mean {close[0]}? " if close else ""
    return f"{suggestion}known are {', '.join(known)}"


_Word = TypeVar("_Word", bound=StrEnum)


def _word_of(words: type[_Word], value: str, what: str) -> _Word:
    try:
        return words(value.lower())
    except ValueError:
        hint = _nearest(value.lower(), [word.value for word in words])
        message = f"unknown {what}: {value!r}"
        raise DockerfileError(message, hint=hint) from None


def _check_key(key: str, kind: MountType) -> None:
    types = _ONLY_FOR.get(key)
    if types is not None and kind not in types:
        raise DockerfileError(
            f"{key} means nothing for a mount of type {kind}",
            hint=f"it is for {', '.join(types)}",
        )


def _read_only(values: dict[str, str], kind: MountType) -> bool:
    """Return whether a mount is read-only; of both keys the last counts."""
    answer = kind not in (MountType.CACHE, MountType.TMPFS)
    for key, value in values.items():
        if key == "readonly":
            answer = _boolean(value, key)
        elif key == "readwrite":
            answer = not _boolean(value, key)
    return answer


def _boolean(value: str, key: str) -> bool:
    if value not in _TRUE | _FALSE:
        raise DockerfileError(
            f"{key} of --mount cannot be {value!r}", hint="it is true or false"
        )
    return value in _TRUE


def _number(values: dict[str, str], key: str, radix: int) -> int | None:
    if key not in values:
        return None
    text = values[key]
    if not _DIGITS[radix].fullmatch(text) or int(text, radix) > _HIGHEST:
        kind = "an octal number" if radix == 8 else "a number"  # noqa: PLR2004
        raise DockerfileError(
            f"{key} of --mount cannot be {text!r}", hint=f"it is {kind}"
        )
    return int(text, radix)


def _size(text: str) -> int:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise DockerfileError(
            f"size of --mount cannot be {text!r}", hint="write it like 64m or 1g"
        )
    return int(float(match[1]) * 1024 ** " kmgtp".index(match[2].lower() or " "))


def _check_whole(mount: Mount) -> None:
    match mount.type:
        case MountType.SECRET:
            _check_secret(mount)
        case MountType.SSH:
            if mount.source:
                raise DockerfileError(
                    "a mount of type ssh has no source", hint="write id=ID"
                )
        case _:
            _check_tree(mount)


def _check_secret(mount: Mount) -> None:
    if mount.from_ is not None:
        raise DockerfileError(
            "a mount of type secret has no from", hint="secrets come from --secret"
        )
    if mount.source and mount.id:
        raise DockerfileError(
            "a mount of type secret has both source and id", hint="keep id"
        )
    if not (mount.id or mount.source or mount.target):
        raise DockerfileError(
            "a mount of type secret has neither id nor target", hint="write id=ID"
        )
    if mount.env is not None and not re.fullmatch(r"[^=\0]+", mount.env):
        raise DockerfileError(
            f"env of --mount cannot be {mount.env!r}", hint="write env=NAME"
        )


def _check_tree(mount: Mount) -> None:
    if not mount.target:
        raise DockerfileError(
            f"a mount of type {mount.type} has no target", hint="write target=PATH"
        )
    if mount.type is MountType.CACHE and not mount.from_ and mount.source.strip("/."):
        raise DockerfileError(
            "a cache has a source and no from to take it from",
            hint="name a stage or image by from=, or leave source out",
        )
