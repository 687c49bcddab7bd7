"""Table of what people type who come from `docker build`.

Aliases of kaniko's flags (--tag, --file, --platform) stand with those. What each of
these does is in `entrypoints.flags.docker_habits`.
"""

from entrypoints.flags.flag import Flag, Group, Kind, Origin

DOCKER_FLAGS = (
    Flag(
        name="no-cache",
        kind=Kind.BOOLEAN,
        group=Group.DOCKER,
        default="false",
        origin=Origin.DOCKER,
        help="the same as --cache=false",
    ),
    Flag(
        name="push",
        kind=Kind.BOOLEAN,
        group=Group.DOCKER,
        default="true",
        origin=Origin.DOCKER,
        help="push to the destinations; --push=false is --no-push",
        differs="pushing is the default",
    ),
    Flag(
        name="output",
        shorts=("o",),
        kind=Kind.TEXTS,
        group=Group.DOCKER,
        metavar="type=TYPE[,KEY=VALUE]",
        origin=Origin.DOCKER,
        help="type=oci,dest=DIR is --oci-layout-path; type=docker,dest=FILE is "
        "--tar-path; type=registry or type=image,push=true pushes",
        differs="type=oci writes a directory, as with tar=false; local and tar are "
        "refused",
    ),
    Flag(
        name="progress",
        kind=Kind.CHOICE,
        group=Group.DOCKER,
        default="auto",
        choices=("auto", "plain", "tty", "quiet", "none", "json", "rawjson"),
        origin=Origin.DOCKER,
        help="tty: show what is under way as it moves, auto: on terminals alone; plain "
        "is --log-format=text, json --log-format=json, quiet --verbosity=error",
        differs="chooses how messages are written, whose text is kanipy's",
    ),
    Flag(
        name="pull",
        kind=Kind.BOOLEAN,
        group=Group.DOCKER,
        default="true",
        origin=Origin.DOCKER,
        help="accepted: the manifest of a base is always asked for",
    ),
    Flag(
        name="rm",
        kind=Kind.BOOLEAN,
        group=Group.DOCKER,
        default="true",
        origin=Origin.DOCKER,
        help="accepted: there are no intermediate containers",
        hidden=True,
    ),
    Flag(
        name="force-rm",
        kind=Kind.BOOLEAN,
        group=Group.DOCKER,
        default="true",
        origin=Origin.DOCKER,
        help="accepted: there are no intermediate containers",
        hidden=True,
    ),
    Flag(
        name="load",
        kind=Kind.BOOLEAN,
        group=Group.DOCKER,
        default="false",
        origin=Origin.DOCKER,
        help="refused: use --tar-path=FILE and docker load",
    ),
    Flag(
        name="quiet",
        shorts=("q",),
        kind=Kind.BOOLEAN,
        group=Group.DOCKER,
        default="false",
        origin=Origin.DOCKER,
        help="refused: use --verbosity=error, and --iidfile=FILE for the image ID",
    ),
    Flag(
        name="cache-from",
        kind=Kind.TEXTS,
        group=Group.DOCKER,
        metavar="SOURCE",
        origin=Origin.DOCKER,
        help="refused: use --cache=true and --cache-repo=REPOSITORY",
    ),
    Flag(
        name="cache-to",
        kind=Kind.TEXTS,
        group=Group.DOCKER,
        metavar="DESTINATION",
        origin=Origin.DOCKER,
        help="refused: use --cache=true and --cache-repo=REPOSITORY",
    ),
    Flag(
        name="squash",
        kind=Kind.BOOLEAN,
        group=Group.DOCKER,
        default="false",
        origin=Origin.DOCKER,
        help="refused: use --single-snapshot",
    ),
    Flag(
        name="network",
        kind=Kind.CHOICE,
        group=Group.DOCKER,
        choices=("default", "none", "host"),
        default="default",
        origin=Origin.DOCKER,
        help="network of RUNs that name none; default and host: this container's",
        differs="there is no daemon with networks of its own to choose from",
    ),
    Flag(
        name="sbom",
        kind=Kind.TEXT,
        group=Group.DOCKER,
        metavar="false",
        default="false",
        origin=Origin.DOCKER,
        help="attach a bill of materials",
    ),
    Flag(
        name="provenance",
        kind=Kind.TEXT,
        group=Group.DOCKER,
        metavar="false",
        default="false",
        origin=Origin.DOCKER,
        help="attach a provenance statement",
    ),
    *(
        Flag(
            name=name,
            kind=Kind.TEXTS,
            group=Group.DOCKER,
            metavar="VALUE",
            origin=Origin.DOCKER,
            hidden=True,
            help="refused: set it on the container that kanipy runs in",
        )
        for name in ("add-host", "memory", "shm-size", "ulimit")
    ),
)
