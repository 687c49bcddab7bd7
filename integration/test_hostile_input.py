"""Images, archives and contexts that reach out of their root reach nothing.

Each hostile thing either makes the build fail or stays within the image; a tree
outside is as it was. Builds run as root, so nothing but the product protects it.
"""

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from integration.executor import Executor, Outcome, named_base, write_context
from integration.image_comparison.comparison import load_image
from integration.image_comparison.stored_image import read_layout
from integration.services.bases import SMALL_BASES
from integration.services.layouts import TarEntry, layer_tar, write_layout

SECRET = b"nobody may read or write this"
UP = "../" * 30

Entries = Sequence[TarEntry]
State = Mapping[str, tuple[int, int, int, bytes]]


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """Offer a tree that no build may touch."""
    directory = tmp_path / "canary"
    (directory / "folder").mkdir(parents=True)
    (directory / "folder" / "file").write_bytes(SECRET)
    (directory / "secret").write_bytes(SECRET)
    return directory


def state(tree: Path) -> State:
    """Return all that a build could change about a tree."""
    found: dict[str, tuple[int, int, int, bytes]] = {}
    for path in (tree, *sorted(tree.rglob("*"))):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        key = str(path.relative_to(tree))
        found[key] = (status.st_mode, status.st_ctime_ns, status.st_nlink, content)
    return found


def leaving(canary: Path) -> dict[str, Entries]:
    """Return hostile entries by what they try."""
    outside = str(canary)
    inner = outside.lstrip("/")
    link = TarEntry(name="way", type="symlink", link=outside)
    steps = TarEntry(name="way", type="symlink", link=UP + inner)
    folder = TarEntry(name="way", type="symlink", link=f"{outside}/folder")
    file = TarEntry(name="file", type="symlink", link=f"{outside}/secret")
    written = TarEntry(name="way/secret", content=b"overwritten")
    return {
        "parent steps": [TarEntry(name=f"{UP}{inner}/secret", content=b"x")],
        "hidden steps": [TarEntry(name=f"a/{UP}{inner}/new", content=b"x")],
        "absolute name": [TarEntry(name=f"{outside}/secret", content=b"x")],
        "write through a symlink": [link, written],
        "write through steps": [steps, written],
        "folder through a symlink": [link, TarEntry(name="way/new", type="dir")],
        "mode through a symlink": [folder, TarEntry(name="way", type="dir", mode=0)],
        "file through a symlink": [file, TarEntry(name="file", content=b"x")],
        "attributes through a symlink": [
            file,
            TarEntry(name="file/.", type="dir", mode=0, xattrs={"user.x": b"1"}),
        ],
        "hard link outside": [
            TarEntry(name="hard", type="hardlink", link=f"{UP}{inner}/secret"),
            TarEntry(name="hard", content=b"x"),
        ],
        "absolute hard link": [
            TarEntry(name="hard", type="hardlink", link=f"{outside}/secret")
        ],
        "hard link through a symlink": [
            link,
            TarEntry(name="hard", type="hardlink", link="way/secret"),
        ],
        "device through a symlink": [
            link,
            TarEntry(name="way/new", type="chardev", device=(1, 3)),
        ],
        "symlink through a symlink": [
            link,
            TarEntry(name="way/new", type="symlink", link="secret"),
        ],
    }


def hiding(canary: Path) -> dict[str, Entries]:
    """Return hostile whiteouts by what they try."""
    outside = str(canary)
    inner = outside.lstrip("/")
    link = TarEntry(name="way", type="symlink", link=outside)
    return {
        "whiteout of the parent": [TarEntry(name="a/.wh...")],
        "whiteout of itself": [TarEntry(name="a/.wh..")],
        "whiteout of nothing": [TarEntry(name="a/.wh.")],
        "whiteout of the root's parent": [TarEntry(name=".wh...")],
        "whiteout after steps": [TarEntry(name=f"{UP}{inner}/.wh.secret")],
        "whiteout through a symlink": [link, TarEntry(name="way/.wh.secret")],
        "opaque after steps": [TarEntry(name=f"{UP}{inner}/.wh..wh..opq")],
        "opaque through a symlink": [link, TarEntry(name="way/.wh..wh..opq")],
    }


NAMES = tuple(leaving(Path("/")))
WHITEOUTS = tuple(hiding(Path("/")))
SPLIT = [
    pytest.param(name, layers, id=f"{name}, {layers} layers")
    for name, entries in {**leaving(Path("/")), **hiding(Path("/"))}.items()
    for layers in range(1, min(len(entries), 2) + 1)
]
"""Each hostile thing in one layer, and its first entry in a layer of its own."""


STOLEN = hashlib.sha256(SECRET).hexdigest()


def check_confined(outcome: Outcome, layout: Path, scratch: Path) -> None:
    """Require an error of ours, or an image that holds no outside content."""
    if outcome.status:
        assert outcome.status == 1, outcome.log
        assert outcome.error
        assert "unexpected" not in outcome.error
        assert not layout.exists()
        return
    flat = load_image(f"oci:{layout}", scratch)
    assert [path for path, it in flat.files.items() if it.content == STOLEN] == []


