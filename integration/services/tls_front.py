"""A server in front of another one that speaks TLS, with a private authority.

It passes requests on as they are. Its certificate is that of `tests.support`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from integration.services.nginx import nginx_of
from integration.services.processes import free_port
from tests.support.loopback_server import TLS

_SERVER = """
access_log off;
client_max_body_size 0;
server {{
    listen 127.0.0.1:{port} ssl;
    server_name localhost;
    ssl_certificate {tls}/server.pem;
    ssl_certificate_key {tls}/server.key;
    location / {{
        proxy_pass http://{upstream};
        proxy_set_header Host $http_host;
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
    server = _SERVER.format(port=port, tls=TLS, upstream=parts.netloc)
    with nginx_of(directory, server, port):
        yield f"https://localhost:{port}{parts.path}"
