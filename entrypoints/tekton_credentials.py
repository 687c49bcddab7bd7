"""Finds the registry credentials of a step: a workspace's, or those Tekton made.

It says which file is to be read, in the variables that say so, and reads none.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from entrypoints.flags.environment import Environment

CONFIG = "config.json"
OF_A_SECRET = ".dockerconfigjson"  # noqa: S105 - the name of a key
"""Key of a secret of the type kubernetes.io/dockerconfigjson."""
TEKTON_DIRECTORIES = ("/tekton/home", "/tekton/creds")
"""Where Tekton puts credentials that it makes of a service account's secrets."""

IsFile = Callable[[Path], bool]


def with_credentials(
    environment: Environment, directory: str, is_file: IsFile = Path.is_file
) -> Environment:
    """Return the variables with those replaced that name docker's configuration.

    Args:
        environment: The process's variables.
        directory: Directory of the workspace, "" where there is none.
        is_file: Tells whether there is a file of a name.
    """
    for candidate in _directories(environment, directory):
        if is_file(candidate / CONFIG):
            return {**environment, "DOCKER_CONFIG": str(candidate)}
        if is_file(candidate / OF_A_SECRET):
            # Read where the directory of DOCKER_CONFIG has no file.
            return {
                **environment,
                "DOCKER_CONFIG": str(candidate),
                "REGISTRY_AUTH_FILE": str(candidate / OF_A_SECRET),
            }
    return environment


def _directories(environment: Environment, directory: str) -> Iterator[Path]:
    for given in (directory, environment.get("DOCKER_CONFIG", "")):
        if given:
            yield Path(given)
    for home in (environment.get("HOME", ""), *TEKTON_DIRECTORIES):
        if home:
            yield Path(home, ".docker")
