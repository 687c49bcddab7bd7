"""The bugs that kaniko and its fork had in caches and snapshots, and our tests.

Numbers are those of kaniko's issues, those after "fork" are the fork's.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CACHED = "tests/application/test_cached_builds.py"
REAL = "integration/test_layer_cache.py"
KEYS = "tests/domain/build/test_cache_key.py"
ROOTS = "tests/contracts/test_root_filesystem.py"
ROWS = "tests/adapters/archive/test_layer_rows.py"
WRITER = "tests/adapters/archive/test_layer_writer.py"
COMPARISON = "tests/adapters/filesystem/test_comparison.py"
COPYING_PROPERTIES = "tests/domain/build/test_copying_properties.py"
LAYERS_OF_STEPS = "integration/test_layers_of_steps.py"
LAYER_CACHE = "tests/contracts/test_layer_cache.py"
NOT_ON_DISK = "tests/adapters/filesystem/test_not_on_disk.py"
OVERLAY_ROOT = "tests/adapters/filesystem/test_overlay_root.py"
PUBLISH_IMAGE = "tests/application/test_publish_image.py"
RANDOM = "tests/random/test_random_cached_builds.py::test_a_cache_changes_no_image"
INSTALLED = f"{REAL}::test_programs_that_installers_run_are_found"

BUGS: dict[str, tuple[str, ...]] = {
    "704, 1236, 1637: deleted files come back from a cache": (
        f"{CACHED}::test_what_a_found_step_removed_stays_removed",
        INSTALLED,
    ),
    "1636, fork 796: whiteouts become content": (
        f"{ROWS}::test_whiteouts_and_opaque_markers_are_no_files",
        f"{CACHED}::test_what_a_found_step_removed_stays_removed",
        INSTALLED,
    ),
    "589, 845, 870, 1262, 1348: COPY --from of a stale layer": (
        f"{CACHED}::test_a_changed_file_of_a_stage_is_copied_anew",
        f"{CACHED}::test_modes_of_directories_of_a_stage_matter",
        RANDOM,
    ),
    "899: stored under another key than looked for, after a cached COPY": (
        f"{CACHED}::test_copies_are_kept_when_asked",
        f"{CACHED}::test_a_root_gets_copies_that_were_found",
    ),
    "1244, 1520: another file of a stage busts the copy": (
        f"{CACHED}::test_what_is_not_copied_from_a_stage_does_not_matter",
        f"{REAL}::test_what_ran_is_the_same_in_the_second_build",
    ),
    "fork 62, 912, 875: names and joints collide": (
        f"{CACHED}::test_a_file_by_another_name_matters",
        f"{KEYS}::test_fields_do_not_run_into_each_other",
    ),
    "fork 791, 792, 813: an ARG in COPY or WORKDIR is not in the key": (
        f"{CACHED}::test_an_argument_matters_where_it_is_put_in",
    ),
    "fork 823, 825: heredocs are not in the key": (
        f"{CACHED}::test_what_a_heredoc_says_matters",
    ),
    "fork 623: an ARG of another stage is in the key": (
        f"{CACHED}::test_arguments_of_a_stage_are_nothing_to_its_siblings",
    ),
    "764, 1399, 1910: ARG with and without a cache": (
        f"{CACHED}::test_a_build_argument_matters_to_runs_that_see_it_alone",
        f"{REAL}::test_arguments_matter_to_those_who_see_them",
        RANDOM,
    ),
    "521, 3340: steps that make directories alone": (
        f"{CACHED}::test_a_lost_step_is_executed_on_those_that_were_found",
        f"{CACHED}::test_directories_of_working_directories_are_kept_as_runs_are",
    ),
    "1162, 1028, 1058: a path twice in a layer": (
        f"{COPYING_PROPERTIES}::test_ordered_has_parents_first_and_no_path_twice",
    ),
    "1149, 2113: a whiteout before its directory": (
        f"{WRITER}::test_whiteouts_are_empty_marker_files_beside_the_path",
        f"{ROOTS}::test_only_the_topmost_removed_path_is_a_whiteout",
    ),
    "2050: whiteouts of what never was": (
        f"{ROOTS}::test_a_file_made_and_removed_leaves_nothing",
        f"{LAYERS_OF_STEPS}::test_what_a_run_removes_is_hidden_and_nothing_else",
    ),
    "1743, 2594, fork 978, 947: hard links lost or confused": (
        f"{ROOTS}::test_new_hard_links_are_links_in_the_layer",
        f"{ROWS}::test_hard_links_carry_the_row_of_their_target",
        f"{KEYS}::test_hard_links_are_in_it",
        INSTALLED,
    ),
    "1851, 1837, 2176, 2201, fork 107, 342: capabilities lost": (
        f"{NOT_ON_DISK}::test_capabilities_that_cannot_be_set_are_no_change",
        f"{NOT_ON_DISK}::test_file_capabilities_are_set_after_the_owner",
        f"{LAYERS_OF_STEPS}::test_capabilities_that_a_run_sets_are_in_its_layer",
    ),
    "3428, 3442, 1469, 830: links, directories and files in place of each other": (
        f"{ROOTS}::test_a_directory_replaced_by_a_symlink_needs_no_whiteout",
        f"{ROOTS}::test_a_symlink_replaced_by_a_directory_is_one",
        f"{ROOTS}::test_a_directory_replaced_by_a_file_needs_no_whiteout",
        INSTALLED,
    ),
    "1185, 1127: modes of directories lost": (
        f"{ROOTS}::test_mode_and_owner_are_changes",
        f"{CACHED}::test_modes_of_directories_of_a_stage_matter",
    ),
    "fork 247: names whose contents are not looked at": (
        f"{ROOTS}::test_content_of_equal_size_and_time_is_a_change",
        f"{CACHED}::test_a_file_by_another_name_matters",
    ),
    "1401, 2336, 3123: changes overlooked": (
        f"{ROOTS}::test_content_of_equal_size_and_time_is_a_change",
        f"{COMPARISON}::test_every_mode_finds_everything_where_the_ctime_is_trusted",
    ),
    "2834: a file grows while it is written": (
        f"{WRITER}::test_a_file_that_grows_is_written_with_its_planned_size",
    ),
    "fork 230: a layer is overwritten": (
        f"{LAYER_CACHE}::test_builds_that_store_one_key_at_once_leave_one_of_them",
        f"{REAL}::test_builds_at_once_share_a_cache",
    ),
    "fork 858: media types of two families": (
        f"{PUBLISH_IMAGE}::test_media_types_follow_the_wish_then_the_compression_then_the_base",
    ),
    "fork 655: a stage without instructions does not see its FROM": (
        f"{CACHED}::test_a_stage_without_instructions_is_its_base",
    ),
    "opaque whiteouts": (
        f"{ROOTS}::test_layers_are_stacked_with_whiteouts_and_opaque_directories",
    ),
    "devices of overlays": (
        f"{OVERLAY_ROOT}::test_attributes_of_the_overlay_stay_in_its_upper_directory",
        f"{ROOTS}::test_only_the_topmost_removed_path_is_a_whiteout",
    ),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_known_bug_has_tests(bug: str) -> None:
    for test in BUGS[bug]:
        path, _, name = test.partition("::")
        text = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", text, flags=re.MULTILINE), test
