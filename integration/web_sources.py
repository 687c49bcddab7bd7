"""What cases take from a web server: documents, an archive and git repositories.

They are the same at each run, so that outcomes measured once stay true; but for the
commit that names the submodule by the address of this run.
"""

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from integration.oracle_cases import OracleCase
from tests.support.git_repository import GitRepository
from tests.support.web_server import Answer, WebServer

CHANGED = 1_500_000_000
LAST_MODIFIED = {"Last-Modified": "Fri, 14 Jul 2017 02:40:00 GMT"}
COMMITTED = 1_650_000_000
"""Counts as "now": whether files have the time of the commit is not compared."""


@contextmanager
def web_sources(root: Path, authorization: str = "") -> Iterator[WebServer]:
    """Offer the sources until the block ends.

    Args:
        root: Empty directory for the repositories.
        authorization: Header without which everything is refused, "" for none.
    """
    with WebServer(root) as server:
        server.answers = {
            "/dir/f.txt": [Answer(body=b"content", headers=LAST_MODIFIED)],
            "/a.tar": [Answer(body=_archive("w"), headers=LAST_MODIFIED)],
            "/a.tgz": [Answer(body=_archive("w:gz"), headers=LAST_MODIFIED)],
        }
        _make_repositories(root, server.url)
        server.authorization = authorization
        yield server


@contextmanager
def served(case: OracleCase, root: Path) -> Iterator[str]:
    """Offer what a case takes from a server; yield its address, "" for none."""
    if case.web is None:
        yield ""
        return
    with web_sources(root, case.web) as server:
        yield server.url


def _archive(mode: Literal["w", "w:gz"]) -> bytes:
    """Return an archive with one file of a user."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:
        member = tarfile.TarInfo("in/f")
        member.size, member.uid, member.mode, member.mtime = 1, 7, 0o640, CHANGED
        tar.addfile(member, io.BytesIO(b"1"))
    return buffer.getvalue()


def _make_repositories(root: Path, url: str) -> None:
    """Make `s.git`, and `r.git` with tags, branches and `s.git` in `sub`."""
    GitRepository(root / "s.git").commit({"s": "s"}, seconds=COMMITTED)
    repository = GitRepository(root / "r.git")
    repository.commit({"f": "old"}, seconds=COMMITTED)
    repository.git("tag", "v1")
    repository.git("branch", "side")
    files = {"f": "new", "run": "#!", "docs/d": "d", "docs/deep/e": "e"}
    links = {"l": "docs/d"}
    repository.commit(files, executable=("run",), links=links, seconds=COMMITTED)
    repository.git("branch", "plain")
    repository.add_submodule(f"{url}/s.git", "sub")
    repository.commit(seconds=COMMITTED)
