"""Details of images, and measuring: both go red when something is different."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from integration.docker_oracle import load_bases
from integration.image_comparison.attributes import Attributes
from integration.image_comparison.details import (
    DETAILS,
    compare_details,
    creation_time,
    layer_entries,
    other_fields,
    read_details,
)
from integration.image_comparison.stored_image import StoredImage, StoredLayer
from integration.measuring import measure
from integration.oracle_cases import CASES, OracleCase, all_cases
from integration.services.docker import Docker
from integration.services.layouts import TarEntry, layer_tar

NOTED: dict[str, Any] = {
    "created": "2017-07-14T02:40:00Z",
    "os.version": "1",
    "docker_version": "",
    "config": {"ArgsEscaped": True, "Image": "x", "Env": ["A=1"], "Tty": False},
    "history": [
        {"created": "2010-01-01T00:00:00Z", "created_by": "base"},
        {"created": "2017-07-14T02:40:00.5Z", "created_by": "ENV A=1"},
    ],
}


def stored(directory: Path, config: Mapping[str, Any] = NOTED) -> StoredImage:
    blob = directory / "layer"
    blob.write_bytes(layer_tar([TarEntry(name="b"), TarEntry(name="a")]))
    return StoredImage(
        config=config,
        layers=(StoredLayer(blob=blob),),
        media_types=("application/vnd.oci.image.manifest.v1+json",),
        problems=(),
        annotations={"note": "n"},
    )


def test_what_a_detail_is(tmp_path: Path) -> None:
    assert read_details(stored(tmp_path), DETAILS) == {
        "annotations": {"note": "n"},
        "created": 1_500_000_000,
        "escaped_arguments": True,
        "history": ["base", "ENV A=1"],
        "layers": [["b", "a"]],
        "media_types": ["application/vnd.oci.image.manifest.v1+json"],
        "other_fields": {"config.Image": "x", "os.version": "1"},
    }


@pytest.mark.parametrize("name", DETAILS)
def test_a_detail_that_is_different_is_told(name: str, tmp_path: Path) -> None:
    image = stored(tmp_path)
    found = read_details(image, [name])
    assert compare_details(image, found) == []
    (difference,) = compare_details(image, {name: "another"})
    assert difference.where == name


def test_a_time_that_only_one_place_has_is_no_time(tmp_path: Path) -> None:
    config = {**NOTED, "created": "2020-01-01T00:00:00Z"}
    assert isinstance(creation_time(stored(tmp_path, config)), str)


def test_an_image_without_a_configuration_has_no_other_fields(tmp_path: Path) -> None:
    assert other_fields(stored(tmp_path, {"os": "linux"})) == {}


def test_names_of_entries_are_those_of_the_tar(tmp_path: Path) -> None:
    assert layer_entries(stored(tmp_path)) == [["b", "a"]]


def test_attributes_are_written_as_they_are_read() -> None:
    for case in all_cases():
        for data in case.expectation.document.get("filesystem", {}).get("added", {}):
            found = Attributes.from_json(
                case.expectation.document["filesystem"]["added"][data]
            )
            assert Attributes.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    "name", ["copy-from-hardlinks", "odd-names-run", "whiteout-file-dir"]
)
def test_what_is_measured_is_what_was_measured(
    name: str, docker: Docker, tmp_path: Path
) -> None:
    case = OracleCase.load(CASES / name)
    load_bases(docker, [case])
    document = json.loads(json.dumps(measure(case, docker, tmp_path)))
    for part in ("status", "filesystem"):
        assert document[part] == case.expectation.document[part]


def test_what_is_refused_has_a_message(docker: Docker, tmp_path: Path) -> None:
    case = OracleCase.load(CASES / "copy-missing-source")
    load_bases(docker, [case])
    document = measure(case, docker, tmp_path)
    assert document["status"] == "refused"
    assert document["message"]
