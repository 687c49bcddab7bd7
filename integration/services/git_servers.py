"""Real servers of git: its own backend behind nginx, and an SSH daemon.

nginx also offers plain files. What they serve lies in directories of the test.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.services.nginx import nginx_of
from integration.services.processes import accepts_connections, free_port, running
from tests.support.loopback_server import TLS

BACKEND = "/usr/lib/git-core/git-http-backend"
USER, PASSWORD = "builder", "correct-h0rse"
TOKEN = "t0ken-of-a-job"
"""A user without a password."""

_SERVER = """
log_format bytes '$request_uri $status $bytes_sent';
access_log {directory}/access.log bytes;
server {{
    listen 127.0.0.1:{port};
    listen 127.0.0.1:{tls_port} ssl;
    server_name localhost;
    ssl_certificate {tls}/server.pem;
    ssl_certificate_key {tls}/server.key;
    location /files/ {{ alias {directory}/files/; }}
    location ~ ^/open(/.*)$ {{
        set $repository $1;
        include {directory}/git.conf;
    }}
    location ~ ^/private(/.*)$ {{
        set $repository $1;
        auth_basic git;
        auth_basic_user_file {directory}/htpasswd;
        include {directory}/git.conf;
    }}
}}
"""
_GIT = """
fastcgi_pass unix:{directory}/cgi.socket;
fastcgi_buffering off;
fastcgi_param SCRIPT_FILENAME {backend};
fastcgi_param GIT_PROJECT_ROOT {directory}/repositories;
fastcgi_param GIT_HTTP_EXPORT_ALL 1;
fastcgi_param GIT_PROTOCOL $http_git_protocol;
fastcgi_param PATH_INFO $repository;
fastcgi_param QUERY_STRING $query_string;
fastcgi_param REQUEST_METHOD $request_method;
fastcgi_param CONTENT_TYPE $content_type;
fastcgi_param CONTENT_LENGTH $content_length;
fastcgi_param REMOTE_USER $remote_user;
"""
_SSHD = """
Port {port}
ListenAddress 127.0.0.1
HostKey {directory}/host
PidFile none
AuthorizedKeysFile {directory}/client.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitServer:
    """A running nginx.

    Attributes:
        directory: Repositories lie in `repositories`, plain files in `files`.
        host: `localhost:PORT` for http.
        tls_host: The same for https, with a certificate of a private authority.
    """

    directory: Path
    host: str
    tls_host: str

    @property
    def repositories(self) -> Path:
        """Where repositories are served from."""
        return self.directory / "repositories"

    def bytes_sent(self, part: str) -> int:
        """Return how many bytes went out for addresses that hold a text."""
        lines = (self.directory / "access.log").read_text().splitlines()
        return sum(int(line.split()[-1]) for line in lines if part in line)


@contextmanager
def running_git_server(directory: Path) -> Iterator[GitServer]:
    """Run git's backend behind nginx until the block ends."""
    for name in ("repositories", "files"):
        (directory / name).mkdir()
    names = {"directory": directory, "backend": BACKEND, "tls": TLS}
    port, tls_port = free_port(), free_port()
    (directory / "git.conf").write_text(_GIT.format(**names))
    server = _SERVER.format(**names, port=port, tls_port=tls_port)
    accounts = [(USER, PASSWORD), (TOKEN, "")]
    lines = [
        subprocess.run(["htpasswd", "-bn", *each], capture_output=True, check=True)
        for each in accounts
    ]
    (directory / "htpasswd").write_bytes(b"".join(each.stdout for each in lines))
    socket = directory / "cgi.socket"
    git = {"HOME": str(directory), "GIT_CONFIG_COUNT": "1"}
    git |= {"GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    with (
        running(
            ["fcgiwrap", "-c", "2", "-s", f"unix:{socket}"],
            log=directory / "cgi.log",
            ready=socket.exists,
            environment=git,
        ),
        nginx_of(directory, server, tls_port),
    ):
        yield GitServer(
            directory=directory,
            host=f"localhost:{port}",
            tls_host=f"localhost:{tls_port}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SshServer:
    """A running SSH daemon that lets one key in.

    Attributes:
        host: `HOST:PORT`.
        agent: Socket of an agent that holds the key.
        known_hosts: The line of its own key for a file of known hosts.
    """

    host: str
    agent: str
    known_hosts: str


@contextmanager
def running_ssh_server(directory: Path) -> Iterator[SshServer]:
    """Run an SSH daemon, and an agent with the key for it, until the block ends."""
    port = free_port()
    for name in ("host", "client"):
        key = ("-q", "-t", "ed25519", "-N", "", "-f", directory / name)
        subprocess.run(["ssh-keygen", *key], check=True)
    configuration = directory / "sshd.conf"
    configuration.write_text(_SSHD.format(directory=directory, port=port))
    Path("/run/sshd").mkdir(exist_ok=True)  # where it separates its privileges
    socket = directory / "agent"
    environment = {**os.environ, "SSH_AUTH_SOCK": str(socket)}
    with (
        running(
            ["/usr/sbin/sshd", "-D", "-e", "-f", configuration],
            log=directory / "sshd.log",
            ready=lambda: accepts_connections(port),
        ),
        running(
            ["ssh-agent", "-D", "-a", socket],
            log=directory / "agent.log",
            ready=socket.exists,
        ),
    ):
        command = ["ssh-add", "-q", str(directory / "client")]
        subprocess.run(command, check=True, env=environment)
        kind, key_text, *_ = (directory / "host.pub").read_text().split()
        yield SshServer(
            host=f"127.0.0.1:{port}",
            agent=str(socket),
            known_hosts=f"[127.0.0.1]:{port} {kind} {key_text}\n",
        )
