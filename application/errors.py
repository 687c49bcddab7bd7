"""What the outside world did to a build; adapters raise these, never their own.

The hierarchy (indented: is a)::

    KanipyError (domain.errors)
        RegistryError          a registry answered wrongly or not at all
            Unauthorized       401 or 403: no credential, or a refused one
            ManifestUnknown    the registry has no such manifest
            RegistryUnreachable  no connection, name not resolved, TLS failure
        DigestMismatch         fetched bytes are not what their digest promises
        ContextUnavailable     the build context cannot be read
        SourceUnavailable      a URL or repository of ADD cannot be fetched
        DockerfileUnavailable  the Dockerfile cannot be found or read
        CommandFailed          a RUN process ended with a status other than 0
        IsolationUnavailable   this machine does not let us run processes
        FilesystemError        the disk refused: no space, no permission
        OutputError            a result file, layout or tar cannot be written
        CacheMisled            a layer cache said what is not so
        NotKnown               a plan would have to do something to know it
        Interrupted            the build was asked to stop (SIGTERM, SIGINT)

It does not print and knows no exit status: `entrypoints.exit_status` does.
"""

from __future__ import annotations

from domain.errors import KanipyError
from domain.image.digest import Digest


class RegistryError(KanipyError):
    """A registry answered wrongly or not at all.

    Args:
        message: What happened, one line.
        registry: Host, with its port when it has one.
        repository: Repository within the registry, if one was named.
        method: HTTP method of the failing request.
        status: HTTP status, or None where no answer came.
        code: Error code of the distribution specification ("DENIED", …).
        hint: What to do about it.
    """

    def __init__(  # noqa: PLR0913 - a failed request has this many facts
        self,
        message: str,
        *,
        registry: str,
        repository: str = "",
        method: str = "",
        status: int | None = None,
        code: str = "",
        hint: str | None = None,
    ) -> None:
        place = f"{registry}/{repository}" if repository else registry
        super().__init__(message, place=place, hint=hint)
        self.registry = registry
        self.repository = repository
        self.method = method
        self.status = status
        self.code = code


_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


def is_out_of_order(status: int | None) -> bool:
    """Return whether a status says that the registry cannot answer at the moment."""
    return status is not None and (
        status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR
    )


class Unauthorized(RegistryError):
    """The registry wants a credential, or refused the one that was sent."""


class ManifestUnknown(RegistryError):
    """The registry has no manifest of that tag or digest."""


class RegistryUnreachable(RegistryError):
    """No connection to the registry: refused, not resolved, timed out, TLS."""


class DigestMismatch(KanipyError):
    """Fetched bytes are not what their digest, diff ID or size promises."""


class ContextUnavailable(KanipyError):
    """The build context does not exist or cannot be read."""


class SourceUnavailable(KanipyError):
    """A URL or repository of ADD cannot be fetched."""


class DockerfileUnavailable(KanipyError):
    """The Dockerfile cannot be found or read."""


class CommandFailed(KanipyError):
    """A RUN process ended with a status other than 0.

    Args:
        message: What happened.
        exit_status: Status of the process; 128 + N when signal N ended it.
        place: The Dockerfile line.
        hint: What to do about it.
    """

    def __init__(
        self,
        message: str,
        *,
        exit_status: int,
        place: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, place=place, hint=hint)
        self.exit_status = exit_status


class IsolationUnavailable(KanipyError):
    """This machine does not let us run a process in a root of its own."""


class FilesystemError(KanipyError):
    """The disk refused: no space left, no permission, read-only."""


class OutputError(KanipyError):
    """A digest file, OCI layout or docker tar cannot be written."""


class CacheMisled(KanipyError):
    """What a layer cache said of a layer is not so: the build has to do without.

    Args:
        message: What is not so.
        digest: Of the layer's blob.
    """

    def __init__(self, message: str, *, digest: Digest) -> None:
        super().__init__(message)
        self.digest = digest


class NotKnown(KanipyError):
    """A plan cannot know it without doing something; the message says what decides."""


class Interrupted(KanipyError):
    """The build was asked to stop by a signal.

    Args:
        signal_number: The signal, for an exit status of 128 + N.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by signal {signal_number}")
        self.signal_number = signal_number
