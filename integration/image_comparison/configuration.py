"""The fields of an image's configuration that are compared, in one normal form.

Fields that are not named here (creation time, history, `ArgsEscaped`, …) are not
compared; history is counted in `soundness`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from integration.image_comparison.differences import Difference

Fields = dict[str, object]
"""Name of a field, or `Env.NAME` and `Labels.NAME`, to its value; unset is absent."""

PLAIN = ("Cmd", "Entrypoint", "User", "Shell", "OnBuild", "StopSignal")
SETS = ("ExposedPorts", "Volumes")


def image_fields(document: Mapping[str, Any]) -> Fields:
    """Return the compared fields of an image's config document."""
    config = {**(document.get("config") or {}), "author": document.get("author")}
    parts = (document.get(name) for name in ("os", "architecture", "variant"))
    platform = "/".join(part for part in parts if part)
    if platform != "linux/amd64":
        config["platform"] = platform
    return normal_fields(config)


def normal_fields(config: Mapping[str, Any]) -> Fields:
    """Return the compared fields of a flat `config` object, as oracle data have."""
    fields: Fields = {name: config.get(name) for name in PLAIN}
    fields |= {name: config.get(name) for name in ("author", "platform")}
    fields |= {name: sorted(config.get(name) or ()) for name in SETS}
    fields |= {f"Env.{name}": value for name, value in _variables(config)}
    labels: Mapping[str, str] = config.get("Labels") or {}
    fields |= {f"Labels.{name}": value for name, value in labels.items()}
    fields["WorkingDir"] = _directory(config.get("WorkingDir"))
    fields["Healthcheck"] = {
        name: value
        for name, value in (config.get("Healthcheck") or {}).items()
        if value
    }
    return {
        name: value
        for name, value in fields.items()
        if value or name.startswith(("Env.", "Labels."))
    }


def repeated_variables(document: Mapping[str, Any]) -> list[Difference]:
    """Return a problem for each name that stands twice in Env."""
    names = [name for name, _ in _variables(document.get("config") or {})]
    return [
        Difference("soundness", f"Env.{name}", "stands twice", "once")
        for name in sorted(set(names))
        if names.count(name) > 1
    ]


def compare_fields(ours: Fields, theirs: Fields) -> list[Difference]:
    """Return a difference for each field whose values differ."""
    return [
        Difference("config", name, ours.get(name), theirs.get(name))
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    ]


def _variables(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    variables: Sequence[str] = config.get("Env") or ()
    for variable in variables:
        name, _, value = variable.partition("=")
        yield name, value


def _directory(path: str | None) -> str:
    return re.sub("/+", "/", path or "").rstrip("/")
