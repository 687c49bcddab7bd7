"""Table of the flags that say what is built, and of what the image is like."""

from entrypoints.flags.flag import Flag, Group, Kind, Origin

INPUT_FLAGS = (
    Flag(
        name="dockerfile",
        shorts=("f",),
        aliases=("file",),
        kind=Kind.TEXT,
        group=Group.INPUT,
        metavar="FILE",
        default="Dockerfile",
        help="Dockerfile, looked for in the working directory, then in the context; "
        "an address of http or https, or - for standard input",
    ),
    Flag(
        name="context",
        shorts=("c",),
        kind=Kind.TEXT,
        group=Group.INPUT,
        metavar="DIR",
        default="/workspace/",
        help="build context: a directory, an archive (tar://FILE, tar://stdin or -, "
        "https://, gs://, s3://, an Azure blob) or a repository (git://, ssh://, "
        "https://….git, USER@HOST:PATH)",
        differs="archives may be plain, gzip, bzip2, xz or zstd, and are unpacked "
        "while they come in; https addresses that end in .git are repositories, as for "
        "docker",
    ),
    Flag(
        name="context-sub-path",
        kind=Kind.TEXT,
        group=Group.INPUT,
        metavar="DIR",
        help="directory within the context to use as its root",
        differs="applies to a plain path too, where kaniko ignores it",
    ),
    Flag(
        name="bucket",
        shorts=("b",),
        kind=Kind.TEXT,
        group=Group.INPUT,
        metavar="NAME",
        hidden=True,
        help="bucket that holds the context; --context=gs://NAME says the same",
    ),
    Flag(
        name="git",
        kind=Kind.PAIRS,
        group=Group.INPUT,
        metavar="KEY=VALUE",
        help="how to clone a git context: branch, single-branch, recurse-submodules, "
        "insecure-skip-tls, depth",
        differs="several settings may be joined by commas; an unknown one is an error; "
        "without depth the one commit is fetched, depth=0 fetches the whole history",
    ),
    Flag(
        name="context-limit",
        kind=Kind.TEXT,
        group=Group.INPUT,
        metavar="SIZE",
        default="64g",
        origin=Origin.OURS,
        help="size that the archive of a context may unpack to: bytes, or with k, m, "
        "g, t; 0 for any",
    ),
    Flag(
        name="build-context",
        kind=Kind.PAIRS,
        group=Group.INPUT,
        metavar="NAME=PATH",
        origin=Origin.DOCKER,
        help="additional context: name=DIR or an address as in --context; for a base "
        "image name=docker-image://REFERENCE or name=oci-layout://DIR[:tag]",
    ),
    Flag(
        name="target",
        kind=Kind.TEXTS,
        group=Group.INPUT,
        metavar="STAGE",
        help="stage to build instead of the last one",
        differs="a stage's number is accepted, as by docker without BuildKit; several "
        "stages are not supported yet",
    ),
    Flag(
        name="build-arg",
        kind=Kind.TEXTS,
        group=Group.INPUT,
        metavar="KEY[=VALUE]",
        help="value of an ARG; KEY alone takes it from the environment",
        differs="KEY alone stays undefined when the environment lacks it, and an empty "
        "value counts in FROM, as with docker",
    ),
    Flag(
        name="skip-unused-stages",
        kind=Kind.BOOLEAN,
        group=Group.INPUT,
        default="true",
        help="build only the stages that the target needs",
        differs="unused stages are always skipped, as in kaniko's fork",
    ),
    Flag(
        name="custom-platform",
        aliases=("platform",),
        deprecated=("customPlatform",),
        kind=Kind.TEXT,
        group=Group.INPUT,
        metavar="OS/ARCH[/VARIANT]",
        help="platform of the bases and of the result, instead of the host's",
        differs="the variant is kept, and FROM --platform is honoured",
    ),
    Flag(
        name="secret",
        kind=Kind.TEXTS,
        group=Group.INPUT,
        metavar="id=ID[,src=FILE][,env=NAME]",
        origin=Origin.FORK,
        help="secret for RUN --mount=type=secret: a file or a variable",
        differs="files are read, and variables looked up, before the build; one that "
        "is missing is an error; at most 500 KiB",
    ),
    Flag(
        name="ssh",
        kind=Kind.TEXTS,
        group=Group.INPUT,
        metavar="ID[=SOCKET]",
        origin=Origin.DOCKER,
        help="agent for RUN --mount=type=ssh; SSH_AUTH_SOCK's without SOCKET",
        differs="takes sockets of agents only: key files are refused",
    ),
    Flag(
        name="dryrun",
        kind=Kind.BOOLEAN,
        group=Group.INPUT,
        default="false",
        origin=Origin.FORK,
        help="tell what the build would do, and do none of it",
        differs="what a step would do is looked up in the layer cache, too",
    ),
)

IMAGE_FLAGS = (
    Flag(
        name="label",
        kind=Kind.PAIRS,
        group=Group.IMAGE,
        metavar="KEY=VALUE",
        help="label of the final image",
        differs="set on the final image alone",
    ),
    Flag(
        name="annotation",
        kind=Kind.PAIRS,
        group=Group.IMAGE,
        metavar="KEY=VALUE",
        origin=Origin.FORK,
        help="annotation of the image's manifest",
        differs="annotations make an OCI image whatever the base is, unless "
        "--image-format says otherwise",
    ),
    Flag(
        name="image-format",
        kind=Kind.CHOICE,
        group=Group.IMAGE,
        choices=("docker", "oci"),
        origin=Origin.FORK,
        help="media types of the result; follows the base when not given",
        differs="oci may go together with --tar-path",
    ),
    Flag(
        name="compression",
        kind=Kind.CHOICE,
        group=Group.IMAGE,
        choices=("gzip", "zstd"),
        help="compression of new layers",
        differs="zstd makes an OCI image whatever the base is, with --reproducible too",
    ),
    Flag(
        name="compression-level",
        kind=Kind.INTEGER,
        group=Group.IMAGE,
        metavar="N",
        default="-1",
        help="level of compression; the codec's own when not above 0",
    ),
    Flag(
        name="reproducible",
        kind=Kind.BOOLEAN,
        group=Group.IMAGE,
        default="false",
        help="leave out of the image what differs between two builds",
        differs="layers of the base stay as they are, zstd stays zstd; times are the "
        "epoch, or SOURCE_DATE_EPOCH where that is set",
    ),
)
