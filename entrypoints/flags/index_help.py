"""The texts of the help of `kanipy index`."""

from entrypoints.flags.help_text import Manual
from entrypoints.flags.index_table import INDEX_VARIABLES

_INTRODUCTION = """\
NAME
    kanipy index - make one image of those of several platforms

SYNOPSIS
    kanipy index create IMAGE... --from=IMAGE... [FLAG]...

DESCRIPTION
    Pushes an image index (docker: a manifest list) that holds the images named
    by --from, in their order, and gives it one or several names. What an image
    runs on is read from its config; no two may be for the same platform. Of an
    index all images are taken, without attestations.

    Images come from any registry. What the index's repository lacks is mounted
    from another repository of its registry, or copied; nothing is kept on disk.
    No name changes before all images are there.
"""

_CONCLUSION = """\
EXIT STATUS
    0      the index has all its names
    1      a mistake in flags, or a failure; stderr says which
    130    interrupted
    143    terminated (SIGTERM)

EXAMPLES
    Build for two platforms, on a machine of each, and name the result:
        kanipy -c . -d registry.example.com/app:1-amd64
        kanipy -c . -d registry.example.com/app:1-arm64
        kanipy index create registry.example.com/app:1 \\
            --from=registry.example.com/app:1-amd64 \\
            --from=registry.example.com/app:1-arm64
"""

INDEX_MANUAL = Manual(
    introduction=_INTRODUCTION, conclusion=_CONCLUSION, variables=INDEX_VARIABLES
)
"""What the help says."""