def busybox_layer(layout: Path) -> bytes:
    """Return the uncompressed tar of the base that hostile layers lie on."""
    [layer] = read_layout(layout, "busybox").layers
    return gzip.decompress(layer.blob.read_bytes())


@pytest.mark.parametrize(
    "step", ["COPY file /copied", "RUN echo done > /done"], ids=["COPY", "RUN"]
)
@pytest.mark.parametrize(("name", "layers"), SPLIT)
def test_a_hostile_base_image_touches_nothing_outside(
    name: str,
    layers: int,
    step: str,
    executor: Executor,
    canary: Path,
    tmp_path: Path,
) -> None:
    entries = {**leaving(canary), **hiding(canary)}[name]
    parts = [entries] if layers == 1 else [entries[:1], entries[1:]]
    tars = [busybox_layer(SMALL_BASES), *map(layer_tar, parts)]
    base = write_layout(tmp_path / "base", "evil", tars)
    before = state(canary)
    context = write_context(
        tmp_path / "context", f"FROM evil\n{step}\n", {"file": b"content"}
    )
    layout = tmp_path / "image"
    outcome = executor.run(
        context,
        "--no-push",
        f"--oci-layout-path={layout}",
        named_base("evil", base, "evil"),
    )
    assert state(canary) == before
    check_confined(outcome, layout, tmp_path)


@pytest.mark.parametrize("root", ["", "RUN true\n"], ids=["planned", "with a root"])
@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_archive_touches_nothing_outside(
    name: str,
    root: str,
    executor: Executor,
    canary: Path,
    tmp_path: Path,
) -> None:
    before = state(canary)
    dockerfile = f"FROM busybox\n{root}ADD evil.tar /safe/\nADD evil.tar /\n{root}"
    archive = layer_tar(leaving(canary)[name])
    context = write_context(tmp_path / "context", dockerfile, {"evil.tar": archive})
    layout = tmp_path / "image"
    outcome = executor.run(
        context,
        "--no-push",
        f"--oci-layout-path={layout}",
        named_base("busybox", SMALL_BASES, "busybox"),
    )
    assert state(canary) == before
    check_confined(outcome, layout, tmp_path)


STEPS = {
    "COPY of a symlink": "COPY file-link /stolen",
    "COPY through a symlink": "COPY folder-link/secret /stolen",
    "COPY of a symlink to a folder": "COPY folder-link /stolen",
    "COPY of steps": "COPY {up}{inner}/secret /stolen",
    "COPY of an absolute name": "COPY {outside}/secret /stolen",
    "COPY of everything": "COPY . /all/",
    "ADD of a symlink": "ADD file-link /stolen",
    "COPY to a symlink": "RUN ln -s {outside}/secret /way\nCOPY own /way",
    "COPY into a symlink": "RUN ln -s {outside} /way\nCOPY own /way/secret\nRUN true",
    "COPY into steps": "RUN ln -s {up}{inner} /way\nCOPY own /way/secret\nRUN true",
    "COPY to steps": "RUN true\nCOPY own {up}{inner}/secret\nRUN true",
    "COPY from a stage's symlink": (
        "RUN ln -s {outside} /way\nFROM busybox\nCOPY --from=0 /way/secret /stolen"
    ),
    "WORKDIR below a symlink": "RUN ln -s {outside} /way\nWORKDIR /way/new\nRUN true",
    "RUN through a symlink": "RUN ln -s {outside} /way; ! cat /way/secret > /stolen",
    "accounts outside": (
        "RUN ln -sf {outside}/secret /etc/passwd\nCOPY --chown=1 own /own\nRUN true"
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_hostile_context_or_dockerfile_touches_nothing_outside(
    name: str, executor: Executor, canary: Path, tmp_path: Path
) -> None:
    outside = str(canary)
    step = STEPS[name].format(up=UP, inner=outside.lstrip("/"), outside=outside)
    context = write_context(
        tmp_path / "context", f"FROM busybox\n{step}\n", {"own": b"own"}
    )
    (context / "file-link").symlink_to(canary / "secret")
    (context / "folder-link").symlink_to(canary)
    before = state(canary)
    layout = tmp_path / "image"
    outcome = executor.run(
        context,
        "--no-push",
        f"--oci-layout-path={layout}",
        named_base("busybox", SMALL_BASES, "busybox"),
    )
    assert state(canary) == before
    check_confined(outcome, layout, tmp_path)


def test_the_check_sees_what_was_taken_from_outside(
    executor: Executor, tmp_path: Path
) -> None:
    """The secret, when the context really holds it, is found."""
    context = write_context(
        tmp_path / "context", "FROM busybox\nCOPY own /\n", {"own": SECRET}
    )
    base = named_base("busybox", SMALL_BASES, "busybox")
    outcome = executor.layout(context, tmp_path / "image", base)
    with pytest.raises(AssertionError):
        check_confined(outcome, tmp_path / "image", tmp_path)
