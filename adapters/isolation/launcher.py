"""The program that runs one RUN: started afresh for each, ended with it.

It reads its orders, forks, waits, makes sure that nothing is left, and answers.
It is a process of its own because the executor has threads, which do not go
with fork (docs/adr/0009). It looks at no image file itself.
"""

from __future__ import annotations

import os
import signal
import sys

from adapters.isolation import chroot_child, namespace_child
from adapters.isolation.orders import Answers, Orders
from adapters.isolation.system_calls import PR_SET_PDEATHSIG, prctl


def main(arguments: list[str]) -> None:
    """Carry out the orders; the descriptors of both pipes are the arguments."""
    source, target, parent = (int(argument) for argument in arguments)
    os.set_inheritable(target, False)  # noqa: FBT003 - positional in os
    answers = Answers(target)
    _prepare_signals(parent)
    with os.fdopen(source, "rb") as pipe:
        # Empty, and so an error, when the executor ended before it needed us.
        orders = Orders.from_json(pipe.read())
    # From here on nothing may be imported: the children enter a strange root.
    sys.path.clear()
    sys.meta_path.clear()
    sys.path_importer_cache.clear()
    try:
        answers.exited(_run(orders, answers))
    except OSError as error:
        answers.refused(f"{error.filename or 'launcher'}: {error.strerror}")
    os._exit(0)  # nothing of ours is left to be tidied up


def _run(orders: Orders, answers: Answers) -> int:
    if orders.isolation == "namespaces":
        return namespace_child.run(orders, answers)
    return chroot_child.run(orders, answers)


def _prepare_signals(parent: int) -> None:
    """Wait for signals instead of being hit; stop when the executor dies."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGCHLD, signal.SIGTERM))
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)
