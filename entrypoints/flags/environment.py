"""The environment variables kaniko's users set: honoured ones, and those warned of.

`VARIABLES` is the single source of the warnings, the help and docs/compatibility.md.
An empty variable counts as one that is not set.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum

from application.options import (
    CREDENTIAL_HELPERS,
    CredentialOptions,
    NetworkOptions,
    StorageOptions,
)
from domain.errors import UsageError
from domain.values import dataclass
from entrypoints.flags.values import parse_boolean, parse_duration

Environment = Mapping[str, str]


class Standing(StrEnum):
    """What becomes of a variable that is set."""

    HONOURED = "honoured"
    NOT_YET = "not yet"
    WITHOUT_EFFECT = "no effect"
    HARMLESS = "nothing to do"


@dataclass(frozen=True, slots=True)
class Variable:
    """One row: variables that share a meaning.

    Attributes:
        names: Names; `*` stands for any text.
        standing: Whether they are heeded. NOT_YET and WITHOUT_EFFECT warn.
        note: What they mean here, or why they mean nothing.
        excluding: Names that another row answers for.
    """

    names: tuple[str, ...]
    standing: Standing
    note: str
    excluding: tuple[str, ...] = ()

    def covers(self, name: str) -> bool:
        """Whether a variable belongs to this row."""
        return name not in self.excluding and (
            name in self.names or any(_matches(each, name) for each in self.names)
        )


def _matches(pattern: str, name: str) -> bool:
    before, star, after = pattern.partition("*")
    if not star:
        return name == pattern
    return (
        len(name) > len(before) + len(after)
        and name.startswith(before)
        and name.endswith(after)
    )


_FEATURES_AS_DOCKER = (
    "BUILDKIT_ARG_ENV_PRECEDENCE",
    "CACHE_LOOKAHEAD",
    "CACHE_PROBE_AFTER_MISS",
    "CHOWN_ON_IMPLICIT_DIRS",
    "CLEAN_KANIKO_DIR",
    "COPY_AS_ROOT",
    "COPY_CHMOD_ON_IMPLICIT_DIRS",
    "CROSS_REPO_MOUNT",
    "DEPRECATE_INTER_STAGE_RESTORE",
    "DISABLE_HTTP2",
    "EXPAND_HEREDOC",
    "HASH_DIR_FRAMING",
    "IGNORE_CACHED_MANIFEST",
    "INFER_CROSS_STAGE_CACHE_KEY",
    "NO_PROPAGATE_ANNOTATIONS",
    "OCI_SCRATCH_BASE",
    "OCI_WARMER",
    "PATH_SCOPED_REGISTRY_AUTH",
    "PRECOMPILE_DOCKERIGNORE",
    "PRESERVE_HARDLINKS",
    "PRESERVE_MOUNTED_PATHS",
    "RELATIVE_LINK_TARGETS",
    "REPRODUCIBLE_PRESERVE_BASE_LAYERS",
    "RESOLVE_CACHE_KEY",
    "ROLLING_CACHE_KEY",
    "RUN_HONOR_GROUP",
    "RUN_MOUNT_BIND",
    "RUN_VIA_TINI",
    "SCOPED_DOCKERIGNORE",
    "SECUREJOIN_EXTRACTION",
    "SHARED_BASE_CACHE",
    "SKIP_CACHED_STAGES",
    "SKIP_RELABEL_RECOMPRESS",
    "SKIP_WRITE_WHITEOUTS",
    "UNTAR_SKIP_ROOT",
    "VOLUME_SKIP_MKDIR",
    "WARMER_CACHE_LOCK",
)

FEATURE_FLAGS = frozenset(f"FF_KANIKO_{name}" for name in _FEATURES_AS_DOCKER)
"""The feature flags of kaniko's fork."""

_LOGIN_PATTERNS = ("KANIKO_*_USER", "KANIKO_*_PASSWORD")

