"""Two images compared, or one with an oracle's expectation.

The rules are those of `integration/cases/README.md`. Nothing here reads files: an
image is opened by `stored_image` and flattened by `inspect_image`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import zip_longest
from pathlib import Path

from integration.image_comparison.attributes import Attributes
from integration.image_comparison.configuration import (
    Fields,
    compare_fields,
    image_fields,
    repeated_variables,
)
from integration.image_comparison.differences import Difference
from integration.image_comparison.flattening import Tree, apply_layer, attributes_of
from integration.image_comparison.layer_reading import open_layer
from integration.image_comparison.soundness import (
    count_problems,
    family_problems,
    promised_diff_ids,
)
from integration.image_comparison.stored_image import (
    StoredImage,
    check_descriptor,
    read_image,
)

Files = Mapping[str, Attributes]

RUNTIME_FILES = frozenset({
    "etc/hosts", "etc/resolv.conf", "etc/hostname", "etc/mtab", ".dockerenv",
    "run/.containerenv",
})  # fmt: skip
RUNTIME_FOLDERS = ("proc/", "sys/", "dev/")
MOUNT_POINTS = ("run/secrets", "run", "proc", "sys", "dev")

COMPARED = (
    "type", "mode", "owner", "size", "content", "target", "device", "hardlink",
    "xattrs",
)  # fmt: skip
CONTENT = ("size", "content")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatImage:
    """An image as it is compared.

    Attributes:
        files: Every path of the flattened layers; the root is "".
        fields: The compared fields of its configuration.
        problems: In what it contradicts itself.
    """

    files: Files
    fields: Fields
    problems: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceptions:
    """Paths that two builds of one Dockerfile cannot have in common.

    Patterns are those of `fnmatch`: `*` matches slashes, too.

    Attributes:
        content: Content and size are not compared beyond empty or not.
        presence: The path is not compared at all.
    """

    content: tuple[str, ...] = ()
    presence: tuple[str, ...] = ()


NO_EXCEPTIONS = Exceptions()


def inspect_image(image: StoredImage) -> FlatImage:
    """Flatten a stored image and collect what is unsound about it."""
    problems = [
        *image.problems,
        *count_problems(image),
        *family_problems(image),
        *repeated_variables(image.config),
    ]
    tree = Tree()
    promised = promised_diff_ids(image)
    for stored, diff_id in zip_longest(image.layers, promised):
        if stored is None:
            break
        if stored.digest:
            check_descriptor(stored.blob, stored.digest, stored.size, problems)
        with open_layer(stored.blob) as layer:
            if layer.diff_id != diff_id:
                problems.append(
                    Difference("soundness", "diff ID", layer.diff_id, diff_id)
                )
            problems += apply_layer(tree, layer)
    return FlatImage(
        files=attributes_of(tree),
        fields=image_fields(image.config),
        problems=tuple(problems),
    )


def load_image(source: str, scratch: Path) -> FlatImage:
    """Open and flatten an image; `source` is as in `stored_image.read_image`."""
    return inspect_image(read_image(source, scratch))


def compare_images(
    ours: FlatImage,
    theirs: FlatImage,
    *,
    exceptions: Exceptions = NO_EXCEPTIONS,
    times: bool = False,
) -> list[Difference]:
    """Return every difference between an image and the one it should equal.

    Args:
        ours: The image under test; only its soundness counts.
        theirs: What it should be.
        exceptions: Paths that cannot be equal.
        times: Also compare modification times of files (the stricter grade).
    """
    return [
        *ours.problems,
        *compare_fields(ours.fields, theirs.fields),
        *_compare_files(ours.files, theirs.files, exceptions, times=times),
    ]


def _compare_files(
    ours: Files, theirs: Files, exceptions: Exceptions, *, times: bool
) -> Iterator[Difference]:
    ignored = _left_by_runtimes(ours, theirs) | _left_by_runtimes(theirs, ours)
    for path in sorted(ours.keys() | theirs.keys()):
        if path in ignored or not is_compared(path):
            continue
        if _is_excepted(path, exceptions.presence):
            continue
        mine, other = ours.get(path), theirs.get(path)
        if mine is None or other is None:
            kind = "missing" if mine is None else "extra"
            yield Difference(kind, path, mine and mine.type, other and other.type)
            continue
        volatile = _is_excepted(path, exceptions.content)
        yield from _compare_attributes(path, mine, other, volatile=volatile)
        if times and mine.mtime != other.mtime:
            yield Difference("mtime", path, mine.mtime, other.mtime)


def _compare_attributes(
    path: str, ours: Attributes, theirs: Attributes, *, volatile: bool
) -> Iterator[Difference]:
    for name in COMPARED:
        mine, other = getattr(ours, name), getattr(theirs, name)
        if volatile and name in CONTENT:
            mine, other = bool(ours.size), bool(theirs.size)
        if mine != other:
            yield Difference(name, path, mine, other)


def _is_excepted(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def is_compared(path: str) -> bool:
    """Tell whether a path is compared: runtimes do not make it for themselves."""
    return path not in RUNTIME_FILES and not path.startswith(RUNTIME_FOLDERS)


def _left_by_runtimes(one: Files, other: Files) -> set[str]:
    """Return mount points that only one image has, and has empty."""
    left: set[str] = set()
    for path in MOUNT_POINTS:
        inside = [
            inner
            for inner in one
            if inner.startswith(f"{path}/") and inner not in left and is_compared(inner)
        ]
        if path in one and path not in other and not inside:
            left.add(path)
    return left
