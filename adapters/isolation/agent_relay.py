"""Passes connections to a socket in a root on to one of the builder.

An SSH agent talks to its own user and to root only, and its socket cannot be moved;
so RUN is given a socket of ours. What goes through is not looked at. When one side
ends, so does the other: the agents' protocol has no half-closed connections.
"""

from __future__ import annotations

import os
import selectors
import socket
import threading

CHUNK = 1 << 16
SECONDS_TO_SEND = 10.0
"""Who does not take what it is sent for that long is hung up on."""


class AgentRelay:
    """A listening socket and the thread that serves it, until `close`.

    Args:
        directory: Descriptor of the directory in which the socket is made.
        name: Its name there; nothing has it.
        source: Path of the socket that connections are passed on to.
        mode: Permission bits of the new socket.
        owner: User and group of the new socket.

    Raises:
        OSError: The socket cannot be made.
    """

    def __init__(
        self, directory: int, name: str, source: str, mode: int, owner: tuple[int, int]
    ) -> None:
        self._source = source
        self._peers: dict[socket.socket, socket.socket] = {}
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._ours, self._theirs = socket.socketpair()
        try:
            os.fchmod(self._listener.fileno(), 0o600)
            # The short name: longer than 108 bytes a path may not be.
            self._listener.bind(f"/proc/self/fd/{directory}/{name}")
            os.chown(name, *owner, dir_fd=directory)
            os.chmod(name, mode, dir_fd=directory)
            self._listener.listen()
        except OSError:
            self._close_all()
            raise
        self._thread = threading.Thread(target=self._serve, name="agent", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end all connections; the socket's name stays."""
        self._ours.close()
        self._thread.join()
        self._close_all()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._theirs, selectors.EVENT_READ)
            selector.register(self._listener, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._theirs:
                        return
                    if key.fileobj is self._listener:
                        self._accept(selector)
                    elif isinstance(key.fileobj, socket.socket):
                        self._pass_on(key.fileobj, selector)

    def _accept(self, selector: selectors.BaseSelector) -> None:
        caller, _ = self._listener.accept()
        agent = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        for end in (caller, agent):
            end.settimeout(SECONDS_TO_SEND)
        try:
            agent.connect(self._source)
        except OSError:
            caller.close()  # to the caller the agent has gone away
            agent.close()
            return
        for one, other in ((caller, agent), (agent, caller)):
            self._peers[one] = other
            selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, one: socket.socket, selector: selectors.BaseSelector) -> None:
        other = self._peers.get(one)
        if other is None:
            return  # ended while this round's events were worked on
        try:
            piece = one.recv(CHUNK)
            other.sendall(piece)
        except OSError:
            piece = b""
        if not piece:
            for end in (one, other):
                selector.unregister(end)
                del self._peers[end]
                end.close()

    def _close_all(self) -> None:
        for end in (*self._peers, self._listener, self._ours, self._theirs):
            end.close()