VARIABLES = (
    Variable(("KANIKO_DIR",), Standing.HONOURED, "--kaniko-dir, when that is absent"),
    Variable(
        ("KANIKO_NO_PUSH",),
        Standing.HONOURED,
        "overrides --no-push; what is no boolean is an error",
    ),
    Variable(
        ("KANIKO_CLEANUP", "KANIKO_PRESERVE_CONTEXT"),
        Standing.HONOURED,
        "--cleanup and --preserve-context, where those are absent; what is no boolean "
        "is an error",
    ),
    Variable(
        ("KANIKO_PRE_CLEANUP",),
        Standing.HARMLESS,
        "/ is emptied anyway before an image is unpacked over it",
    ),
    Variable(
        ("SNAPSHOT_TIMEOUT_DURATION",),
        Standing.HONOURED,
        "limit of one walk of the root file system, 90m when not set",
    ),
    Variable(
        ("SOURCE_DATE_EPOCH",),
        Standing.HONOURED,
        "seconds since the epoch to use as the time of the build; "
        "--build-arg SOURCE_DATE_EPOCH=… comes first",
    ),
    Variable(
        ("BUILDER_OUTPUT",),
        Standing.HONOURED,
        "directory that gets the file images, a line of JSON for each reference that "
        "was pushed to, as Cloud Build reads it",
    ),
    Variable(
        ("UPSTREAM_CLIENT_TYPE",), Standing.HONOURED, "appended to the User-Agent"
    ),
    Variable(
        (
            "DOCKER_CONFIG",
            "DOCKER_AUTH_CONFIG",
            "REGISTRY_AUTH_FILE",
            "XDG_RUNTIME_DIR",
            "XDG_CONFIG_HOME",
            "HOME",
        ),
        Standing.HONOURED,
        "where registry credentials are looked for",
    ),
    Variable(
        ("SSL_CERT_FILE", "SSL_CERT_DIR"),
        Standing.HONOURED,
        "certificate authorities to trust",
    ),
    Variable(
        ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"),
        Standing.HONOURED,
        "further authorities for clients of Amazon, Google and Azure",
    ),
    Variable(
        (
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "NO_PROXY",
            "http_proxy",
            "https_proxy",
            "no_proxy",
        ),
        Standing.HONOURED,
        "proxies; a name in small letters comes first",
    ),
    Variable(
        ("GIT_TOKEN", "GIT_USERNAME", "GIT_PASSWORD"),
        Standing.HONOURED,
        "credential of a git context whose address has none; a token goes first",
    ),
    Variable(
        ("GIT_PULL_METHOD",),
        Standing.HONOURED,
        "http: git:// contexts are fetched in plain HTTP, else by https",
    ),
    Variable(
        ("SSH_AUTH_SOCK",),
        Standing.HONOURED,
        "agent for a git context over ssh, where --ssh names none",
    ),
    Variable(
        (
            "GOOGLE_APPLICATION_CREDENTIALS",
            "CLOUDSDK_CONFIG",
            "GCE_METADATA_HOST",
            "NO_GCE_CHECK",
            "STORAGE_EMULATOR_HOST",
        ),
        Standing.HONOURED,
        "gs:// contexts and Google's registries, with all that Google's clients look "
        "for; without a credential public objects can be fetched",
    ),
    Variable(
        ("AWS_*",),
        Standing.HONOURED,
        "s3:// contexts and Amazon's registries, as Amazon's clients understand them",
        excluding=("AWS_CA_BUNDLE",),
    ),
    Variable(
        ("S3_ENDPOINT", "S3_FORCE_PATH_STYLE"),
        Standing.HONOURED,
        "another store that speaks S3; path style counts with an endpoint alone",
    ),
    Variable(
        ("AZURE_STORAGE_ACCESS_KEY",),
        Standing.HONOURED,
        "key of the account of an Azure blob; without it that of a client, a "
        "workload or the machine",
    ),
    Variable(
        ("AZURE_STORAGE_BLOB_ENDPOINT",),
        Standing.HONOURED,
        "URL to use instead of the account's, for emulators",
    ),
    Variable(
        ("container",),
        Standing.HARMLESS,
        "tells that this is a container, in which may be built in place",
    ),
    Variable(
        ("KANIKO_REGISTRY_MIRROR", "KANIKO_REGISTRY_MAP"),
        Standing.HONOURED,
        "added to --registry-mirror and --registry-map, after what the flags name; "
        "by the warmer, too",
    ),
    Variable(
        ("KANIKO_PRINT_PLAN",),
        Standing.HONOURED,
        "tells what --dryrun tells, then builds; what is no boolean is an error",
    ),
    Variable(
        _LOGIN_PATTERNS,
        Standing.HONOURED,
        "login of a registry: its host in capitals, each other character a _; labels "
        "may be missing from its front",
    ),
    Variable(
        (
            "KANIKO_TELEMETRY_ENDPOINT",
            "KANIKO_TELEMETRY_OMIT_DOCKERFILE",
            "OTEL_*",
        ),
        Standing.NOT_YET,
        "telemetry",
    ),
    Variable(
        ("BENCHMARK_FILE",),
        Standing.HONOURED,
        "file or https address that receives what took how long, as JSON",
    ),
    Variable(
        ("STACKLOG_PATH",),
        Standing.HONOURED,
        "file that receives a profile of the builder, function by function",
    ),
    Variable(
        ("DOCKER_CREDENTIAL_GCR_CONFIG",),
        Standing.WITHOUT_EFFECT,
        "Google's default credentials are used, in their own order",
    ),
    Variable(
        (
            "AZURE_CLIENT_ID",
            "AZURE_CLIENT_SECRET",
            "AZURE_TENANT_ID",
            "AZURE_FEDERATED_TOKEN_FILE",
            "AZURE_CLIENT_CERTIFICATE_PATH",
            "AZURE_AUTHORITY_HOST",
            "AZURE_ENVIRONMENT",
        ),
        Standing.HONOURED,
        "Azure's registries, as Azure's clients understand them",
    ),
    Variable(
        (
            "CI_REGISTRY",
            "CI_REGISTRY_USER",
            "CI_REGISTRY_PASSWORD",
            "CI_DEPENDENCY_PROXY_SERVER",
            "CI_DEPENDENCY_PROXY_USER",
            "CI_DEPENDENCY_PROXY_PASSWORD",
        ),
        Standing.HONOURED,
        "logins of GitLab's registry and dependency proxy",
    ),
    Variable(
        ("KANIKO_IGNORE_ASSERTIONS",),
        Standing.WITHOUT_EFFECT,
        "kanipy has no such assertions",
    ),
    Variable(
        ("GODEBUG",),
        Standing.WITHOUT_EFFECT,
        "they belong to Go's runtime",
    ),
    Variable(
        ("GGCR_EXPERIMENT_ESTARGZ",),
        Standing.WITHOUT_EFFECT,
        "layers are gzip or zstd; see --compression",
    ),
    Variable(
        tuple(sorted(FEATURE_FLAGS)),
        Standing.WITHOUT_EFFECT,
        "kanipy behaves as docker does, whatever they say",
    ),
    Variable(
        ("FF_KANIKO_*",),
        Standing.WITHOUT_EFFECT,
        "no feature flag of that name is known",
        excluding=tuple(sorted(FEATURE_FLAGS)),
    ),
)


