"""What a build was asked to do: the parsed command line, typed and frozen.

One `BuildOptions` enters the composition root; nothing behind it looks at flags or
environment variables again. These are plain values: no file is looked at, nothing is
resolved, and where an option was not given its field says so (None, ""), for the
service concerned to choose. Which words a person may type is the business of
`entrypoints.flags`. What may be secret (build arguments, credentials, proxies with a
password) stays out of every `repr`.
"""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from domain.dockerfile.redaction import without_credentials
from domain.errors import UsageError
from domain.image.platform import Platform
from domain.image.reference import Reference
from domain.image.registry_map import RegistryMap
from domain.values import dataclass, field

Pairs = tuple[tuple[str, str], ...]
"""Keys with their values in the order they were given, each key once."""


STANDARD_INPUT = "tar://stdin"
"""The context whose archive comes in on standard input; "-" says the same."""

_REPOSITORY = re.compile(r"ssh://|https?://[^?#]*\.git([?#]|$)|[\w-]+@[\w.-]+:(?!//)")
"""What names a repository besides `git://`, as for docker."""


class ContextScheme(StrEnum):
    """Where a build context lives; the value is its prefix before "://"."""

    DIRECTORY = "dir"
    TAR = "tar"
    GIT = "git"
    HTTPS = "https"
    S3 = "s3"
    GCS = "gs"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextAddress:
    """The address of a build context.

    Attributes:
        scheme: Where it lives.
        location: The path of a directory; for every other scheme the whole address
            as given. May hold a user's token: never in `repr`.
    """

    scheme: ContextScheme
    location: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "ContextAddress":
        """Read the value of `--context`; what has no "://" is a directory.

        Raises:
            UsageError: It is empty, or its prefix is unknown.
        """
        if not text:
            raise UsageError(
                "the build context is empty", hint="give it with --context=PATH"
            )
        if text == "-":
            return cls(scheme=ContextScheme.TAR, location=STANDARD_INPUT)
        if _REPOSITORY.match(text):
            return cls(scheme=ContextScheme.GIT, location=text)
        prefix, separator, rest = text.partition("://")
        if not separator:
            return cls(scheme=ContextScheme.DIRECTORY, location=text)
        if prefix not in {scheme.value for scheme in ContextScheme}:
            known = ", ".join(f"{scheme.value}://" for scheme in ContextScheme)
            raise UsageError(
                f"unknown build context prefix {prefix}://",
                hint=f"use a path, or one of {known}",
            )
        scheme = ContextScheme(prefix)
        if scheme is ContextScheme.DIRECTORY:
            return cls(scheme=scheme, location=rest)
        return cls(scheme=scheme, location=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryContext:
    """An additional build context that is a local directory."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutContext:
    """An additional build context that is an image in a local OCI layout.

    Attributes:
        path: Directory of the layout.
        tag: Which image of its index, "" when not given.
        digest: Manifest digest of the image ("sha256:…"), "" when not given.
    """

    path: str
    tag: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageContext:
    """An additional build context that is an image of a registry.

    Attributes:
        reference: The image.
    """

    reference: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedContext:
    """`--build-context name=…`: what FROM, `--from=` of that name refer to.

    Attributes:
        name: As given; docker compares image names after normalising them.
        source: What the name stands for.
    """

    name: str
    source: DirectoryContext | LayoutContext | ImageContext | ContextAddress

    @classmethod
    def parse(cls, text: str) -> "NamedContext":
        """Read `name=…`: a path, an image, or the address of a context.

        Raises:
            UsageError: It has no name or no path, or is of an unknown kind.
            InvalidReference: It is an image whose reference cannot be parsed.
        """
        name, separator, value = text.partition("=")
        hint = (
            "write name=PATH, name=docker-image://REFERENCE, "
            "name=oci-layout://PATH[:tag], or an address as in --context"
        )
        if not (name and separator and value):
            shown = without_credentials(text)
            raise UsageError(f'invalid --build-context "{shown}"', hint=hint)
        prefix, _, rest = value.partition("://")
        if prefix in ("docker-image", "oci-layout") and not rest:
            raise UsageError(f'--build-context "{name}" names no image', hint=hint)
        if prefix == "docker-image":
            return cls(name=name, source=ImageContext(reference=Reference.parse(rest)))
        if prefix == "oci-layout":
            return cls(name=name, source=_layout(rest))
        try:
            address = ContextAddress.parse(value)
        except UsageError as error:
            message = f'--build-context "{name}" is of an unknown kind {prefix}://'
            raise UsageError(message, hint=hint) from error
        if address.location == STANDARD_INPUT:
            message = f'--build-context "{name}" cannot come from standard input'
            raise UsageError(message, hint=hint)
        if address.scheme is ContextScheme.DIRECTORY:
            return cls(name=name, source=DirectoryContext(path=address.location))
        return cls(name=name, source=address)


def _layout(text: str) -> LayoutContext:
    """Split `PATH[:tag][@digest]`; a colon before the last slash is of the path."""
    location, _, digest = text.partition("@")
    head, colon, tail = location.rpartition(":")
    if not colon or "/" in tail:
        return LayoutContext(path=location, digest=digest)
    return LayoutContext(path=head, tag=tail, digest=digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitOptions:
    """How a git context is cloned.

    Attributes:
        branch: Branch to check out, "" for the repository's own default.
        single_branch: Fetch that branch alone.
        recurse_submodules: Fetch submodules too.
        insecure_skip_tls: Do not verify the server's certificate.
        depth: How many commits, 0 for all of them.
        plain_http: Whether `git://` stands for http (GIT_PULL_METHOD).
        user: Whom to be for an address without a user: GIT_TOKEN, or GIT_USERNAME.
        password: GIT_PASSWORD; neither is in `repr`.
        agent: Socket of an SSH agent where `--ssh` names none (SSH_AUTH_SOCK).
    """

    branch: str = ""
    single_branch: bool = False
    recurse_submodules: bool = False
    insecure_skip_tls: bool = False
    depth: int = 1
    plain_http: bool = False
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageOptions:
    """How contexts in object stores are reached, besides what their clients know.

    Attributes:
        s3_endpoint: URL of a store that speaks S3, "" for Amazon's.
        s3_path_style: Whether its buckets are parts of paths.
        azure_key: Key of the storage account, "" for an identity of the machine;
            never in `repr`.
        azure_endpoint: URL to use instead of any account's, "" for none.
    """

    s3_endpoint: str = ""
    s3_path_style: bool = False
    azure_key: str = field(default="", repr=False)
    azure_endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretOption:
    """A secret of `--secret`: a file's path, or a value that is known.

    Attributes:
        id: Its id.
        path: The file that holds it, "" where the value is known.
        value: The value of its variable; never in `repr`.
    """

    id: str
    path: str = ""
    value: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOption:
    """An SSH agent of `--ssh`.

    Attributes:
        id: Its id.
        path: Its socket.
    """

    id: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputOptions:
    """What is built.

    Attributes:
        dockerfile: Path as given, looked for in the working directory first, then
            in the context.
        context: The build context.
        context_sub_path: Directory within the context to use as its root, "" for
            all of it; applies to every scheme.
        context_limit: Bytes that an archive may unpack to, 0 for any number.
        git: How to clone, for git contexts.
        storage: How to reach object stores.
        named_contexts: Additional contexts by name.
        target: Stage to build, by name or number; "" for the last one.
        build_args: Arguments with their values; `--build-arg KEY` of a variable
            that is not in the environment is left out.
        platform: Platform of the bases and of the result, None for the host's.
        has_network: Whether RUNs that name no network have the builder's.
        secrets: What `RUN --mount=type=secret` may ask for, each id once.
        agents: What `RUN --mount=type=ssh` may ask for, each id once.
    """

    dockerfile: str = "Dockerfile"
    context: ContextAddress
    context_sub_path: str = ""
    context_limit: int = 64 << 30
    git: GitOptions = GitOptions()
    storage: StorageOptions = StorageOptions()
    named_contexts: tuple[NamedContext, ...] = ()
    target: str = ""
    build_args: Pairs = field(default=(), repr=False)
    platform: Platform | None = None
    has_network: bool = True
    secrets: tuple[SecretOption, ...] = ()
    agents: tuple[AgentOption, ...] = ()


class ImageFormat(StrEnum):
    """Family of media types of the result."""

    DOCKER = "docker"
    OCI = "oci"


class Compression(StrEnum):
    """Compression of new layers."""

    GZIP = "gzip"
    ZSTD = "zstd"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptions:
    """What the image is like.

    Attributes:
        labels: Labels of the final image's config.
        annotations: Annotations of its manifest.
        format: Media types, None to follow the base image.
        compression: Of new layers, None for the format's default (gzip).
        compression_level: The codec's level, None for its default.
        reproducible: Leave everything out that differs between two builds.
        source_date_epoch: Seconds since the epoch to use for "now" and as the latest
            time of a file; None where not asked for.
    """

    labels: Pairs = ()
    annotations: Pairs = ()
    format: ImageFormat | None = None
    compression: Compression | None = None
    compression_level: int | None = None
    reproducible: bool = False
    source_date_epoch: int | None = None


def is_address(path: str) -> bool:
    """Return whether a result file is sent to a server, not written to a path."""
    return path.startswith("https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOptions:
    """The results that a step of Tekton leaves.

    Attributes:
        directory: Where; a file each.
        url: Text of the result IMAGE_URL: the image's name as it was given.
    """

    directory: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions:
    """Where the result goes; a path is "" where that output is not wanted.

    Attributes:
        destinations: References the image gets, with their tags.
        push: Push to the destinations. Never true without one.
        tar_path: Docker archive to write.
        oci_layout_path: OCI layout directory to write.
        digest_file: Receives the manifest digest, without a newline. This and the
            next two may be an https address.
        image_name_with_digest_file: Receives a line `repository@digest` for each
            destination.
        image_name_tag_with_digest_file: As above, `repository:tag@digest`.
        image_id_file: Receives the image ID, the digest of the config
            (`--iidfile`).
        metadata_file: Receives JSON about the result, as buildx writes it.
        report_file: Receives a page that tells of the build (`--report`).
        timings_file: Receives JSON that says what took how long (BENCHMARK_FILE).
        profile_file: Receives the profile of the run (STACKLOG_PATH).
        builder_output: Directory that receives the list `images` of what was pushed
            (BUILDER_OUTPUT).
        step: Results of a step of Tekton; None where this is none.
    """

    destinations: tuple[Reference, ...] = ()
    push: bool = False
    tar_path: str = ""
    oci_layout_path: str = ""
    digest_file: str = ""
    image_name_with_digest_file: str = ""
    image_name_tag_with_digest_file: str = ""
    image_id_file: str = ""
    metadata_file: str = ""
    report_file: str = ""
    timings_file: str = ""
    profile_file: str = ""
    builder_output: str = ""
    step: StepOptions | None = None

    @property
    def result_files(self) -> tuple[str, ...]:
        """The files that pipelines read results from, those that are wanted."""
        every = (
            self.digest_file,
            self.image_name_with_digest_file,
            self.image_name_tag_with_digest_file,
            self.image_id_file,
            self.metadata_file,
            self.report_file,
            self.timings_file,
        )
        return tuple(path for path in every if path)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheOptions:
    """The layer cache and the directory of warmed base images.

    Attributes:
        enabled: Look up (and store) layers.
        repository: Where they are kept, "" for `<first destination>/cache`.
        directory: Directory of warmed base images, and of caches of RUN where it can
            be written.
        ttl: How long an entry is good for.
        copy_layers: Cache what COPY and ADD make.
        run_layers: Cache what RUN makes.
        push: Store what was made.
    """

    enabled: bool = False
    repository: str = ""
    directory: str = "/cache"
    ttl: timedelta = timedelta(hours=336)
    copy_layers: bool = False
    run_layers: bool = True
    push: bool = True


class SnapshotMode(StrEnum):
    """What is compared where stat data may lie: contents, all of them, or times."""

    FULL = "full"
    REDO = "redo"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotOptions:
    """How changes of the root file system are found.

    Attributes:
        mode: How to compare.
        ignore_paths: Paths that never enter a layer, besides the default ones.
        ignore_var_run: Leave /var/run out too.
        timeout: How long one walk may take.
        single: Make one layer at the end of each stage, not one a step.
    """

    mode: SnapshotMode = SnapshotMode.FULL
    ignore_paths: tuple[str, ...] = ()
    ignore_var_run: bool = True
    timeout: timedelta = timedelta(minutes=90)
    single: bool = False


class Isolation(StrEnum):
    """How RUN's processes are kept apart."""

    AUTO = "auto"
    NAMESPACES = "namespaces"
    CHROOT = "chroot"
    IN_PLACE = "in-place"


@dataclass(frozen=True, slots=True, kw_only=True)
class RootOptions:
    """Where and how the root file system of a RUN lives.

    Attributes:
        isolation: Which kind.
        work_directory: Directory for work files (`--kaniko-dir`, KANIKO_DIR), ""
            where none was named: then /kaniko if it can be written, else a
            temporary one.
        force: Build in place even where no container was detected.
        cleanup: Remove at the end what was unpacked over /; a private root goes
            anyway.
        preserve: Bring back at the end what was there before.
        materialise: Leave the target's file system over /, cached or not.
        unpack_retries: How often fetching or unpacking a layer is repeated.
        jobs: How many stages are built at once at most, where each has a root of its
            own; 0 for as many as there are processors.
    """

    isolation: Isolation = Isolation.AUTO
    work_directory: str = ""
    force: bool = False
    cleanup: bool = False
    preserve: bool = False
    materialise: bool = False
    unpack_retries: int = 0
    jobs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryOptions:
    """How registries are spoken to. Hosts are `host[:port]`, compared exactly.

    Attributes:
        insecure_push: Plain HTTP when pushing, for every registry.
        insecure_pull: Plain HTTP when pulling, for every registry.
        insecure_registries: Hosts spoken to over plain HTTP, both ways.
        skip_tls_verify_push: Accept any certificate when pushing.
        skip_tls_verify_pull: Accept any certificate when pulling.
        skip_tls_verify_registries: Hosts whose certificate is not verified.
        certificates: Path of a PEM file of additional authorities by host.
        client_certificates: Host, PEM file of a certificate and of its key.
        mirrors: Where images are pulled from instead; never for pushing or caching.
        push_retries: How often a failed push is repeated, as a whole.
        download_retries: How often a failed fetch of a manifest is repeated; so many
            attempts more has a layer, too.
        keep_immutable_tags: Count a tag that a registry refuses to move as pushed.
        check_push_permission: Ask each registry before anything is built.
        client_type: Appended to the User-Agent (UPSTREAM_CLIENT_TYPE), or "".
    """

    insecure_push: bool = False
    insecure_pull: bool = False
    insecure_registries: tuple[str, ...] = ()
    skip_tls_verify_push: bool = False
    skip_tls_verify_pull: bool = False
    skip_tls_verify_registries: tuple[str, ...] = ()
    certificates: Pairs = ()
    client_certificates: tuple[tuple[str, str, str], ...] = ()
    mirrors: RegistryMap = RegistryMap()
    push_retries: int = 0
    download_retries: int = 0
    keep_immutable_tags: bool = False
    check_push_permission: bool = True
    client_type: str = ""


CREDENTIAL_HELPERS = ("env", "google", "ecr", "acr", "gitlab")
"""Who may know a credential that docker's configuration does not have, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialOptions:
    """Where registry credentials are looked for; "" where the variable is not set.

    Attributes:
        helpers: Whom of `CREDENTIAL_HELPERS` to ask.
        variables: Variables that hold credentials or lead to them, as far as our own
            code reads them; never in `repr`.
        files: Paths of such variables, of SDKs too.
        docker_auth_config: JSON itself (DOCKER_AUTH_CONFIG); never in `repr`.
        docker_config: Directory of config.json (DOCKER_CONFIG).
        home: The home directory (HOME).
        registry_auth_file: podman's file (REGISTRY_AUTH_FILE).
        xdg_runtime_dir: Where podman keeps its file else (XDG_RUNTIME_DIR).
        xdg_config_home: As above (XDG_CONFIG_HOME).
    """

    helpers: tuple[str, ...] = CREDENTIAL_HELPERS
    variables: Pairs = field(default=(), repr=False)
    files: tuple[str, ...] = ()
    docker_auth_config: str = field(default="", repr=False)
    docker_config: str = ""
    home: str = ""
    registry_auth_file: str = ""
    xdg_runtime_dir: str = ""
    xdg_config_home: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOptions:
    """Trust and proxies of all connections; "" where the variable is not set.

    Attributes:
        ca_file: File of trusted authorities (SSL_CERT_FILE).
        ca_directories: Directories of them, colon separated (SSL_CERT_DIR).
        sdk_ca_files: Files of them for the SDKs of clouds alone (AWS_CA_BUNDLE,
            REQUESTS_CA_BUNDLE).
        http_proxy: Proxy of plain HTTP; may hold a password: never in `repr`.
        https_proxy: Proxy of HTTPS; likewise.
        no_proxy: Hosts reached directly, comma separated.
    """

    ca_file: str = ""
    ca_directories: str = ""
    sdk_ca_files: tuple[str, ...] = ()
    http_proxy: str = field(default="", repr=False)
    https_proxy: str = field(default="", repr=False)
    no_proxy: str = ""


class Verbosity(StrEnum):
    """From which importance on messages are shown, the most talkative first."""

    TRACE = "trace"
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    FATAL = "fatal"
    PANIC = "panic"


class LogFormat(StrEnum):
    """How messages are written."""

    TEXT = "text"
    COLOR = "color"
    JSON = "json"


class Progress(StrEnum):
    """Whether what is under way is shown as it moves."""

    AUTO = "auto"
    PLAIN = "plain"
    TTY = "tty"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """What is told, and how.

    Attributes:
        verbosity: Least importance shown.
        format: How lines look.
        timestamps: Full times instead of seconds since the start.
        progress: Whether what is under way is shown as it moves.
    """

    verbosity: Verbosity = Verbosity.INFO
    format: LogFormat = LogFormat.COLOR
    timestamps: bool = False
    progress: Progress = Progress.AUTO


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """Everything one build was asked for.

    Attributes:
        only_plans: Tell what the build would do, and do no more.
        tells_plan: Tell what the build is going to do before it is done.
    """

    input: InputOptions
    image: ImageOptions = ImageOptions()
    output: OutputOptions = OutputOptions()
    cache: CacheOptions = CacheOptions()
    snapshot: SnapshotOptions = SnapshotOptions()
    root: RootOptions = RootOptions()
    registry: RegistryOptions = RegistryOptions()
    credentials: CredentialOptions = CredentialOptions()
    network: NetworkOptions = NetworkOptions()
    log: LogOptions = LogOptions()
    only_plans: bool = False
    tells_plan: bool = False


class Connecting(Protocol):
    """Options of what speaks to registries."""

    @property
    def registry(self) -> RegistryOptions:
        """How they are spoken to."""

    @property
    def network(self) -> NetworkOptions:
        """Trust and proxies."""


class Publishing(Connecting, Protocol):
    """Options of what publishes an image."""

    @property
    def output(self) -> OutputOptions:
        """Where it goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushOptions:
    """Everything one `kanipy push` was asked for.

    Attributes:
        image: Path of the image: an archive, or the directory of a layout.
        output: Where it goes, and the result files.
        work_directory: As of `RootOptions`.
        registry: How registries are spoken to.
        credentials: Where their credentials are.
        network: Trust and proxies.
        log: What is told.
    """

    image: str
    output: OutputOptions
    work_directory: str = ""
    registry: RegistryOptions = RegistryOptions()
    credentials: CredentialOptions = CredentialOptions()
    network: NetworkOptions = NetworkOptions()
    log: LogOptions = LogOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexOptions:
    """Everything one `kanipy index create` was asked for.

    Attributes:
        images: The images, or indexes of them, that it is made of.
        annotations: Annotations of the index.
        output: The names it gets, and the result files.
        registry: How registries are spoken to.
        credentials: Where their credentials are.
        network: Trust and proxies.
        log: What is told.
    """

    images: tuple[Reference, ...]
    annotations: Pairs = ()
    output: OutputOptions
    registry: RegistryOptions = RegistryOptions()
    credentials: CredentialOptions = CredentialOptions()
    network: NetworkOptions = NetworkOptions()
    log: LogOptions = LogOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupOptions:
    """What looking a credential up for another program takes.

    Attributes:
        registry: How registries are spoken to.
        credentials: Where credentials are.
        network: Trust and proxies.
        log: What is told.
    """

    registry: RegistryOptions = RegistryOptions()
    credentials: CredentialOptions = CredentialOptions()
    network: NetworkOptions = NetworkOptions()
    log: LogOptions = LogOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginOptions:
    """Everything one `kanipy login` was asked for.

    Attributes:
        host: The registry, as in references.
        username: Who logs in.
        password: The password; never in `repr`.
        registry: How registries are spoken to.
        credentials: Where credentials are kept.
        network: Trust and proxies.
        log: What is told.
    """

    host: str
    username: str
    password: str = field(repr=False)
    registry: RegistryOptions = RegistryOptions()
    credentials: CredentialOptions = CredentialOptions()
    network: NetworkOptions = NetworkOptions()
    log: LogOptions = LogOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmOptions:
    """Everything one run of the warmer was asked for.

    Attributes:
        images: Names of images, as given.
        dockerfile: Path of a Dockerfile whose base images are meant too, or "".
        build_args: Arguments of that Dockerfile with their values.
        platform: Platform of the images, None for the host's.
        directory: Directory of warmed base images.
        ttl: How long an entry is good for; an older one is renewed.
        force: Fetch images again that are there.
        strict: Fail if one image failed, not only if all did.
        registry: How registries are spoken to.
        credentials: Where their credentials are.
        network: Trust and proxies.
        log: What is told.
    """

    images: tuple[str, ...] = ()
    dockerfile: str = ""
    build_args: Pairs = field(default=(), repr=False)
    platform: Platform | None = None
    directory: str = "/cache"
    ttl: timedelta = timedelta(hours=336)
    force: bool = False
    strict: bool = False
    registry: RegistryOptions = RegistryOptions()
    credentials: CredentialOptions = CredentialOptions()
    network: NetworkOptions = NetworkOptions()
    log: LogOptions = LogOptions()
