"""Tables of the flags about the layer cache, snapshots and the root file system."""

from entrypoints.flags.flag import Flag, Group, Kind, Origin

CACHE_FLAGS = (
    Flag(
        name="cache",
        deprecated=("use-cache",),
        kind=Kind.BOOLEAN,
        group=Group.CACHE,
        default="false",
        diverts_to="cache-repo",
        help="look up layers in the cache",
        differs="the first spelling, --use-cache with --cache=REPOSITORY, is accepted",
    ),
    Flag(
        name="cache-repo",
        kind=Kind.TEXT,
        group=Group.CACHE,
        metavar="REPOSITORY",
        help="where cached layers are kept",
    ),
    Flag(
        name="cache-dir",
        kind=Kind.TEXT,
        group=Group.CACHE,
        metavar="DIR",
        default="/cache",
        help="directory of base images that kanipy-warmer has fetched, and of caches "
        "of RUN",
        differs="a digest, an index's too, needs no registry; every byte is verified, "
        "and an entry that is missing, expired or damaged is told and left for the "
        "registry; a tag that the registry cannot be asked for is, with a warning, "
        "what it was when it was warmed; see docs/warmer.md; caches of RUN are kept "
        "there, too, where it can be written",
    ),
    Flag(
        name="cache-ttl",
        kind=Kind.DURATION,
        group=Group.CACHE,
        metavar="DURATION",
        default="336h",
        help="how long a cached layer is good for",
    ),
    Flag(
        name="cache-copy-layers",
        kind=Kind.BOOLEAN,
        group=Group.CACHE,
        default="false",
        help="cache what COPY and ADD make",
    ),
    Flag(
        name="cache-run-layers",
        kind=Kind.BOOLEAN,
        group=Group.CACHE,
        default="true",
        help="cache what RUN makes",
    ),
    Flag(
        name="no-push-cache",
        kind=Kind.BOOLEAN,
        group=Group.CACHE,
        default="false",
        help="read the layer cache, never write it",
    ),
    Flag(
        name="compressed-caching",
        kind=Kind.BOOLEAN,
        group=Group.CACHE,
        default="true",
        help="accepted and without effect",
        differs="layers are never kept in memory, so there is nothing to trade",
    ),
)

ROOT_FLAGS = (
    Flag(
        name="isolation",
        kind=Kind.CHOICE,
        group=Group.ROOT,
        default="auto",
        choices=("auto", "namespaces", "chroot", "in-place"),
        origin=Origin.OURS,
        help="how RUN's processes are kept apart",
    ),
    Flag(
        name="jobs",
        kind=Kind.INTEGER,
        group=Group.ROOT,
        default="0",
        metavar="N",
        origin=Origin.OURS,
        help="stages built at once, 0 for one a processor; in place one at a time",
    ),
    Flag(
        name="snapshot-mode",
        deprecated=("snapshotMode",),
        kind=Kind.CHOICE,
        group=Group.ROOT,
        default="full",
        choices=("full", "redo", "time"),
        help="what is compared after RUN where the file system's ctime cannot be "
        "trusted: contents, stat data, or times",
        differs="on local disks every mode finds every change; "
        "see docs/adr/0014-what-the-snapshot-modes-compare.md",
    ),
    Flag(
        name="single-snapshot",
        kind=Kind.BOOLEAN,
        group=Group.ROOT,
        default="false",
        help="make one layer at the end of each stage",
        differs="the layer is what is other than in the base: what a stage makes and "
        "removes is nowhere; without RUN nothing is unpacked for it",
    ),
    Flag(
        name="use-new-run",
        kind=Kind.BOOLEAN,
        group=Group.ROOT,
        default="false",
        help="accepted and without effect: stat data before and after RUN are always "
        "compared",
        differs="files whose size and time stay the same are found too",
    ),
    Flag(
        name="ignore-var-run",
        deprecated=("whitelist-var-run",),
        kind=Kind.BOOLEAN,
        group=Group.ROOT,
        default="true",
        help="leave /var/run out of layers where the cluster mounts something there",
        differs="what the cluster mounts there is left out anyway, and nothing else",
    ),
    Flag(
        name="ignore-path",
        kind=Kind.TEXTS,
        group=Group.ROOT,
        metavar="PATH",
        help="leave a path out of layers, and alone when building in place",
    ),
    Flag(
        name="force-build-metadata",
        kind=Kind.BOOLEAN,
        group=Group.ROOT,
        default="false",
        help="accepted and without effect",
        differs="metadata instructions never make layers, as in kaniko's fork",
    ),
    Flag(
        name="force",
        kind=Kind.BOOLEAN,
        group=Group.ROOT,
        default="false",
        help="build in place even where no container is detected",
        differs="needed to build in place alone: a private root harms no host",
    ),
    Flag(
        name="kaniko-dir",
        kind=Kind.TEXT,
        group=Group.ROOT,
        metavar="DIR",
        default="/kaniko",
        help="directory for work files",
        differs="only work files go there, programs are not moved; a temporary "
        "directory is used when none is named and /kaniko cannot be written",
    ),
    Flag(
        name="image-fs-extract-retry",
        kind=Kind.INTEGER,
        group=Group.ROOT,
        metavar="N",
        default="0",
        help="how often a failed extraction of a base is repeated",
    ),
    Flag(
        name="cleanup",
        kind=Kind.BOOLEAN,
        group=Group.ROOT,
        default="false",
        help="remove the root file system at the end",
        differs="also after a failure; a private root is removed anyway",
    ),
    Flag(
        name="pre-cleanup",
        kind=Kind.BOOLEAN,
        group=Group.ROOT,
        default="false",
        origin=Origin.FORK,
        help="empty the root file system before building",
        differs="/ is emptied whenever an image is unpacked over it, and never else",
    ),
    Flag(
        name="preserve-context",
        kind=Kind.BOOLEAN,
        group=Group.ROOT,
        default="false",
        origin=Origin.FORK,
        help="bring back at the end what was there before an image was unpacked over /",
    ),
    Flag(
        name="materialize",
        kind=Kind.BOOLEAN,
        group=Group.ROOT,
        default="false",
        origin=Origin.FORK,
        help="leave the target's file system over / when building in place",
    ),
)