OF_THE_IMAGE = {
    "DOCKER_CREDENTIAL_GCR_CONFIG": (
        "/kaniko/.config/gcloud/docker_credential_gcr_config.json"
    ),
}
"""Values that our own image sets: nobody asked for anything by them."""


def warnings(
    environment: Environment, variables: Iterable[Variable] = VARIABLES
) -> tuple[str, ...]:
    """Return one line for each of some rows that is set and not honoured."""
    given = {name: value for name, value in sorted(environment.items()) if value}
    lines = []
    for variable in variables:
        form = _WARNINGS.get(variable.standing)
        if form is None:
            continue
        names = [name for name in given if _counts(variable, name, given[name])]
        if names:
            lines.append(form.format(names=", ".join(names), note=variable.note))
    return tuple(lines)


_WARNINGS = {
    Standing.NOT_YET: "{names} ignored: not supported yet ({note})",
    Standing.WITHOUT_EFFECT: "{names} ignored: {note}",
}


def _counts(variable: Variable, name: str, value: str) -> bool:
    return variable.covers(name) and value != OF_THE_IMAGE.get(name)


def switch(environment: Environment, name: str) -> bool | None:
    """Return what a variable says that stands for a flag, None when it is not set.

    Raises:
        UsageError: It is no boolean.
    """
    text = environment.get(name, "")
    if not text:
        return None
    try:
        return parse_boolean(text)
    except ValueError as error:
        raise _invalid(name, text, str(error)) from error


