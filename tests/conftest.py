"""Unit and contract tests reach no network beyond loopback: trying fails the test.

An audit hook watches name look-ups and connections of this process. It cannot be
removed, so it is armed while a test of this folder runs.
"""

import sys
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from tests.support.disks import enter_mount_namespace

WATCHED = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname"})
RESERVED_NAMES = (".invalid", ".test", ".example", ".localhost")
_ARMED = [False]


class NetworkTouchedError(RuntimeError):
    """A test left the machine."""


def _is_local(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if not name or name == "localhost" or name.endswith(RESERVED_NAMES):
        return True
    try:
        return ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event not in WATCHED or not _ARMED[0]:
        return
    place = arguments[1] if event == "socket.connect" else arguments[0]
    host = place[0] if isinstance(place, tuple) else place
    is_path = event == "socket.connect" and not isinstance(place, tuple)
    if is_path or (isinstance(host, str | bytes | None) and _is_local(host)):
        return
    raise NetworkTouchedError(f"{event}: {place!r}")


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    _ARMED[0] = True
    yield
    _ARMED[0] = False


@pytest.fixture(scope="session")
def own_mounts() -> None:
    """Mounts of the tests are seen by nobody else."""
    enter_mount_namespace()
