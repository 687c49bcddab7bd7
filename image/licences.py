"""The licences of what is taken from Debian; packages of Python bring theirs along."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from image.layout import below

_LISTS = Path("/var/lib/dpkg/info")
_DOCUMENTS = Path("/usr/share/doc")


def add_licences(out: Path, sources: Iterable[Path]) -> None:
    """Copy the licence of each package of Debian that a file was taken from.

    Args:
        out: Root that is being made.
        sources: The files as they lie in the builder.

    Raises:
        FileNotFoundError: A package has no licence there.
    """
    owners = _owners()
    folder = below(out, "licences")
    folder.mkdir()
    for package in sorted({_owner(path, owners) for path in sources} - {""}):
        shutil.copy(_DOCUMENTS / package / "copyright", folder / package)


def _owners() -> dict[str, str]:
    """Return the package of each file; names end where that of the machine begins."""
    return {
        path: listing.stem.partition(":")[0]
        for listing in _LISTS.glob("*.list")
        for path in listing.read_text(encoding="utf-8").splitlines()
    }


def _owner(path: Path, owners: dict[str, str]) -> str:
    """Return the package of a file, "" for none; /lib may be a link to /usr/lib."""
    names = {str(path), str(path.resolve())}
    names |= {name.removeprefix("/usr") for name in names}
    found = {owners[name] for name in names if name in owners}
    return min(found, default="")