def snapshot_timeout(environment: Environment) -> timedelta | None:
    """Return SNAPSHOT_TIMEOUT_DURATION, None when it is not set.

    Raises:
        UsageError: It is no duration above 0.
    """
    text = environment.get("SNAPSHOT_TIMEOUT_DURATION", "")
    if not text:
        return None
    try:
        timeout = parse_duration(text)
    except ValueError as error:
        raise _invalid("SNAPSHOT_TIMEOUT_DURATION", text, str(error)) from error
    if timeout <= timedelta():
        expected = "expected a duration above 0"
        raise _invalid("SNAPSHOT_TIMEOUT_DURATION", text, expected)
    return timeout


_CREDENTIAL_VARIABLES = (
    *_LOGIN_PATTERNS,
    "AZURE_*",
    "CI_DEPENDENCY_PROXY_*",
    "CI_REGISTRY",
    "CI_REGISTRY_*",
    "CLOUDSDK_CONFIG",
    "GCE_METADATA_HOST",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "HOME",
    "NO_GCE_CHECK",
)
"""What our own code reads of credentials; SDKs read more."""

_CREDENTIAL_FILES = (
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
    "CLOUDSDK_CONFIG",
    "GOOGLE_APPLICATION_CREDENTIALS",
)


def credential_options(
    environment: Environment, helpers: tuple[str, ...] = CREDENTIAL_HELPERS
) -> CredentialOptions:
    """Return where registry credentials are looked for.

    Args:
        environment: The process's variables.
        helpers: Whom to ask besides docker's configuration.
    """
    return CredentialOptions(
        helpers=helpers,
        variables=tuple(
            (name, environment[name])
            for name in sorted(environment)
            if any(_matches(pattern, name) for pattern in _CREDENTIAL_VARIABLES)
        ),
        files=tuple(
            environment[name] for name in _CREDENTIAL_FILES if environment.get(name)
        ),
        docker_auth_config=environment.get("DOCKER_AUTH_CONFIG", ""),
        docker_config=environment.get("DOCKER_CONFIG", ""),
        home=environment.get("HOME", ""),
        registry_auth_file=environment.get("REGISTRY_AUTH_FILE", ""),
        xdg_runtime_dir=environment.get("XDG_RUNTIME_DIR", ""),
        xdg_config_home=environment.get("XDG_CONFIG_HOME", ""),
    )


def network_options(environment: Environment) -> NetworkOptions:
    """Return trust roots and proxies."""
    return NetworkOptions(
        ca_file=environment.get("SSL_CERT_FILE", ""),
        ca_directories=environment.get("SSL_CERT_DIR", ""),
        sdk_ca_files=tuple(
            environment[name]
            for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
            if environment.get(name)
        ),
        http_proxy=_either_case(environment, "http_proxy"),
        https_proxy=_either_case(environment, "https_proxy"),
        no_proxy=_either_case(environment, "no_proxy"),
    )


def storage_options(environment: Environment) -> StorageOptions:
    """Return how object stores are reached.

    Raises:
        UsageError: S3_FORCE_PATH_STYLE is no boolean.
    """
    endpoint = environment.get("S3_ENDPOINT", "")
    return StorageOptions(
        s3_endpoint=endpoint,
        s3_path_style=bool(switch(environment, "S3_FORCE_PATH_STYLE") and endpoint),
        azure_key=environment.get("AZURE_STORAGE_ACCESS_KEY", ""),
        azure_endpoint=environment.get("AZURE_STORAGE_BLOB_ENDPOINT", ""),
    )


def _either_case(environment: Environment, name: str) -> str:
    return environment.get(name, "") or environment.get(name.upper(), "")


def _invalid(name: str, value: str, expected: str) -> UsageError:
    return UsageError(f'invalid value "{value}" of {name}: {expected}')
