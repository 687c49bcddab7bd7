"""nginx before a registry: a limit on the size of requests, and TLS where asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from integration.services.certificates import Signed
from integration.services.processes import accepts_connections, free_port, running

NGINX = "/usr/sbin/nginx"


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
    config = directory / "nginx.conf"
    config.write_text(_configuration(directory, server, port, largest, tls))
    with running(
        [NGINX, "-e", directory / "error.log", "-c", config],
        log=directory / "nginx.log",
        ready=lambda: accepts_connections(port),
    ):
        yield f"127.0.0.1:{port}"


def _configuration(
    directory: Path, server: str, port: int, largest: str, tls: Signed | None
) -> str:
    shown = (
        f"ssl_certificate {tls.certificate}; ssl_certificate_key {tls.key};"
        if tls
        else ""
    )
    return f"""
        daemon off; user root; pid {directory}/pid; error_log {directory}/error.log;
        events {{}}
        http {{
            access_log off;
            client_body_temp_path {directory}/body;
            proxy_temp_path {directory}/proxy;
            fastcgi_temp_path {directory}/fastcgi;
            uwsgi_temp_path {directory}/uwsgi;
            scgi_temp_path {directory}/scgi;
            server {{
                listen 127.0.0.1:{port}{" ssl" if tls else ""};
                {shown}
                client_max_body_size {largest};
                location / {{
                    proxy_pass http://{server};
                    proxy_set_header Host $http_host;
                }}
            }}
        }}
        """
