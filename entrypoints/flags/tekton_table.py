"""The flags of the step of Tekton, all of them, in the order of the help.

What else the executor knows is given behind `--`.
"""

from domain.values import replace
from entrypoints.flags.environment import VARIABLES, Standing, Variable
from entrypoints.flags.flag import Flag, FlagTable, Group, Kind, Origin
from entrypoints.flags.table import EXECUTOR_FLAGS, OTHER_FLAGS

RESULTS = "/tekton/results"

TEKTON_FLAGS = FlagTable(
    (
        Flag(
            name="image",
            kind=Kind.TEXT,
            group=Group.INPUT,
            metavar="IMAGE",
            origin=Origin.OURS,
            help="reference to push the image to, and text of the result IMAGE_URL",
        ),
        replace(
            EXECUTOR_FLAGS["dockerfile"],
            shorts=(),
            aliases=(),
            default="./Dockerfile",
            help="Dockerfile, looked for in the working directory and then in the "
            "context",
            differs="",
        ),
        replace(
            EXECUTOR_FLAGS["context"],
            shorts=(),
            aliases=(),
            default="./",
            help="build context: a directory, or an address that the executor takes",
            differs="",
        ),
        Flag(
            name="results",
            kind=Kind.TEXT,
            group=Group.OUTPUT,
            metavar="DIR",
            default=RESULTS,
            origin=Origin.OURS,
            help="directory that receives the results",
        ),
        Flag(
            name="dockerconfig",
            kind=Kind.TEXT,
            group=Group.REGISTRY,
            metavar="DIR",
            origin=Origin.OURS,
            help="directory with docker's config.json, or .dockerconfigjson",
        ),
        Flag(
            name="cache",
            kind=Kind.TEXT,
            group=Group.CACHE,
            metavar="DIR",
            origin=Origin.OURS,
            help="directory for caches: layers, warmed images, caches of RUN",
        ),
        *OTHER_FLAGS,
    )
)

OWN_VARIABLES = {
    "image": "KANIPY_IMAGE",
    "dockerfile": "KANIPY_DOCKERFILE",
    "context": "KANIPY_CONTEXT",
    "results": "KANIPY_RESULTS",
    "dockerconfig": "KANIPY_DOCKERCONFIG",
    "cache": "KANIPY_CACHE",
}
"""The variable that stands for a flag, where that is absent or empty."""

EXTRA_ARGS = "KANIPY_EXTRA_ARGS"
"""The variable with flags of the executor, split as a shell splits words."""

TEKTON_VARIABLES = (
    Variable(
        tuple(OWN_VARIABLES.values()),
        Standing.HONOURED,
        "the flags of these names, where those are absent or empty",
    ),
    Variable(
        (EXTRA_ARGS,),
        Standing.HONOURED,
        "flags of the executor, split as a shell splits words; those behind -- follow",
    ),
    *VARIABLES,
)
