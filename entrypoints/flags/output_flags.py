"""Table of the flags that say where the result goes."""

from entrypoints.flags.flag import Flag, Group, Kind, Origin

_AFTER_SUCCESS = (
    "written once, after the image was published; where an address does not take it "
    "the build fails"
)

OUTPUT_FLAGS = (
    Flag(
        name="destination",
        shorts=("d", "t"),
        aliases=("tag",),
        kind=Kind.TEXTS,
        group=Group.OUTPUT,
        metavar="IMAGE",
        help="reference to push the image to",
    ),
    Flag(
        name="no-push",
        kind=Kind.BOOLEAN,
        group=Group.OUTPUT,
        default="false",
        help="do not push the image",
    ),
    Flag(
        name="tar-path",
        deprecated=("tarPath",),
        kind=Kind.TEXT,
        group=Group.OUTPUT,
        metavar="FILE",
        help="write a docker archive, for docker load",
        differs="without --destination the image has no name, where kaniko names it "
        "unset-repo/unset-image-name",
    ),
    Flag(
        name="oci-layout-path",
        kind=Kind.TEXT,
        group=Group.OUTPUT,
        metavar="DIR",
        help="write an OCI image layout",
        differs="a relative path is relative to the working directory; the image"
        " gets OCI media types unless --image-format says otherwise",
    ),
    Flag(
        name="digest-file",
        kind=Kind.TEXT,
        group=Group.OUTPUT,
        metavar="FILE|URL",
        help="write the digest of the manifest",
        differs=_AFTER_SUCCESS,
    ),
    Flag(
        name="image-name-with-digest-file",
        kind=Kind.TEXT,
        group=Group.OUTPUT,
        metavar="FILE|URL",
        help="write a line repository@digest for each destination",
        differs=_AFTER_SUCCESS
        + "; keeps its form when the variant with the tag is asked for too",
    ),
    Flag(
        name="image-name-tag-with-digest-file",
        kind=Kind.TEXT,
        group=Group.OUTPUT,
        metavar="FILE|URL",
        help="write a line repository:tag@digest for each destination",
        differs=_AFTER_SUCCESS,
    ),
    Flag(
        name="iidfile",
        kind=Kind.TEXT,
        group=Group.OUTPUT,
        metavar="FILE",
        origin=Origin.DOCKER,
        help="write the image ID, the digest of the config",
    ),
    Flag(
        name="metadata-file",
        kind=Kind.TEXT,
        group=Group.OUTPUT,
        metavar="FILE",
        origin=Origin.DOCKER,
        help="write JSON about the result, as docker buildx does",
    ),
    Flag(
        name="report",
        kind=Kind.TEXT,
        group=Group.OUTPUT,
        metavar="FILE",
        origin=Origin.OURS,
        help="write a page (HTML) about the build: times, layers, cache, config",
    ),
)
