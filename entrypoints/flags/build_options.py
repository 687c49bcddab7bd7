"""Builds `BuildOptions` from flags and environment.

Combinations are judged in `entrypoints.flags.checks`; here each value finds its field.
"""

from application.options import (
    BuildOptions,
    CacheOptions,
    Compression,
    ContextAddress,
    GitOptions,
    ImageFormat,
    ImageOptions,
    InputOptions,
    Isolation,
    LogFormat,
    LogOptions,
    NamedContext,
    OutputOptions,
    Progress,
    RootOptions,
    SnapshotMode,
    SnapshotOptions,
    Verbosity,
)
from domain.errors import KanipyError, UsageError
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.values import replace
from entrypoints.flags.environment import (
    Environment,
    credential_options,
    network_options,
    snapshot_timeout,
    storage_options,
    switch,
)
from entrypoints.flags.given import GivenFlags
from entrypoints.flags.not_yet import not_supported_yet
from entrypoints.flags.registry_options import credential_helpers, registry_options
from entrypoints.flags.secret_values import parse_agents, parse_secrets
from entrypoints.flags.values import parse_boolean, parse_integer, parse_size

_EPOCH = "SOURCE_DATE_EPOCH"
_LAST_SECOND = "253402300799"
"""The last that dates of four digits have a year for."""


def build_options(given: GivenFlags, environment: Environment) -> BuildOptions:
    """Build the options of one build.

    Args:
        given: Flags, docker's already translated into kaniko's.
        environment: The process's variables.

    Raises:
        UsageError: A value that is well formed as a word and means nothing.
        InvalidReference: A destination is no image reference.
        InvalidPlatform: `--custom-platform` is no platform.
    """
    inputs = input_options(given, environment)
    return BuildOptions(
        input=inputs,
        image=_image(given, environment, dict(inputs.build_args)),
        output=_output(given, environment),
        cache=_cache(given),
        snapshot=_snapshot(given, environment),
        root=_root(given, environment),
        registry=registry_options(given, environment),
        credentials=credential_options(environment, credential_helpers(given)),
        network=network_options(environment),
        log=log_options(given),
        only_plans=given.boolean("dryrun"),
        tells_plan=bool(switch(environment, "KANIKO_PRINT_PLAN")),
    )


def input_options(given: GivenFlags, environment: Environment) -> InputOptions:
    """Build the options that say what is built."""
    return InputOptions(
        dockerfile=given.text("dockerfile") or "Dockerfile",
        context=ContextAddress.parse(_context(given)),
        context_sub_path=given.text("context-sub-path"),
        context_limit=_limit(given),
        git=_git(given, environment),
        storage=storage_options(environment),
        named_contexts=tuple(
            NamedContext.parse(text) for text in given.texts("build-context")
        ),
        target=_target(given),
        build_args=build_arguments(given, environment),
        platform=platform_option(given),
        has_network=given.choice("network") != "none",
        secrets=parse_secrets(given.texts("secret"), environment),
        agents=parse_agents(given.texts("ssh"), environment),
    )


def log_options(given: GivenFlags) -> LogOptions:
    """Build the options of logging."""
    word = given.choice("verbosity")
    return LogOptions(
        verbosity=Verbosity("warning" if word == "warn" else word),
        format=LogFormat(given.choice("log-format")),
        timestamps=given.boolean("log-timestamp"),
        progress=_progress(given),
    )


def _progress(given: GivenFlags) -> Progress:
    word = given.text("progress") if given.given("progress") else ""
    return Progress(word) if word in set(Progress) else Progress.AUTO


def _target(given: GivenFlags) -> str:
    """Return the stage to build; several, by comma or repetition, cannot be yet."""
    names = [name for text in given.texts("target") for name in text.split(",") if name]
    if len(names) > 1:
        raise not_supported_yet("--target with several stages", "builds one stage")
    return names[0] if names else ""


