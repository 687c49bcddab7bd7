"""The texts of the help of `kanipy push`."""

from entrypoints.flags.help_text import Manual
from entrypoints.flags.push_table import PUSH_VARIABLES

_INTRODUCTION = """\
NAME
    kanipy push - push an image that was made before

SYNOPSIS
    kanipy push FILE|DIR --destination=IMAGE... [FLAG]...

DESCRIPTION
    Pushes the one image that a docker archive (--tar-path of a build, docker
    save) or an OCI layout (--oci-layout-path, an archive of one) holds. The
    image of a layout is pushed as it is. A docker archive has no manifest: the
    image gets one of docker's media types, and layers that are not compressed
    are compressed with gzip.
"""

_CONCLUSION = """\
EXIT STATUS
    0      the image was pushed to every destination
    1      a mistake in flags, or a failure; stderr says which
    130    interrupted
    143    terminated (SIGTERM)

EXAMPLES
    Build without credentials, push with them:
        kanipy --context=. --no-push --oci-layout-path=image
        kanipy push image --destination=registry.example.com/team/app:1.0

    Push what docker has:
        docker save app:1.0 > app.tar
        kanipy push app.tar -d registry.example.com/team/app:1.0
"""

PUSH_MANUAL = Manual(
    introduction=_INTRODUCTION, conclusion=_CONCLUSION, variables=PUSH_VARIABLES
)
"""What the help says."""
