"""Each flag finds its field."""

from dataclasses import fields
from datetime import timedelta

import pytest

from application.options import (
    BuildOptions,
    CacheOptions,
    Compression,
    ContextAddress,
    DirectoryContext,
    GitOptions,
    ImageFormat,
    ImageOptions,
    InputOptions,
    Isolation,
    LayoutContext,
    LogFormat,
    NamedContext,
    Progress,
    SnapshotMode,
    Verbosity,
)
from domain.errors import InvalidPlatform, InvalidReference, UsageError
from domain.image.platform import Platform
from domain.image.reference import Reference
from entrypoints.flags.build_options import build_options
from entrypoints.flags.scanner import scan
from entrypoints.flags.table import EXECUTOR_FLAGS
from tests.entrypoints.command_line import failure, options


def test_without_flags_everything_has_its_default() -> None:
    expected = BuildOptions(
        input=InputOptions(context=ContextAddress.parse("/workspace/"))
    )
    assert options() == expected


def _unchecked(*words: str) -> BuildOptions:
    """Return options before what is not supported yet is refused."""
    return build_options(scan(words, EXECUTOR_FLAGS).given, {})


@pytest.mark.parametrize(
    ("word", "group", "field", "value"),
    [
        ("-fd/F", "input", "dockerfile", "d/F"),
        ("--dockerfile=", "input", "dockerfile", "Dockerfile"),
        ("-c=/src", "input", "context", ContextAddress.parse("/src")),
        ("--context-sub-path=a", "input", "context_sub_path", "a"),
        ("-b=a", "input", "context", ContextAddress.parse("gs://a")),
        ("--bucket=s3://a", "input", "context", ContextAddress.parse("s3://a")),
        ("--context-limit=2K", "input", "context_limit", 2048),
        ("--context-limit=0", "input", "context_limit", 0),
        ("--target=a", "input", "target", "a"),
        ("--target=", "input", "target", ""),
        ("--build-arg=K=a=b c", "input", "build_args", (("K", "a=b c"),)),
        ("--build-arg=K=", "input", "build_args", (("K", ""),)),
        (
            "--platform=linux/arm64",
            "input",
            "platform",
            Platform(os="linux", architecture="arm64"),
        ),
        ("--custom-platform=", "input", "platform", None),
        ("--label=a=b=c", "image", "labels", (("a", "b=c"),)),
        ("--annotation=a=", "image", "annotations", (("a", ""),)),
        ("--image-format=oci", "image", "format", ImageFormat.OCI),
        ("--compression=zstd", "image", "compression", Compression.ZSTD),
        ("--compression-level=7", "image", "compression_level", 7),
        ("--compression-level=0", "image", "compression_level", None),
        ("--reproducible", "image", "reproducible", True),
        ("--tar-path=a.tar", "output", "tar_path", "a.tar"),
        ("--oci-layout-path=out", "output", "oci_layout_path", "out"),
        ("--digest-file=/d", "output", "digest_file", "/d"),
        ("--iidfile=/i", "output", "image_id_file", "/i"),
        ("--metadata-file=/m", "output", "metadata_file", "/m"),
        ("--snapshot-mode=redo", "snapshot", "mode", SnapshotMode.REDO),
        ("--single-snapshot", "snapshot", "single", True),
        ("--ignore-path=/a", "snapshot", "ignore_paths", ("/a",)),
        ("--ignore-path=", "snapshot", "ignore_paths", ()),
        ("--ignore-var-run=false", "snapshot", "ignore_var_run", False),
        ("--whitelist-var-run=0", "snapshot", "ignore_var_run", False),
        ("--isolation=chroot", "root", "isolation", Isolation.CHROOT),
        ("--kaniko-dir=/w", "root", "work_directory", "/w"),
        ("--force", "root", "force", True),
        ("--cleanup", "root", "cleanup", True),
        ("--preserve-context", "root", "preserve", True),
        ("--materialize", "root", "materialise", True),
        ("--insecure", "registry", "insecure_push", True),
        ("--insecure-pull", "registry", "insecure_pull", True),
        ("--insecure-registry=h:5000", "registry", "insecure_registries", ("h:5000",)),
        ("--insecure-registry=", "registry", "insecure_registries", ()),
        ("--skip-tls-verify", "registry", "skip_tls_verify_push", True),
        ("--skip-tls-verify-pull", "registry", "skip_tls_verify_pull", True),
        (
            "--skip-tls-verify-registry=h",
            "registry",
            "skip_tls_verify_registries",
            ("h",),
        ),
        (
            "--registry-certificate=h=/c.pem",
            "registry",
            "certificates",
            (("h", "/c.pem"),),
        ),
        ("--push-ignore-immutable-tag-errors", "registry", "keep_immutable_tags", True),
        ("--image-fs-extract-retry=2", "root", "unpack_retries", 2),
        ("--jobs=3", "root", "jobs", 3),
        ("--progress=tty", "log", "progress", Progress.TTY),
        ("--progress=plain", "log", "progress", Progress.PLAIN),
        ("--progress=quiet", "log", "progress", Progress.AUTO),
        ("--report=r.html", "output", "report_file", "r.html"),
        ("--image-fs-extract-retry=-1", "root", "unpack_retries", 0),
        ("--push-retry=3", "registry", "push_retries", 3),
        ("--push-retry=-3", "registry", "push_retries", 0),
        ("--image-download-retry=2", "registry", "download_retries", 2),
        (
            "--skip-push-permission-check",
            "registry",
            "check_push_permission",
            False,
        ),
        ("-vTRACE", "log", "verbosity", Verbosity.TRACE),
        ("--verbosity=warn", "log", "verbosity", Verbosity.WARNING),
        ("--log-format=json", "log", "format", LogFormat.JSON),
        ("--log-timestamp", "log", "timestamps", True),
        ("--no-push-cache", "cache", "push", False),
    ],
)
def test_a_flag_finds_its_field_and_touches_no_other(
    word: str, group: str, field: str, value: object
) -> None:
    made, default = options(word), options()
    assert getattr(getattr(made, group), field) == value
    for other in fields(BuildOptions):
        if other.name != group:
            assert getattr(made, other.name) == getattr(default, other.name)


