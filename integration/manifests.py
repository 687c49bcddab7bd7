"""Strict checks of the manifests of `deploy/`: a field that is not defined is refused.

Kubernetes' definitions come with the package kubernetes-validate. Tekton's are those of
its sources, pkg/apis/pipeline/v1/swagger.json (Apache-2.0), and no part of this tree:
`TEKTON_SWAGGER` says where they lie, else `shared/tekton` beside it. What they leave to
Kubernetes is looked up there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
SWAGGER = Path(
    os.environ.get("TEKTON_SWAGGER") or DEPLOY.parents[1] / "shared/tekton/swagger.json"
)
VERSION = "1.33"
"""The Kubernetes that the manifests are written for."""

_STRICT = f"kubernetes-json-schema/v{VERSION}.0-local-strict/_definitions.json"
_TEKTON = "file:///tekton.json"
_OF_KUBERNETES = ("io.k8s.api.core.v1.", "io.k8s.apimachinery.pkg.apis.meta.v1.")
_STRING = {"type": "string"}
_PARAM_VALUE = {
    "anyOf": [
        _STRING,
        {"type": "array", "items": _STRING},
        {"type": "object", "additionalProperties": _STRING},
    ]
}
"""A parameter's value as it is written; defined is how Tekton keeps it."""


def documents(path: Path) -> list[Any]:
    """Return the documents of a file."""
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


def check(document: Any) -> None:  # noqa: ANN401 - YAML
    """Require that a document has nothing but what its definition names.

    Raises:
        jsonschema.ValidationError: It has; or something is missing, or of another type.
    """
    if document["apiVersion"] == "tekton.dev/v1":
        definition = {"$ref": f"{_TEKTON}#/definitions/v1.{document['kind']}"}
        Draft202012Validator(definition, registry=_tekton()).validate(document)
    else:
        kubernetes_validate.validate(document, VERSION, strict=True)


@cache
def _tekton() -> Registry[Any]:
    file = resources.files("kubernetes_validate") / _STRICT
    kubernetes = json.loads(file.read_text())
    definitions = json.loads(SWAGGER.read_text())["definitions"]
    for definition in definitions.values():
        if "properties" in definition:
            definition["additionalProperties"] = False
    definitions["v1.ParamValue"] = _PARAM_VALUE
    known = kubernetes["$defs"]
    for name in {*_references(definitions)} - definitions.keys():
        short = name.rpartition(".")[2]
        found = [one + short for one in _OF_KUBERNETES if one + short in known]
        # what Kubernetes has not is of a run's state, and none may be given
        place = f"{kubernetes['$id']}#/$defs/{found[0]}" if found else ""
        definitions[name] = {"$ref": place} if place else False
    tekton = Resource.from_contents(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "definitions": definitions,
        }
    )
    return Registry[Any]().with_resources(
        [(kubernetes["$id"], Resource.from_contents(kubernetes)), (_TEKTON, tekton)]
    )


def _references(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix("#/definitions/")
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def typos(value: Any, name: str = "") -> Iterator[Any]:  # noqa: ANN401 - JSON
    """Yield the document once for each of its objects, which has a misspelled field.

    Objects whose fields are for people to name (labels, resources) have none.
    """
    if isinstance(value, dict):
        if name not in _CHOSEN:
            yield {**value, "mispelled": "value"}
        for key, each in value.items():
            for changed in typos(each, key):
                yield {**value, key: changed}
    elif isinstance(value, list):
        for number, each in enumerate(value):
            for changed in typos(each):
                yield [*value[:number], changed, *value[number + 1 :]]


_CHOSEN = ("labels", "annotations", "requests", "limits")
