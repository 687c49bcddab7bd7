"""The texts of the warmer's help."""

from entrypoints.flags.help_text import Manual
from entrypoints.flags.warmer_table import WARMER_VARIABLES

_INTRODUCTION = """\
NAME
    kanipy-warmer - fetch base images into a directory, before builds need them

SYNOPSIS
    kanipy-warmer --image=IMAGE... [--cache-dir=DIR] [FLAG]...
    kanipy-warmer --dockerfile=FILE [--build-arg=KEY=VALUE]... [FLAG]...
    kanipy-warmer version | help | completion bash|zsh|fish

DESCRIPTION
    Puts images into a directory that builds with kanipy --cache and
    --cache-dir read, any number of them at once. A base image that is named by
    its digest then needs no registry at all; of a tag the registry is asked for
    the digest alone. Several warmers may fill a directory at the same time.

    Images that are there are left, renewed when they are older than
    --cache-ttl, and mended where they are damaged; layers that images share are
    kept once. docs/warmer.md describes the directory.
"""

_CONCLUSION = """\
EXIT STATUS
    0      images are warm; those that are not are told as errors
    1      a mistake in flags or Dockerfile, or all images failed, or with
           --strict one did; stderr says which
    130    interrupted
    143    terminated (SIGTERM)

EXAMPLES
    Warm two images, and build on them:
        kanipy-warmer -c /cache -i debian:12 -i registry.example.com/team/base:1
        kanipy --cache --cache-dir=/cache --destination=...

    Warm what a Dockerfile is built on, for another platform:
        kanipy-warmer -d Dockerfile --build-arg VERSION=12 \\
            --custom-platform=linux/arm64
"""

WARMER_MANUAL = Manual(
    introduction=_INTRODUCTION, conclusion=_CONCLUSION, variables=WARMER_VARIABLES
)
