"""Files of the image that say how its programs behave, and who exists in it."""

import shutil
from pathlib import Path

from image.layout import CERTIFICATES, RUNTIME, below

_SETTINGS = {
    "nsswitch": (
        "passwd: files\ngroup: files\nshadow: files\n"
        "hosts: files dns\nnetworks: files dns\n"
        "protocols: files\nservices: files\nethers: files\nrpc: files\n"
    ),
    # Empty: no file of the machine's is read in its place.
    "ssl/openssl.cnf": "# OpenSSL's own defaults.\n",
    "gnutls": "",
    "gitcfg": f"[http]\n\tsslCAInfo = {RUNTIME}/{CERTIFICATES}\n",
    # Nobody is there to answer a question.
    "ssh_config": "Host *\n\tBatchMode yes\n",
}
_ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}
_FOLDERS = {
    "root": 0o755,
    "run": 0o755,
    "tmp": 0o1777,
    "var": 0o755,
    "workspace": 0o755,
}
_LINKS = {"var/run": "/run"}
"""As in most images: what a cluster mounts below /var/run is then below /run, where it
is in no image's way when one is unpacked over /."""
_EVERYONE = 0o777
_CODESETS = ("ISO8859-1", "UTF-16", "UTF-32", "UTF-7")


def add_settings(out: Path) -> None:
    """Write the settings of the runtime and the accounts of the image."""
    for place, text in _SETTINGS.items():
        _write(below(out, place), text)
    for place, text in _ACCOUNTS.items():
        _write(out / place, text)
    for name, mode in _FOLDERS.items():
        (out / name).mkdir()
        (out / name).chmod(mode)
    for name, target in _LINKS.items():
        (out / name).symlink_to(target)
    # Jobs run as any user and put credentials and results here.
    below(out, "").chmod(_EVERYONE)


def add_certificates(out: Path) -> None:
    """Copy the certificates of Debian's authorities."""
    target = below(out, CERTIFICATES)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", target)


def add_locale(out: Path) -> None:
    """Copy the only locale that is used."""
    [source] = [
        path
        for path in Path("/usr/lib/locale").iterdir()
        if path.name.lower().replace("-", "") == "c.utf8"
    ]
    shutil.copytree(source, below(out, f"locale/{source.name}"))


def add_codesets(out: Path, c_library: Path) -> list[Path]:
    """Copy what git needs to check text out in other encodings.

    Args:
        out: Root that is being made.
        c_library: The C library; the folder of its encodings lies near it.

    Returns:
        The objects as they lie in the builder.
    """
    [source, *_] = [
        path
        for path in Path("/usr/lib").glob("*/gconv")
        if path.parent.name in {c_library.resolve().parent.name, "lib"}
    ]
    target = below(out, "gconv")
    target.mkdir()
    objects = [source / f"{name}.so" for name in _CODESETS]
    for path in objects:
        shutil.copy(path, target)
    lines = (source / "gconv-modules").read_text(encoding="ascii").splitlines()
    extra = sorted((source / "gconv-modules.d").glob("*.conf"))
    for path in extra:
        lines += path.read_text(encoding="ascii").splitlines()
    kept = [line for line in lines if _is_about(line, objects)]
    _write(target / "gconv-modules", "".join(f"{line}\n" for line in kept))
    return objects


def _is_about(line: str, objects: list[Path]) -> bool:
    words = line.split()
    names = {path.stem for path in objects}
    if words[:1] == ["module"]:
        return words[3] in names
    return (
        words[:1] == ["alias"]
        and words[2].rstrip("/").replace("ISO-8859", "ISO8859") in names
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
