"""The system calls of isolation that Python 3.11 has no name for, by ctypes.

Thin: arguments in, `OSError` out. It knows nothing of images or processes. It
imports little on purpose, because the launcher does (docs/adr/0009).
"""

from __future__ import annotations

import ctypes
import os

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_MOVE = 8192
MS_REC = 16384
MS_PRIVATE = 1 << 18

MNT_DETACH = 2

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_READ = 23
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36

_PIVOT_ROOT = {
    "x86_64": 155,
    "aarch64": 41,
    "riscv64": 41,
    "ppc64le": 203,
    "s390x": 217,
    "armv7l": 218,
    "i686": 217,
}
"""Numbers of pivot_root(2), for which C libraries have no function."""

_AF_INET = 2
_SOCK_DGRAM = 2
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1

_CAPABILITY_VERSION = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


class _InterfaceFlags(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char * 16),
        ("flags", ctypes.c_short),
        ("rest", ctypes.c_char * 22),
    )


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityData(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def unshare(flags: int) -> None:
    """Leave namespaces for new ones."""
    _checked(_libc.unshare(flags), "unshare")


def mount(
    source: str, target: str, kind: str = "", flags: int = 0, options: str = ""
) -> None:
    """Mount, bind, move or remount, depending on the flags."""
    result = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _checked(result, f"mount {target}")


def unmount(target: str) -> None:
    """Take a mount and all below it out of the name space at once."""
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), f"unmount {target}")


def pivot_root_here() -> None:
    """Make the working directory, a mount point, the root; the old one is gone."""
    number = _PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise OSError(0, f"pivot_root is not known for {os.uname().machine}")
    _checked(_libc.syscall(ctypes.c_long(number), b".", b"."), "pivot_root")
    # The old root is now stacked on the new one, and "." is still the new one.
    unmount(".")


def prctl(option: int, argument: int = 0) -> int:
    """Carry out an operation on the calling process."""
    zero = ctypes.c_ulong(0)
    result = _libc.prctl(option, ctypes.c_ulong(argument), zero, zero, zero)
    return _checked(result, f"prctl {option}")


def set_hostname(name: str) -> None:
    """Set the host name of the calling process's UTS namespace."""
    raw = os.fsencode(name)
    result = _libc.sethostname(raw, ctypes.c_size_t(len(raw)))
    _checked(result, "sethostname")


def bring_up_loopback() -> None:
    """Switch on the device "lo" of the calling process's network namespace."""
    handle = _checked(_libc.socket(_AF_INET, _SOCK_DGRAM, 0), "socket")
    try:
        request = _InterfaceFlags(b"lo", _IFF_UP)
        number = ctypes.c_ulong(_SIOCSIFFLAGS)
        _checked(_libc.ioctl(handle, number, ctypes.byref(request)), "loopback device")
    finally:
        os.close(handle)


def effective_capabilities() -> int:
    """Return the effective set of the calling process; bit n is capability n."""
    low, high = _capabilities()[1]
    return int(low.effective | high.effective << 32)


def set_capabilities(permitted: int) -> None:
    """Set the permitted and effective set; the inheritable one is emptied.

    Args:
        permitted: Bit n is capability n. What the process does not have already
            is left out.
    """
    header, data = _capabilities()
    for half in range(2):
        wanted = data[half].permitted & (permitted >> (32 * half))
        data[half] = _CapabilityData(wanted, wanted, 0)
    _checked(_libc.capset(ctypes.byref(header), data), "capset")


def _capabilities() -> tuple[_CapabilityHeader, ctypes.Array[_CapabilityData]]:
    header = _CapabilityHeader(_CAPABILITY_VERSION, 0)
    data = (_CapabilityData * 2)()
    _checked(_libc.capget(ctypes.byref(header), data), "capget")
    return header, data
