"""The texts of the help of the step of Tekton."""

from entrypoints.flags.help_text import Manual
from entrypoints.flags.tekton_table import TEKTON_VARIABLES

_INTRODUCTION = """\
NAME
    kanipy-tekton - build and push an image as the only step of a Tekton task

SYNOPSIS
    kanipy-tekton --image=IMAGE [--dockerfile=PATH] [--context=PATH]
        [--results=DIR] [--dockerconfig=DIR] [--cache=DIR]
        [-- FLAG_OF_THE_EXECUTOR...]
    kanipy-tekton version | help | completion bash|zsh|fish

DESCRIPTION
    Builds as kanipy does, and leaves two results: IMAGE_DIGEST, the digest of
    the image that was pushed, and IMAGE_URL, the reference as it was given.
    Neither ends in a newline. They are written when everything has succeeded;
    of a build that failed there is none. By their names Tekton Chains knows
    what to sign.

    What follows -- are flags of the executor, as the task's EXTRA_ARGS; kanipy
    --help lists them. The flags before it come last, and win. --cache=DIR
    stands for --cache --cache-dir=DIR --cache-repo=oci:DIR/layers, which flags
    behind -- may replace.

    Registry credentials are those of --dockerconfig, else of $DOCKER_CONFIG,
    else those that Tekton made of the service account's secrets, in
    $HOME/.docker, /tekton/home/.docker or /tekton/creds/.docker.
"""

_CONCLUSION = """\
EXIT STATUS
    As the executor's: 0 when the image is pushed and the results are written.

EXAMPLES
    In a Task, with the catalog's parameters:
        args:
          - --image=$(params.IMAGE)
          - --dockerfile=$(params.DOCKERFILE)
          - --context=$(workspaces.source.path)/$(params.CONTEXT)
          - --
          - $(params.EXTRA_ARGS[*])
"""

TEKTON_MANUAL = Manual(
    introduction=_INTRODUCTION, conclusion=_CONCLUSION, variables=TEKTON_VARIABLES
)
