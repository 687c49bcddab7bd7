"""The manifests of `deploy/` hold nothing that Kubernetes and Tekton do not know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from integration.manifests import DEPLOY, SWAGGER, check, documents, typos

KNOWN = ("kubernetes", "tekton") if SWAGGER.is_file() else ("kubernetes",)
"""Whose definitions are here; `.ci/run` says so where Tekton's are not."""

FILES = sorted(
    path.relative_to(DEPLOY) for name in KNOWN for path in DEPLOY.glob(f"{name}/*.yaml")
)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_manifest_is_valid_strictly(file: Path) -> None:
    for document in documents(DEPLOY / file):
        check(document)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_misspelled_field_is_refused_wherever_it_stands(file: Path) -> None:
    places = 0
    for document in documents(DEPLOY / file):
        for changed in typos(document):
            places += 1
            with pytest.raises(jsonschema.ValidationError, match="'mispelled' was"):
                check(changed)
    assert places > 5


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_value_of_another_type_is_refused(file: Path) -> None:
    for document in documents(DEPLOY / file):
        wrong: Any = {**document, "spec": [document["spec"]]}
        with pytest.raises(jsonschema.ValidationError):
            check(wrong)