def build_arguments(
    given: GivenFlags, environment: Environment
) -> tuple[tuple[str, str], ...]:
    """Return build arguments with their values, the last of each counting."""
    arguments: dict[str, str] = {}
    for text in given.texts("build-arg"):
        key, separator, value = text.partition("=")
        if not key:
            raise UsageError(
                "--build-arg needs a name", hint="write --build-arg KEY=VALUE"
            )
        if not separator and key not in environment:
            continue
        arguments[key] = value if separator else environment[key]
    return tuple(arguments.items())


def platform_option(given: GivenFlags) -> Platform | None:
    """Return the platform that is asked for, None for the host's.

    Raises:
        UsageError: There are several.
        InvalidPlatform: It is none.
    """
    text = given.text("custom-platform")
    if not text:
        return None
    if "," in text:
        raise UsageError(
            "--custom-platform takes one platform",
            hint="run the command once for each platform",
        )
    return Platform.parse(text)


def _context(given: GivenFlags) -> str:
    """Return the context; a bucket goes before it and is Google's, as for kaniko."""
    bucket = given.text("bucket")
    if not bucket:
        return given.text("context")
    return bucket if "://" in bucket else f"gs://{bucket}"


def _limit(given: GivenFlags) -> int:
    try:
        return parse_size(given.text("context-limit"))
    except ValueError as error:
        raise UsageError(f"invalid --context-limit: {error}") from error


def _git(given: GivenFlags, environment: Environment) -> GitOptions:
    """Read `--git`: key=value settings, joined by commas or repeated."""
    settings: dict[str, str] = {}
    for text in given.texts("git"):
        for setting in text.split(","):
            key, _, value = setting.partition("=")
            if key not in _GIT_KEYS or not value:
                raise UsageError(
                    f'invalid git setting "{setting}"',
                    hint=f"write KEY=VALUE with one of {', '.join(_GIT_KEYS)}",
                )
            settings[key] = value
    try:
        return GitOptions(
            branch=settings.get("branch", ""),
            single_branch=parse_boolean(settings.get("single-branch", "false")),
            recurse_submodules=parse_boolean(
                settings.get("recurse-submodules", "false")
            ),
            insecure_skip_tls=parse_boolean(settings.get("insecure-skip-tls", "false")),
            depth=max(0, parse_integer(settings.get("depth", "1"))),
            plain_http=environment.get("GIT_PULL_METHOD", "") == "http",
            user=environment.get("GIT_TOKEN", "")
            or environment.get("GIT_USERNAME", ""),
            password=""
            if environment.get("GIT_TOKEN", "")
            else environment.get("GIT_PASSWORD", ""),
            agent=environment.get("SSH_AUTH_SOCK", ""),
        )
    except ValueError as error:
        raise UsageError(f"invalid git setting: {error}") from error


_GIT_KEYS = (
    "branch",
    "single-branch",
    "recurse-submodules",
    "insecure-skip-tls",
    "depth",
)


def _image(
    given: GivenFlags, environment: Environment, build_args: dict[str, str]
) -> ImageOptions:
    form = given.choice("image-format")
    compression = given.choice("compression")
    level = given.integer("compression-level")
    return ImageOptions(
        labels=given.pairs("label"),
        annotations=given.pairs("annotation"),
        format=ImageFormat(form) if form else None,
        compression=Compression(compression) if compression else None,
        compression_level=level if level > 0 else None,
        reproducible=given.boolean("reproducible"),
        source_date_epoch=_epoch(
            build_args.get(_EPOCH, "") or environment.get(_EPOCH, "")
        ),
    )


def _epoch(text: str) -> int | None:
    if not text:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= len(_LAST_SECOND)
    if not is_number or int(text) > int(_LAST_SECOND):
        raise UsageError(
            f'invalid value "{text}" of {_EPOCH}',
            hint="it is a number of seconds since 1970: $(git log -1 --format=%ct)",
        )
    return int(text)


