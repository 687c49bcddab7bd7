"""Layer indexes as blobs, there and back."""

from __future__ import annotations

import os

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from adapters.archive.index_codec import (
    EncodedIndex,
    decode_rows,
    decode_skeleton,
    encode_index,
)
from domain.errors import InvalidImage
from domain.image.digest import Digest
from domain.snapshot.entry import FileEntry, FileType
from domain.snapshot.index import LayerIndex

DIFF_ID = Digest.of(b"layer")
NAMES = (
    st.binary(min_size=1, max_size=8)
    .map(lambda name: b"n" + name.replace(b"/", b"_"))
    .map(lambda name: name.decode("utf-8", "surrogateescape"))
)
XATTRS = st.lists(st.tuples(NAMES, st.binary(max_size=4)), max_size=2).map(tuple)
NUMBERS = st.integers(min_value=0, max_value=2**31)
TIMES = st.integers(min_value=-(2**62), max_value=2**62)


@st.composite
def entries(draw: st.DrawFn) -> FileEntry:
    type_ = draw(st.sampled_from(list(FileType)))
    is_file = type_ is FileType.FILE
    is_device = type_ in {FileType.CHARACTER_DEVICE, FileType.BLOCK_DEVICE}
    return FileEntry(
        draw(NAMES),
        type_,
        mode=draw(st.integers(0, 0o7777)),
        uid=draw(NUMBERS),
        gid=draw(NUMBERS),
        size=draw(st.integers(0, 2**50)) if is_file else 0,
        mtime_ns=draw(TIMES),
        link_target=draw(NAMES) if type_ is FileType.SYMLINK else "",
        link_group=draw(st.sampled_from(["", "a", "b"])),
        device=(draw(NUMBERS), draw(NUMBERS)) if is_device else None,
        xattrs=draw(XATTRS),
        sha256=os.urandom(32).hex() if is_file else "",
    )


INDEXES = st.builds(
    LayerIndex,
    entries=st.lists(entries(), max_size=12).map(
        lambda rows: {row.path: row for row in rows}
    ),
    whiteouts=st.lists(NAMES, max_size=2).map(tuple),
    opaques=st.lists(NAMES, max_size=2).map(tuple),
    links=st.dictionaries(NAMES, NAMES, max_size=2),
    accounts=st.dictionaries(NAMES, st.binary(), max_size=2),
)


@given(INDEXES)
def test_both_blobs_make_the_index_again(index: LayerIndex) -> None:
    encoded = encode_index(index, DIFF_ID)
    thin = decode_skeleton(encoded.skeleton, DIFF_ID)
    assert thin == index.thin
    assert list(thin.entries) == list(index.entries)
    assert decode_rows(encoded.rows, thin, DIFF_ID) == index


def test_a_skeleton_is_small() -> None:
    """20,000 files as a distribution has them: 5 bytes of each, 45 with its row."""
    files = (
        FileEntry(
            f"usr/lib/python3/dist-packages/package{number // 40}/module_{number}.py",
            FileType.FILE,
            0o644,
            size=number,
            mtime_ns=number * 10**9,
            sha256=Digest.of(str(number).encode()).hex,
        )
        for number in range(20_000)
    )
    encoded = encode_index(LayerIndex(entries={f.path: f for f in files}), DIFF_ID)
    assert len(encoded.skeleton) < 100_000
    assert len(encoded.rows) < 900_000


FULL = LayerIndex(
    entries={"f": FileEntry("f", FileType.FILE, sha256=Digest.of(b"").hex)}
)
ENCODED = encode_index(FULL, DIFF_ID)


def packed(text: bytes) -> bytes:
    return zstandard.compress(text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zstd",
        ENCODED.skeleton[:-3],
        packed(b"no json"),
        packed(b"[]"),
        packed(b"{}"),
        packed(b'{"format":"another","layer":"x"}'),
        ENCODED.rows,
    ],
)
def test_what_is_no_skeleton_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage, match="damaged"):
        decode_skeleton(data, DIFF_ID)


@pytest.mark.parametrize("path", ["../f", "/f", "a//f", "a/./f", "a/.."])
def test_no_path_leads_out_of_the_root(path: str) -> None:
    row = FileEntry(path, FileType.DIRECTORY)
    encoded = encode_index(LayerIndex(entries={path: row}), DIFF_ID)
    with pytest.raises(InvalidImage, match="no path of a layer"):
        decode_skeleton(encoded.skeleton, DIFF_ID)


def test_that_of_another_layer_is_refused() -> None:
    other = Digest.of(b"other")
    with pytest.raises(InvalidImage, match="something else"):
        decode_skeleton(ENCODED.skeleton, other)
    with pytest.raises(InvalidImage, match="something else"):
        decode_rows(ENCODED.rows, FULL.thin, other)


def test_rows_for_another_number_of_files_are_refused() -> None:
    none = encode_index(LayerIndex(), DIFF_ID)
    with pytest.raises(InvalidImage, match="damaged"):
        decode_rows(none.rows, FULL.thin, DIFF_ID)
    assert isinstance(none, EncodedIndex)
