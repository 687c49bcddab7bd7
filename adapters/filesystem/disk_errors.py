"""The disk's errors as the port's, and which of them mean "cannot be made"."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from application.errors import FilesystemError

REFUSED = frozenset({errno.EPERM, errno.ENOTSUP, errno.EINVAL})
"""mknod, setxattr and chown are refused so: by missing capabilities, by ids that
are not mapped into a user namespace, by file systems without the feature."""

REFUSED_XATTR = REFUSED | {errno.ENOSPC, errno.E2BIG, errno.ERANGE, errno.EACCES}
"""Also: an attribute that is larger than the file system stores."""

OCCUPIED = errno.EBUSY
"""A mount point cannot be removed or replaced."""

_HINTS = {
    errno.ENOSPC: "make room, or choose another work directory by --kaniko-dir",
    errno.EDQUOT: "make room, or choose another work directory by --kaniko-dir",
    errno.EROFS: "choose a work directory that can be written",
    errno.EMFILE: "the directories are nested too deeply, or raise ulimit -n",
    errno.EACCES: "run as root, or choose another work directory by --kaniko-dir",
    errno.EPERM: "run as root, or choose another work directory by --kaniko-dir",
}


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn an `OSError` into a `FilesystemError` that starts with `what`."""
    try:
        yield
    except OSError as error:
        name = error.filename
        shown = name.decode(errors="replace") if isinstance(name, bytes) else name
        raise FilesystemError(
            f"{what}: {error.strerror or error}",
            place=str(shown) if shown is not None else None,
            hint=_HINTS.get(error.errno or 0),
        ) from error
