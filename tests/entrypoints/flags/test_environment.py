"""Environment variables are honoured, or named in a warning."""

from datetime import timedelta

import pytest

from application.options import (
    CREDENTIAL_HELPERS,
    CredentialOptions,
    NetworkOptions,
)
from entrypoints.flags.environment import (
    FEATURE_FLAGS,
    OF_THE_IMAGE,
    VARIABLES,
    Standing,
    Variable,
    warnings,
)
from tests.architecture.sources import ROOT
from tests.entrypoints.command_line import build, failure, options

_WARNING = {Standing.NOT_YET, Standing.WITHOUT_EFFECT}
_NAMES = [
    (variable, name.replace("*", "SOMETHING"))
    for variable in VARIABLES
    for name in variable.names
]


@pytest.mark.parametrize(
    ("variable", "name"), _NAMES, ids=lambda value: str(value)[:40]
)
def test_a_variable_warns_unless_it_is_honoured(variable: Variable, name: str) -> None:
    lines = warnings({name: "1"})
    if variable.standing in _WARNING:
        assert len(lines) == 1
        assert lines[0].startswith(f"{name} ignored: ")
        assert variable.note in lines[0]
    else:
        assert lines == ()


@pytest.mark.parametrize(
    ("variable", "name"), _NAMES, ids=lambda value: str(value)[:40]
)
def test_an_empty_variable_counts_as_not_set(variable: Variable, name: str) -> None:
    assert warnings({name: ""}) == ()


def test_every_variable_kaniko_reads_has_a_row() -> None:
    known = """
    KANIKO_DIR KANIKO_NO_PUSH KANIKO_REGISTRY_MIRROR KANIKO_REGISTRY_MAP KANIKO_CLEANUP
    KANIKO_PRE_CLEANUP KANIKO_PRESERVE_CONTEXT KANIKO_PRINT_PLAN KANIKO_GHCR_IO_USER
    KANIKO_GHCR_IO_PASSWORD KANIKO_TELEMETRY_ENDPOINT KANIKO_TELEMETRY_OMIT_DOCKERFILE
    OTEL_SERVICE_NAME KANIKO_IGNORE_ASSERTIONS SNAPSHOT_TIMEOUT_DURATION BENCHMARK_FILE
    STACKLOG_PATH UPSTREAM_CLIENT_TYPE BUILDER_OUTPUT DOCKER_CONFIG DOCKER_AUTH_CONFIG
    REGISTRY_AUTH_FILE XDG_RUNTIME_DIR XDG_CONFIG_HOME HOME
    GOOGLE_APPLICATION_CREDENTIALS DOCKER_CREDENTIAL_GCR_CONFIG STORAGE_EMULATOR_HOST
    AWS_ACCESS_KEY_ID AWS_REGION S3_ENDPOINT S3_FORCE_PATH_STYLE
    AZURE_STORAGE_ACCESS_KEY AZURE_CLIENT_ID AZURE_CLIENT_SECRET AZURE_TENANT_ID
    AZURE_FEDERATED_TOKEN_FILE AZURE_ENVIRONMENT CI_REGISTRY CI_REGISTRY_USER
    CI_REGISTRY_PASSWORD GIT_TOKEN GIT_USERNAME GIT_PASSWORD GIT_PULL_METHOD
    SSL_CERT_DIR SSL_CERT_FILE HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy
    no_proxy GODEBUG GGCR_EXPERIMENT_ESTARGZ container SOURCE_DATE_EPOCH
    FF_KANIKO_RUN_VIA_TINI
    """
    for name in known.split():
        rows = [variable for variable in VARIABLES if variable.covers(name)]
        assert len(rows) == 1, name


def test_variables_of_one_meaning_share_a_warning() -> None:
    (line,) = warnings({"OTEL_X": "x", "OTEL_A": "y", "PATH": "/bin"})
    assert line.startswith("OTEL_A, OTEL_X ignored: not supported yet (telemetry")


def test_no_warning_shows_a_value() -> None:
    environment = {name: "hunter2" for _, name in _NAMES}
    assert not any("hunter2" in line for line in warnings(environment))


@pytest.mark.parametrize(
    ("value", "is_told"), [("1", True), ("true", True), ("0", False), ("", False)]
)
def test_a_plan_is_told_where_a_variable_asks_for_it(value: str, is_told: bool) -> None:  # noqa: FBT001
    made = options("-d", "a/b", environment={"KANIKO_PRINT_PLAN": value})
    assert made.tells_plan is is_told
    assert not made.only_plans


