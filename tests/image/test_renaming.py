"""Paths compiled into programs get a place of the same length, or the build fails."""

from pathlib import Path

import pytest

from image.renaming import LOADER, Renaming, rename_path, rename_paths

BEFORE = b"\x7fELF\0\0/etc/ld.so.preload\0x Do not use /etc/ld.so.cache\n\0"
CACHE = b"/etc/ld.so.cache\0end"


def _file(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "object"
    path.write_bytes(content)
    return path


def test_the_loader_gets_a_cache_and_a_preload_list_of_its_own(tmp_path: Path) -> None:
    path = _file(tmp_path, BEFORE + CACHE)
    for renaming in LOADER:
        rename_path(path, renaming)
    after = path.read_bytes()
    assert after == BEFORE.replace(
        b"/etc/ld.so.preload", b"/kaniko/ld.preload"
    ) + CACHE.replace(b"/etc/ld.so.cache", b"/kaniko/ld.cache")


@pytest.mark.parametrize("content", [BEFORE, BEFORE + CACHE + CACHE])
def test_a_path_that_does_not_occur_once_fails_the_build(
    tmp_path: Path, content: bytes
) -> None:
    with pytest.raises(SystemExit, match="occurs"):
        rename_path(_file(tmp_path, content), LOADER[1])


def test_a_shorter_place_is_filled_up_and_what_follows_stays(tmp_path: Path) -> None:
    path = _file(tmp_path, b'"/usr/lib/ssl"\0/usr/lib/ssl/certs\0/usr/lib/sslx\0')
    rename_path(path, Renaming("", r"/usr/lib/ssl(?=[/\0\"])", "/ssl", 0))
    assert path.read_bytes() == (b'"/kaniko//ssl"\0/kaniko//ssl/certs\0/usr/lib/sslx\0')


def test_a_longer_place_fails_the_build(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="longer"):
        rename_path(_file(tmp_path, b"/etc/x\0"), Renaming("", r"/etc/x\0", "/longer"))


def test_a_file_is_renamed_by_its_own_name_only(tmp_path: Path) -> None:
    content = b"/etc/nsswitch.conf\0/usr/lib/locale\0/usr/lib/some-machine/gconv\0"
    path = _file(tmp_path, content)
    rename_paths(path, "libother.so.6")
    assert path.read_bytes() == content
    rename_paths(path, "libc.so.6")
    assert path.read_bytes() == (
        b"/kaniko///nsswitch\0/kaniko//locale\0/kaniko///////////////gconv\0"
    )
