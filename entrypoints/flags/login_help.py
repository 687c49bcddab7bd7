"""The texts of the help of `kanipy login`."""

from entrypoints.flags.help_text import Manual
from entrypoints.flags.login_table import LOGIN_VARIABLES

_INTRODUCTION = """\
NAME
    kanipy login - keep the password of a registry for builds

SYNOPSIS
    kanipy login REGISTRY --username=USER --password-stdin [FLAG]...

DESCRIPTION
    Asks the registry whether it lets the user in, and writes the password into
    docker's config.json: $DOCKER_CONFIG/config.json, else
    $HOME/.docker/config.json. The file is replaced in one step, keeps what else
    stands in it, and can be read by its owner alone. Docker Hub is docker.io.
"""

_CONCLUSION = """\
EXIT STATUS
    0      the registry lets the user in, and the password is kept
    1      a mistake in flags, or a failure; stderr says which
    130    interrupted
    143    terminated (SIGTERM)

EXAMPLES
    kanipy login registry.example.com -u robot --password-stdin < password
"""

LOGIN_MANUAL = Manual(
    introduction=_INTRODUCTION, conclusion=_CONCLUSION, variables=LOGIN_VARIABLES
)
"""What the help says."""