def test_what_is_no_boolean_tells_no_plan() -> None:
    error = failure("-d", "a", environment={"KANIKO_PRINT_PLAN": "maybe"})
    assert "of KANIKO_PRINT_PLAN" in error.message


def test_what_our_own_image_sets_asks_for_nothing() -> None:
    name = "DOCKER_CREDENTIAL_GCR_CONFIG"
    assert warnings({name: OF_THE_IMAGE[name]}) == ()
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert all(f"{n}={value}" in dockerfile for n, value in OF_THE_IMAGE.items())


def test_known_feature_flags_are_told_from_unknown_ones() -> None:
    lines = warnings({"FF_KANIKO_OCI_WARMER": "1", "FF_KANIKO_NEVER_HEARD_OF": "1"})
    known, unknown = lines
    assert known.startswith("FF_KANIKO_OCI_WARMER ignored: kanipy behaves as docker")
    assert unknown.startswith("FF_KANIKO_NEVER_HEARD_OF ignored: no feature flag of")
    assert len(FEATURE_FLAGS) == 37


def test_warnings_of_the_environment_come_with_the_build() -> None:
    assert build(environment={"OTEL_SERVICE_NAME": "x"}).warnings == (
        "OTEL_SERVICE_NAME ignored: not supported yet (telemetry)",
    )


def test_a_token_goes_before_a_user() -> None:
    environment = {"GIT_USERNAME": "u", "GIT_PASSWORD": "p"}
    git = options(environment=environment).input.git
    assert (git.user, git.password) == ("u", "p")
    git = options(environment={**environment, "GIT_TOKEN": "t"}).input.git
    assert (git.user, git.password) == ("t", "")


@pytest.mark.parametrize(
    ("method", "plain"), [("", False), ("http", True), ("ssh", False)]
)
def test_the_pull_method_is_https_unless_it_is_http(method: str, plain: bool) -> None:  # noqa: FBT001
    environment = {"GIT_PULL_METHOD": method}
    assert options(environment=environment).input.git.plain_http is plain


def test_path_style_counts_with_an_endpoint_alone() -> None:
    environment = {"S3_FORCE_PATH_STYLE": "true"}
    assert not options(environment=environment).input.storage.s3_path_style
    environment["S3_ENDPOINT"] = "http://host"
    storage = options(environment=environment).input.storage
    assert (storage.s3_endpoint, storage.s3_path_style) == ("http://host", True)


def test_the_work_directory_comes_from_the_flag_then_the_variable() -> None:
    environment = {"KANIKO_DIR": "/from/variable"}
    assert options().root.work_directory == ""
    assert options(environment=environment).root.work_directory == "/from/variable"
    chosen = options("--kaniko-dir=/flag", environment=environment)
    assert chosen.root.work_directory == "/flag"


@pytest.mark.parametrize(
    ("value", "flag", "push"),
    [
        ("true", "--no-push=false", False),
        ("false", "--no-push", True),
        ("", "--no-push", False),
    ],
)
def test_the_variable_overrides_no_push(value: str, flag: str, push: bool) -> None:  # noqa: FBT001
    made = options(flag, "-d", "a/b", environment={"KANIKO_NO_PUSH": value})
    assert made.output.push is push


def test_a_no_push_variable_that_is_no_boolean_is_an_error() -> None:
    error = failure("-d", "a", environment={"KANIKO_NO_PUSH": "maybe"})
    assert error.message == (
        'invalid value "maybe" of KANIKO_NO_PUSH: expected true or false'
    )


def test_the_snapshot_timeout_is_a_duration() -> None:
    environment = {"SNAPSHOT_TIMEOUT_DURATION": "1h30s"}
    snapshot = options(environment=environment).snapshot
    assert snapshot.timeout == timedelta(hours=1, seconds=30)
    assert options().snapshot.timeout == timedelta(minutes=90)


@pytest.mark.parametrize("value", ["90", "0", "-1m"])
def test_a_snapshot_timeout_must_be_a_positive_duration(value: str) -> None:
    error = failure("-d", "a", environment={"SNAPSHOT_TIMEOUT_DURATION": value})
    assert "SNAPSHOT_TIMEOUT_DURATION: expected a duration" in error.message