@pytest.mark.parametrize(
    ("words", "variable", "cleans"),
    [
        ((), "true", True),
        ((), "0", False),
        ((), "", False),
        (("--cleanup=false",), "true", False),
        (("--cleanup",), "false", True),
    ],
)
def test_a_variable_stands_for_a_flag_that_is_absent(
    words: tuple[str, ...], variable: str, *, cleans: bool
) -> None:
    made = options(*words, environment={"KANIKO_CLEANUP": variable})
    assert made.root.cleanup is cleans


def test_destinations_are_references_in_order() -> None:
    made = options("-d", "localhost:5000/a", "--tag=debian:12", "-d=")
    assert made.output.destinations == (
        Reference(registry="localhost:5000", repository="a", tag="latest"),
        Reference(registry="index.docker.io", repository="library/debian", tag="12"),
    )


def test_files_of_names_are_given_with_a_destination() -> None:
    output = options(
        "-d=a",
        "--image-name-with-digest-file=/n",
        "--image-name-tag-with-digest-file=/t",
    ).output
    assert output.image_name_with_digest_file == "/n"
    assert output.image_name_tag_with_digest_file == "/t"


def test_a_build_argument_without_a_value_takes_the_variable() -> None:
    words = ("--build-arg=SET", "--build-arg=EMPTY", "--build-arg=UNSET")
    made = options(*words, environment={"SET": "a b", "EMPTY": ""})
    assert made.input.build_args == (("SET", "a b"), ("EMPTY", ""))


