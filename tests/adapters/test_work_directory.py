"""The work directory of a build."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.work_directory import WorkDirectory
from application.errors import FilesystemError


def test_parts_lie_in_one_directory_below_the_named_parent(tmp_path: Path) -> None:
    work = WorkDirectory(str(tmp_path / "kaniko"))
    layers, roots = Path(work.part("layers")), Path(work.part("roots"))
    assert layers.parent == roots.parent
    assert layers.parent.parent == tmp_path / "kaniko"
    assert layers.is_dir()


def test_two_builds_do_not_share_a_directory(tmp_path: Path) -> None:
    first, second = WorkDirectory(str(tmp_path)), WorkDirectory(str(tmp_path))
    assert first.part("layers") != second.part("layers")


def test_without_a_parent_some_temporary_place_is_found() -> None:
    work = WorkDirectory()
    part = Path(work.part("layers"))
    assert part.is_dir()
    work.remove()
    assert not part.parent.exists()


def test_removing_takes_everything_and_may_be_repeated(tmp_path: Path) -> None:
    work = WorkDirectory(str(tmp_path))
    Path(work.part("layers"), "blob").write_text("x")
    work.remove()
    work.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_parent_that_cannot_be_made_is_an_error_with_a_remedy(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FilesystemError) as caught:
        WorkDirectory(str(tmp_path / "file" / "work")).part("layers")
    assert caught.value.place == str(tmp_path / "file" / "work")
    assert "--kaniko-dir" in (caught.value.hint or "")


def test_those_of_builds_that_died_are_removed_and_no_others(tmp_path: Path) -> None:
    living = WorkDirectory(str(tmp_path))
    kept = living.part("layers")
    dead = tmp_path / f"build-{os.uname().nodename}-dead"
    (dead / "roots").mkdir(parents=True)
    strange = tmp_path / "build-another-pod-1"
    strange.mkdir()
    WorkDirectory(str(tmp_path)).part("layers")
    assert not dead.exists()
    assert strange.exists()
    assert Path(kept).exists()