def test_the_epoch_of_a_build_argument_comes_before_the_variable() -> None:
    environment = {"SOURCE_DATE_EPOCH": "1"}
    assert options().image.source_date_epoch is None
    assert options(environment=environment).image.source_date_epoch == 1
    chosen = options("--build-arg=SOURCE_DATE_EPOCH=2", environment=environment)
    assert chosen.image.source_date_epoch == 2


@pytest.mark.parametrize(
    "value", ["-1", "1.5", "yesterday", "٣", "253402300800", "9" * 5000]
)
def test_an_epoch_is_a_number_of_seconds(value: str) -> None:
    error = failure("-d", "a", environment={"SOURCE_DATE_EPOCH": value})
    assert "SOURCE_DATE_EPOCH" in error.message


def test_variables_of_logins_and_clouds_are_passed_on_and_no_others() -> None:
    environment = {
        "KANIKO_GHCR_IO_USER": "me",
        "KANIKO_GHCR_IO_PASSWORD": "hunter2",
        "CI_REGISTRY": "registry.example.com",
        "AZURE_CLIENT_SECRET": "hunter3",
        "AZURE_FEDERATED_TOKEN_FILE": "/var/run/token",
        "GOOGLE_APPLICATION_CREDENTIALS": "/secret/key.json",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/aws",
        "AWS_SECRET_ACCESS_KEY": "hunter4",
        "KANIKO_DIR": "/work",
    }
    found = options(environment=environment).credentials
    assert dict(found.variables) == {
        name: value
        for name, value in environment.items()
        if not name.startswith("AWS_") and name != "KANIKO_DIR"
    }
    assert set(found.files) == {"/var/run/token", "/secret/key.json", "/var/run/aws"}
    assert "hunter" not in repr(found)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), CREDENTIAL_HELPERS),
        (("--credential-helpers=",), ()),
        (("--credential-helpers=ecr",), ("ecr",)),
        (("--credential-helpers=gitlab,env",), ("env", "gitlab")),
        (("--credential-helpers", "acr", "--credential-helpers=google"),
         ("google", "acr")),
    ],
)  # fmt: skip
def test_credential_helpers_are_chosen(
    words: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert options(*words).credentials.helpers == expected


def test_an_unknown_credential_helper_is_refused() -> None:
    error = failure("--no-push", "--credential-helpers=env,docker")
    assert '"docker"' in str(error)
    assert "gitlab" in str(error.hint)


def test_the_configuration_of_kaniko_s_old_azure_helper_is_told_to_mean_nothing() -> (
    None
):
    (line,) = build("--azure-container-registry-config=/x.json").warnings
    assert line.startswith("--azure-container-registry-config has no effect")


def test_credentials_are_looked_for_where_the_variables_say() -> None:
    environment = {
        "DOCKER_AUTH_CONFIG": "{}",
        "DOCKER_CONFIG": "/kaniko/.docker",
        "HOME": "/root",
        "REGISTRY_AUTH_FILE": "/auth.json",
        "XDG_RUNTIME_DIR": "/run/user/0",
        "XDG_CONFIG_HOME": "/root/.config",
    }
    assert options(environment=environment).credentials == CredentialOptions(
        variables=(("HOME", "/root"),),
        docker_auth_config="{}",
        docker_config="/kaniko/.docker",
        home="/root",
        registry_auth_file="/auth.json",
        xdg_runtime_dir="/run/user/0",
        xdg_config_home="/root/.config",
    )


def test_trust_and_proxies_come_from_the_variables() -> None:
    environment = {
        "SSL_CERT_FILE": "/ca.pem",
        "AWS_CA_BUNDLE": "/aws.pem",
        "REQUESTS_CA_BUNDLE": "",
        "SSL_CERT_DIR": "/certs:/more",
        "HTTP_PROXY": "http://capital",
        "http_proxy": "http://small",
        "HTTPS_PROXY": "http://secure",
        "no_proxy": "localhost",
    }
    assert options(environment=environment).network == NetworkOptions(
        ca_file="/ca.pem",
        sdk_ca_files=("/aws.pem",),
        ca_directories="/certs:/more",
        http_proxy="http://small",
        https_proxy="http://secure",
        no_proxy="localhost",
    )


def test_the_client_type_is_passed_on() -> None:
    environment = {"UPSTREAM_CLIENT_TYPE": "skaffold"}
    assert options(environment=environment).registry.client_type == "skaffold"