def test_the_last_value_of_a_build_argument_counts() -> None:
    made = options("--build-arg=A=1", "--build-arg=B=2", "--build-arg=A=3")
    assert made.input.build_args == (("A", "3"), ("B", "2"))


def test_a_build_argument_needs_a_name() -> None:
    assert failure("--no-push", "--build-arg==x").message == "--build-arg needs a name"


def test_named_contexts_are_kept_in_order() -> None:
    made = options("--build-context=a=/x", "--build-context", "b=oci-layout:///y:t")
    assert made.input.named_contexts == (
        NamedContext(name="a", source=DirectoryContext(path="/x")),
        NamedContext(name="b", source=LayoutContext(path="/y", tag="t")),
    )


def test_git_settings_may_be_repeated_or_joined() -> None:
    expected = GitOptions(
        branch="main",
        single_branch=True,
        recurse_submodules=True,
        insecure_skip_tls=True,
        depth=1,
    )
    joined = "branch=main,single-branch=true,recurse-submodules=true"
    made = _unchecked("--git", joined, "--git=insecure-skip-tls=1", "--git=depth=1")
    assert made.input.git == expected


@pytest.mark.parametrize(
    "value", ["branch=a,nonsense", "unknown=1", "single-branch=maybe", "depth=deep"]
)
def test_a_wrong_git_setting_is_an_error(value: str) -> None:
    with pytest.raises(UsageError, match="invalid git setting"):
        _unchecked(f"--git={value}")


def test_cache_flags_fill_the_cache_options() -> None:
    made = _unchecked(
        "--cache",
        "--cache-repo=r",
        "--cache-dir=/c",
        "--cache-ttl=6h",
        "--cache-copy-layers",
        "--cache-run-layers=false",
        "--no-push-cache",
    )
    assert made.cache == CacheOptions(
        enabled=True,
        repository="r",
        directory="/c",
        ttl=timedelta(hours=6),
        copy_layers=True,
        run_layers=False,
        push=False,
    )


def test_an_image_is_plain_without_flags() -> None:
    assert options().image == ImageOptions()


def test_a_destination_that_is_no_reference_is_an_error_naming_the_flag() -> None:
    error = failure("-d", "UPPER")
    assert isinstance(error, InvalidReference)
    assert error.place == '--destination "UPPER"'
    assert error.hint is not None


def test_a_destination_must_not_name_a_digest() -> None:
    error = failure("-d", f"a/b@sha256:{'0' * 64}")
    assert "names a digest" in error.message


@pytest.mark.parametrize("value", ["linux", "linux/", "a/b/c/d"])
def test_a_platform_that_is_none_is_an_error(value: str) -> None:
    assert isinstance(failure("-d=a", f"--platform={value}"), InvalidPlatform)


def test_a_build_is_for_one_platform() -> None:
    error = failure("-d=a", "--platform=linux/amd64,linux/arm64")
    assert "one platform" in error.message


def test_an_unknown_context_prefix_is_an_error() -> None:
    error = failure("-d=a", "--context=ftp://host/x")
    assert error.message == "unknown build context prefix ftp://"


def test_an_empty_context_is_an_error() -> None:
    assert failure("-d=a", "--context=").message == "the build context is empty"


def test_network_none_is_for_runs_that_name_no_other() -> None:
    assert options().input.has_network
    assert options("--network=host").input.has_network
    assert not options("--network=none").input.has_network
    assert "--network" in failure("--no-push", "--network=bridge").message


def test_a_negative_number_of_stages_is_a_mistake() -> None:
    error = failure("--destination=a/b", "--jobs=-1")
    assert str(error).startswith('invalid value "-1" of --jobs')


@pytest.mark.parametrize(
    ("variable", "field"),
    [("BENCHMARK_FILE", "timings_file"), ("STACKLOG_PATH", "profile_file")],
)
def test_a_variable_names_a_file(variable: str, field: str) -> None:
    output = options(environment={variable: "/f"}).output
    assert getattr(output, field) == "/f"
