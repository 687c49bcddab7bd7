"""What a Dockerfile means here and not to docker's builder: the one list.

Each row is a choice with its reason; whatever is not listed is meant to be the same.
`docs/compatibility.md` shows it.
"""

from typing import NamedTuple


class Difference(NamedTuple):
    """A choice of ours.

    Attributes:
        what: What is written in a Dockerfile.
        docker: What BuildKit makes of it.
        ours: What we make of it.
        reason: Why.
    """

    what: str
    docker: str
    ours: str
    reason: str


DIFFERENCES = (
    Difference(
        "blanks within quotes in the words of `COPY`, `ADD`, `VOLUME` and `EXPOSE`",
        "an error",
        "belong to the word",
        "nothing else can be meant",
    ),
    Difference(
        "`FROM NAME`, where a stage has that name in another case",
        "takes it for an image: an error",
        "takes the stage",
        "names of stages have no case elsewhere",
    ),
    Difference(
        "`ONBUILD` of an instruction that does not exist or is malformed",
        "records it",
        "an error",
        "no build on the image could succeed",
    ),
    Difference(
        "`${X:-y}`, and nothing defines `X`",
        "warns (`UndefinedVar`)",
        "does not warn",
        "the default says that it may be undefined",
    ),
    Difference(
        "`# check=error=true`, and there is something to warn of",
        "ends the build before anything is done",
        "ends it before the stage concerned is begun",
        "some warnings depend on the base image",
    ),
    Difference(
        "`COPY --chown=NAME`, a name the image does not know",
        "takes root",
        "an error",
        "docker's own documentation promises the error",
    ),
    Difference(
        "`COPY --exclude=/NAME`",
        "excludes nothing",
        "is `--exclude=NAME`, as in `.dockerignore`",
        "nothing else can be meant",
    ),
    Difference(
        "`COPY --from` of block devices",
        "makes character devices of them",
        "copies them as they are",
        "another device was not asked for",
    ),
    Difference(
        "extended attributes of files and directories",
        "only `security.capability` gets into layers",
        "all that a layer may hold",
        "a file is copied with its attributes",
    ),
    Difference(
        "`COPY --parents a/b/c`, and `a` is there already",
        "gives `a` the mode of the source",
        "`a` stays as it is",
        "a directory that only lies on the way was not asked to change",
    ),
    Difference(
        "`COPY --parents link/x`, where `link` is a symlink",
        "copies nothing",
        "an error",
        "a missing file is found out too late otherwise",
    ),
    Difference(
        "`ADD` of a repository: times of files",
        "the time of the build",
        "the time of the commit",
        "two builds of one commit make the same layer",
    ),
    Difference(
        "`ADD` of a repository with submodules",
        "leaves a `.git` file in each of them",
        "leaves none, unless `--keep-git-dir` is given",
        "the file points to what is not in the image",
    ),
    Difference(
        "`ADD git@host:…`",
        "trusts the key that the host shows",
        "trusts keys of the builder's `known_hosts` alone",
        "whoever sits in between could answer for the host",
    ),
    Difference(
        "a password or a signature in an address",
        "stands in the history",
        "is taken out of the history and the log",
        "whoever may pull an image may read its history",
    ),
    Difference(
        "`HEALTHCHECK` and `ONBUILD` in the history",
        "writes the check's fields in Go's form, and no entry for a trigger",
        "write the instruction",
        "people read a history",
    ),
    Difference(
        "fields of the base's configuration that no specification has",
        "are dropped",
        "are kept",
        "whoever wrote them may need them",
    ),
    Difference(
        "`--target N`, a number",
        "an error",
        "takes stage N, the first one is 0",
        "docker without BuildKit does so, and no stage's name is a number",
    ),
    Difference(
        "`--build-context NAME=…`, and a stage has that name",
        "the context stands for the stage, its number and the target, too",
        "for its name alone; to build it is an error",
        "a number says which lines are meant",
    ),
    Difference(
        "layers of zstd with Docker's media types",
        "invents a media type",
        "an error",
        "other programs know zstd by OCI's media types alone",
    ),
    Difference(
        "directories and files made for the mounts of a `RUN`",
        "may leave them in the image",
        "are never in a layer",
        "they are nobody's work",
    ),
    Difference(
        "`RUN --mount` of type bind, cache or tmpfs without `target`",
        "mounts on the working directory",
        "an error",
        "docker's own documentation demands a target",
    ),
    Difference(
        "`RUN --mount=type=cache`",
        "keeps the cache for later builds",
        "keeps it for one build; for later ones with `--cache` and a `--cache-dir` "
        "that can be written",
        "there is no daemon that could keep it",
    ),
    Difference(
        "`RUN --mount=type=ssh`, and a key is given by `--ssh`",
        "answers as an agent with that key",
        "an error; sockets of agents are taken",
        "there is no agent here that could hold keys",
    ),
    Difference(
        "`RUN --device`",
        "gives devices",
        "an error",
        "there are no devices to give",
    ),
    Difference(
        "`RUN --security=insecure`",
        "gives every capability, where `--allow` permits it",
        "gives the builder's own capabilities",
        "who starts the builder decides what it may do",
    ),
    Difference(
        "`RUN --network=none` and `--security=insecure` in place or in a chroot",
        "knows no such isolation",
        "an error that names the isolation that can",
        "nothing would enforce or allow it",
    ),
    Difference(
        "read-only mounts, and the size of a tmpfs, in place or in a chroot",
        "knows no such isolation",
        "are not enforced; what is written is thrown away, but for caches",
        "nothing can be mounted there",
    ),
)
