"""Which capabilities a RUN has: docker's default list, and no other.

It limits the calling process; it does not change user or group.
"""

from __future__ import annotations

from adapters.isolation.system_calls import (
    PR_CAPBSET_DROP,
    PR_CAPBSET_READ,
    effective_capabilities,
    prctl,
    set_capabilities,
)

DEFAULT = {
    "CHOWN": 0,
    "DAC_OVERRIDE": 1,
    "FOWNER": 3,
    "FSETID": 4,
    "KILL": 5,
    "SETGID": 6,
    "SETUID": 7,
    "SETPCAP": 8,
    "NET_BIND_SERVICE": 10,
    "NET_RAW": 13,
    "SYS_CHROOT": 18,
    "MKNOD": 27,
    "AUDIT_WRITE": 29,
    "SETFCAP": 31,
}
"""What docker leaves to a container that asks for nothing special."""

SYS_ADMIN = 21


def holds(number: int) -> bool:
    """Whether the calling process has a capability, and could use it now."""
    return bool(effective_capabilities() >> number & 1)


def limit(*, strict: bool) -> None:
    """Keep the default capabilities and give up all others for good.

    The bounding set is lowered, so that neither exec as root nor a setuid
    program brings anything back.

    Args:
        strict: Whether a kernel that refuses is an error; otherwise RUN keeps
            what the builder itself has.

    Raises:
        OSError: The bounding set cannot be lowered (no CAP_SETPCAP).
    """
    keep = set(DEFAULT.values())
    for number in range(64):
        try:
            held = prctl(PR_CAPBSET_READ, number)
        except OSError:
            break  # the kernel has no more
        if held and number not in keep:
            _drop(number, strict=strict)
    set_capabilities(sum(1 << number for number in keep))


def _drop(number: int, *, strict: bool) -> None:
    try:
        prctl(PR_CAPBSET_DROP, number)
    except OSError:
        if strict:
            raise