def _output(given: GivenFlags, environment: Environment) -> OutputOptions:
    no_push = switch(environment, "KANIKO_NO_PUSH")
    if no_push is None:
        no_push = given.boolean("no-push")
    return replace(
        output_options(given, environment),
        push=not no_push,
        report_file=given.text("report"),
        timings_file=environment.get("BENCHMARK_FILE", ""),
        profile_file=environment.get("STACKLOG_PATH", ""),
    )


def output_options(given: GivenFlags, environment: Environment) -> OutputOptions:
    """Build the options of outputs, for an image that is pushed.

    Raises:
        UsageError: A destination names a digest.
        InvalidReference: A destination is no image reference.
    """
    return OutputOptions(
        destinations=tuple(
            _destination(text) for text in given.texts("destination") if text
        ),
        push=True,
        tar_path=given.text("tar-path"),
        oci_layout_path=given.text("oci-layout-path"),
        digest_file=given.text("digest-file"),
        image_name_with_digest_file=given.text("image-name-with-digest-file"),
        image_name_tag_with_digest_file=given.text("image-name-tag-with-digest-file"),
        image_id_file=given.text("iidfile"),
        metadata_file=given.text("metadata-file"),
        builder_output=environment.get("BUILDER_OUTPUT", ""),
    )


def _destination(text: str) -> Reference:
    try:
        reference = Reference.parse(text)
    except KanipyError as error:
        raise type(error)(
            error.message, place=f'--destination "{text}"', hint=error.hint
        ) from error
    if reference.digest:
        raise UsageError(
            f'--destination "{text}" names a digest',
            hint=f"write {reference.name}:TAG",
        )
    return reference


def _cache(given: GivenFlags) -> CacheOptions:
    return CacheOptions(
        enabled=given.boolean("cache"),
        repository=given.text("cache-repo"),
        directory=given.text("cache-dir"),
        ttl=given.duration("cache-ttl"),
        copy_layers=given.boolean("cache-copy-layers"),
        run_layers=given.boolean("cache-run-layers"),
        push=not given.boolean("no-push-cache"),
    )


def _snapshot(given: GivenFlags, environment: Environment) -> SnapshotOptions:
    options = SnapshotOptions(
        mode=SnapshotMode(given.choice("snapshot-mode")),
        ignore_paths=tuple(path for path in given.texts("ignore-path") if path),
        ignore_var_run=given.boolean("ignore-var-run"),
        single=given.boolean("single-snapshot"),
    )
    timeout = snapshot_timeout(environment)
    return options if timeout is None else replace(options, timeout=timeout)


def _root(given: GivenFlags, environment: Environment) -> RootOptions:
    return RootOptions(
        isolation=Isolation(given.choice("isolation")),
        work_directory=work_directory(given, environment),
        force=given.boolean("force"),
        cleanup=_switched(given, "cleanup", environment),
        preserve=_switched(given, "preserve-context", environment),
        materialise=given.boolean("materialize"),
        unpack_retries=max(0, given.integer("image-fs-extract-retry")),
        jobs=_jobs(given),
    )


def _jobs(given: GivenFlags) -> int:
    jobs = given.integer("jobs")
    if jobs < 0:
        raise UsageError(
            f'invalid value "{jobs}" of --jobs', hint="give a number of stages, or 0"
        )
    return jobs


def work_directory(given: GivenFlags, environment: Environment) -> str:
    """Return the directory of work files, "" where none is named."""
    directory = given.texts("kaniko-dir")[-1:] or (environment.get("KANIKO_DIR", ""),)
    return directory[-1]


def _switched(given: GivenFlags, name: str, environment: Environment) -> bool:
    """Return a flag, or where it is absent the variable that stands for it."""
    variable = f"KANIKO_{name.upper().replace('-', '_')}"
    said = None if given.given(name) else switch(environment, variable)
    return given.boolean(name) if said is None else said
