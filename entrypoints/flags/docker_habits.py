"""Turns what docker's users type into kaniko's flags, or names the flag to use."""

from collections.abc import Mapping

from domain.errors import UsageError
from domain.values import dataclass
from entrypoints.flags.given import GivenFlags

REFUSED: Mapping[str, str] = {
    "load": "write --tar-path=image.tar and run docker load --input image.tar",
    "quiet": "use --verbosity=error, and --iidfile=FILE for the image ID",
    "cache-from": "use --cache=true with --cache-repo=REPOSITORY",
    "cache-to": "use --cache=true with --cache-repo=REPOSITORY",
    "squash": "use --single-snapshot",
    "add-host": "set it on the container that kanipy runs in",
    "memory": "set it on the container that kanipy runs in",
    "shm-size": "set it on the container that kanipy runs in",
    "ulimit": "set it on the container that kanipy runs in",
}
"""Flags of docker that have no meaning here, each with what to do instead."""

_PROGRESS = {
    "plain": ("log-format", "text"),
    "json": ("log-format", "json"),
    "rawjson": ("log-format", "json"),
    "quiet": ("verbosity", "error"),
    "none": ("verbosity", "error"),
}


def translate(given: GivenFlags) -> GivenFlags:
    """Return the flags with docker's replaced by kaniko's.

    Raises:
        UsageError: A flag of docker that has no counterpart, or a malformed
            `--output`.
    """
    _refuse(given)
    given = _apply_outputs(given)
    if given.boolean("no-cache"):
        given = given.with_values("cache", "false")
    if not given.boolean("push"):
        given = given.with_values("no-push", "true")
    target = _PROGRESS.get(given.text("progress"))
    if target and not given.given(target[0]):
        given = given.with_values(*target)
    return given


def _refuse(given: GivenFlags) -> None:
    for name, remedy in REFUSED.items():
        if given.given(name) and given.text(name) not in {"", "0", "false"}:
            raise UsageError(f"--{name} does not exist here", hint=remedy)


@dataclass(frozen=True, slots=True)
class _Output:
    """One `--output`: its type, and the rest of its settings."""

    type: str
    settings: dict[str, str]


_SHARED = frozenset({"compression", "compression-level", "oci-mediatypes", "name"})
_KNOWN = {
    "oci": _SHARED | {"dest", "tar"},
    "docker": _SHARED | {"dest"},
    "image": _SHARED | {"push"},
    "registry": _SHARED,
}


def _apply_outputs(given: GivenFlags) -> GivenFlags:
    """Apply every `--output`. Without one that pushes, nothing is pushed."""
    outputs = [_parse(text) for text in given.texts("output") if text]
    for output in outputs:
        given = _apply(output, given)
    pushes = any(_pushes(output) for output in outputs)
    if outputs and not pushes and not given.given("push"):
        given = given.with_values("no-push", "true")
    return given


def _parse(text: str) -> _Output:
    settings: dict[str, str] = {}
    for field in _fields(text):
        key, separator, value = field.partition("=")
        if not separator:
            raise UsageError(
                f'invalid --output "{text}": "{field}" is not key=value',
                hint="for an OCI layout write --oci-layout-path=DIR, for a docker "
                "archive --tar-path=FILE",
            )
        settings[key.strip().lower()] = value
    kind = settings.pop("type", "")
    if kind not in _KNOWN:
        raise UsageError(
            f'--output type "{kind}" is not available',
            hint="for an OCI layout write --oci-layout-path=DIR, for a docker "
            "archive --tar-path=FILE",
        )
    for key in settings:
        if key not in _KNOWN[kind]:
            known = ", ".join(sorted(_KNOWN[kind]))
            raise UsageError(
                f'unknown setting "{key}" of --output type={kind}',
                hint=f"use one of {known}",
            )
    return _Output(kind, settings)


def _fields(text: str) -> list[str]:
    """Split at commas as CSV does: a field in double quotes keeps its commas."""
    fields = [""]
    quoted = False
    for letter in text:
        if letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            fields.append("")
        else:
            fields[-1] += letter
    return fields


def _apply(output: _Output, given: GivenFlags) -> GivenFlags:
    settings = output.settings
    if output.type in {"oci", "docker"}:
        given = _apply_file(output, given)
    if "name" in settings and not given.given("destination"):
        given = given.with_values("destination", *settings["name"].split(","))
    for key in ("compression", "compression-level"):
        if key in settings and not given.given(key):
            given = _checked(given, key, settings[key])
    if _is_true(settings, "oci-mediatypes") and not given.given("image-format"):
        given = given.with_values("image-format", "oci")
    return given


def _apply_file(output: _Output, given: GivenFlags) -> GivenFlags:
    flag = "oci-layout-path" if output.type == "oci" else "tar-path"
    destination = output.settings.get("dest", "")
    if destination in {"", "-"}:
        raise UsageError(
            f"--output type={output.type} needs dest=PATH",
            hint=f"the same as --{flag}=PATH",
        )
    if output.type == "oci" and (
        _is_true(output.settings, "tar") or destination.endswith(".tar")
    ):
        raise UsageError(
            "--output type=oci writes a directory here, not an archive",
            hint="use --oci-layout-path=DIR, or --tar-path=FILE for a docker archive",
        )
    return given.with_values(flag, destination)


def _pushes(output: _Output) -> bool:
    return output.type == "registry" or _is_true(output.settings, "push")


def _is_true(settings: Mapping[str, str], key: str) -> bool:
    return settings.get(key, "").lower() in {"true", "1", "t"}


def _checked(given: GivenFlags, name: str, value: str) -> GivenFlags:
    try:
        given.table[name].read(value)
    except ValueError as error:
        raise UsageError(f'invalid {name} "{value}" of --output: {error}') from error
    return given.with_values(name, value)
