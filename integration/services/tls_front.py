"""A server in front of another one that speaks TLS, with a private authority.

It passes requests on as they are. Its certificate is that of `tests.support`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from integration.services.git_servers import NGINX
from integration.services.processes import accepts_connections, free_port, running
from tests.support.loopback_server import TLS

_SETTINGS = """
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
worker_processes 1;
user root;
events {{}}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name localhost;
        ssl_certificate {tls}/server.pem;
        ssl_certificate_key {tls}/server.key;
        location / {{
            proxy_pass {upstream};
            proxy_set_header Host $http_host;
        }}
    }}
}}
"""


@contextmanager
def tls_front(url: str, directory: Path) -> Iterator[str]:
    """Run nginx before a server until the block ends.

    Args:
        url: Any address of the server.
        directory: For nginx's own files.

    Yields:
        The same address, by TLS.
    """
    directory.mkdir()
    parts = urlsplit(url)
    port = free_port()
    settings = directory / "nginx.conf"
    settings.write_text(
        _SETTINGS.format(
            directory=directory,
            port=port,
            tls=TLS,
            upstream=f"http://{parts.netloc}",
        )
    )
    with running(
        [NGINX, "-c", settings, "-p", directory],
        log=directory / "nginx.out",
        ready=lambda: accepts_connections(port),
    ):
        yield f"https://localhost:{port}{parts.path}"
