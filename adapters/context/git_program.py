"""Runs git, through GitPython, where nothing of this machine has a say.

No variable that steers git, no configuration of the system or the user, no terminal
reaches it. What git complains of becomes an error of ours. Which commands are run is
`adapters.context.git_repositories`'s.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import git

from application.errors import SourceUnavailable
from domain.dockerfile.redaction import without_credentials

_HINT_TOKEN = (
    "give a token: for the context in GIT_TOKEN, for ADD as the secret GIT_AUTH_TOKEN"  # noqa: S105 - a sentence
)


class _Explanation(NamedTuple):
    """What becomes of a complaint.

    Attributes:
        pattern: What git or ssh says.
        message: What happened.
        hint: What to do about it.
        may_pass: Whether another attempt may go well.
    """

    pattern: str
    message: str
    hint: str
    may_pass: bool = False


_EXPLANATIONS = (
    _Explanation(
        "could not read username|could not read password|authentication failed|"
        "error: 40[13]|invalid username or",
        "the repository wants a credential, or refused the one it was given",
        _HINT_TOKEN,
    ),
    _Explanation(
        "permission denied \\(|permission denied, please",
        "the host refused the key it was shown, if any",
        "give an agent that holds the key by --ssh default=SOCKET, or mount ~/.ssh",
    ),
    _Explanation(
        "host key verification failed",
        "the key of the host is not known",
        "add it to ~/.ssh/known_hosts of the user that runs the build",
    ),
    _Explanation(
        "could not resolve|name or service not known",
        "the host name cannot be resolved",
        "check the host name and the network",
    ),
    _Explanation(
        "certificate|ssl peer",
        "the server's certificate is not trusted",
        "put the CA certificate into a directory of SSL_CERT_DIR "
        "(/kaniko/ssl/certs), or name it with --registry-certificate HOST=FILE",
    ),
    _Explanation(
        "failed to connect|connection refused|couldn't connect|unable to connect|"
        "connect to host",
        "the host cannot be reached",
        "check the host name, the port and the network",
    ),
    _Explanation(
        "error: (408|429|5[0-9][0-9])",
        "the server cannot answer at present",
        "try again later",
        may_pass=True,
    ),
    _Explanation(
        "timed out|low speed limit|connection( was)? reset|recv failure|"
        "transfer closed|early eof|unexpected disconnect|empty reply|bad line length",
        "the connection broke",
        "check the network, and run the build again",
        may_pass=True,
    ),
    _Explanation(
        "transport .* not allowed",
        "it uses a transport that is not allowed",
        "use https:// or ssh:// addresses, also for submodules",
    ),
    _Explanation(
        "cannot run ssh|ssh: not found",
        "the program ssh cannot be found",
        "install an SSH client, or use an https:// address",
    ),
    _Explanation(
        "not found|does not appear to be a git repository|error: 404",
        "there is no such repository",
        "check the address",
    ),
)


class GitFailure(Exception):
    """A command of git failed.

    Args:
        said: What it wrote to standard error.
    """

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said

    @property
    def may_pass(self) -> bool:
        """Whether another attempt may go well."""
        explanation = self._explanation()
        return explanation is not None and explanation.may_pass

    def explained(self, place: str) -> SourceUnavailable:
        """Return the error of the port for it."""
        explanation = self._explanation()
        if explanation is None:
            return SourceUnavailable(f"git failed: {self._first_line()}", place=place)
        return SourceUnavailable(
            explanation.message, place=place, hint=explanation.hint
        )

    def _explanation(self) -> _Explanation | None:
        for each in _EXPLANATIONS:
            if re.search(each.pattern, self.said, re.IGNORECASE):
                return each
        return None

    def _first_line(self) -> str:
        lines = [line.strip() for line in self.said.splitlines() if line.strip()]
        fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
        line = next(iter([*fatal, *lines]), "it did not say why")
        return without_credentials(line)[:200]


class GitProgram:
    """Git in one working directory.

    Args:
        directory: The working tree; its `.git` is the repository.
        configuration: Path of the configuration to use.
        agent: Path of the socket of an SSH agent, "" for none.
        ssh: Path of an SSH client that asks nothing, "" for the `ssh` in PATH.
    """

    def __init__(
        self, directory: Path, configuration: Path, agent: str = "", ssh: str = ""
    ) -> None:
        self._git = git.Git(str(directory))
        self._git.update_environment(
            HOME=str(configuration.parent),
            XDG_CONFIG_HOME=str(configuration.parent),
            GIT_CONFIG_GLOBAL=str(configuration),
            GIT_CONFIG_NOSYSTEM="1",
            GIT_ATTR_NOSYSTEM="1",
            GIT_ALLOW_PROTOCOL="http:https:git:ssh",
            GIT_PROTOCOL_FROM_USER="0",
            GIT_TERMINAL_PROMPT="0",
            GIT_ASKPASS="",
            SSH_ASKPASS="",
            SSH_AUTH_SOCK=agent,
            **_ssh_variables(ssh),
            GIT_NO_REPLACE_OBJECTS="1",
            # No directory above ours is taken for the repository.
            GIT_CEILING_DIRECTORIES=str(directory.parent),
        )

    def run(self, *arguments: str) -> str:
        """Run a command of git and return what it wrote.

        Raises:
            GitFailure: It failed.
        """
        program = git.Git.GIT_PYTHON_GIT_EXECUTABLE or "git"
        with _without_variables_of_git():
            # A session of its own: no terminal to ask at, and one group to be killed.
            process = self._git.execute(
                [program, *arguments], as_process=True, start_new_session=True
            )
        try:
            output, said = process.communicate()
        except BaseException:
            # A build that is told to stop leaves no git behind, nor what git started.
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        if process.returncode:
            raise GitFailure(said.decode("utf-8", "replace"))
        return str(output.decode("utf-8", "surrogateescape"))


def _ssh_variables(ssh: str) -> dict[str, str]:
    # Git starts a command of several words by a shell, and there may be none.
    if ssh:
        return {"GIT_SSH": ssh, "GIT_SSH_VARIANT": "ssh"}
    return {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}


@contextmanager
def _without_variables_of_git() -> Iterator[None]:
    """Hide what could steer git: GitPython passes our whole environment on."""
    hidden = {name: os.environ.pop(name) for name in [*os.environ] if _steers(name)}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _steers(name: str) -> bool:
    return name.startswith("GIT_") and not name.startswith("GIT_PYTHON_")
