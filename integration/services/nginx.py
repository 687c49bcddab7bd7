"""nginx: any servers of it, or one before a registry that limits requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from integration.services.certificates import Signed
from integration.services.processes import accepts_connections, free_port, running

NGINX = "/usr/sbin/nginx"

_SETTINGS = """
daemon off;
user root;
worker_processes 1;
pid {directory}/pid;
error_log {directory}/error.log;
events {{}}
http {{
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    {servers}
}}
"""


@contextmanager
def running_nginx(
    directory: Path, server: str, *, largest: str, tls: Signed | None = None
) -> Iterator[str]:
    """Run nginx until the block ends.

    Args:
        directory: For its files; made when absent.
        server: `ADDRESS:PORT` that requests are passed on to.
        largest: Size of the largest request that is.
        tls: What it shows; it speaks plain HTTP without.

    Yields:
        `127.0.0.1:PORT`.
    """
    port = free_port()
    directory.mkdir(parents=True, exist_ok=True)
    with nginx_of(directory, _server(server, port, largest, tls), port):
        yield f"127.0.0.1:{port}"


@contextmanager
def nginx_of(directory: Path, servers: str, port: int) -> Iterator[None]:
    """Run nginx until the block ends.

    Args:
        directory: For its files.
        servers: Its settings of http: servers, and what they have in common.
        port: A port that one of them listens on.
    """
    settings = directory / "nginx.conf"
    settings.write_text(_SETTINGS.format(directory=directory, servers=servers))
    with running(
        [NGINX, "-e", directory / "error.log", "-c", settings, "-p", directory],
        log=directory / "nginx.log",
        ready=lambda: accepts_connections(port),
    ):
        yield


def _server(upstream: str, port: int, largest: str, tls: Signed | None) -> str:
    shown = (
        f"ssl_certificate {tls.certificate}; ssl_certificate_key {tls.key};"
        if tls
        else ""
    )
    return f"""
        access_log off;
        server {{
            listen 127.0.0.1:{port}{" ssl" if tls else ""};
            {shown}
            client_max_body_size {largest};
            location / {{
                proxy_pass http://{upstream};
                proxy_set_header Host $http_host;
                proxy_set_header X-Forwarded-Proto $scheme;
            }}
        }}
        """
