"""The results of a step of Tekton: which they are, and that they fit.

Tekton reads each result from a file and passes all of a step's on in the message with
which the container ends; Kubernetes keeps 4096 bytes of that. The names are those of
the catalog's kaniko task. By them Tekton Chains knows what was built: a result that
ends in IMAGE_URL and one of the same beginning that ends in IMAGE_DIGEST
(https://tekton.dev/docs/chains/slsa-provenance/#type-hinting).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from application.options import StepOptions
from application.ports.step_results import StepResults
from domain.errors import UsageError
from domain.image.digest import Digest

DIGEST = "IMAGE_DIGEST"
URL = "IMAGE_URL"
MESSAGE_LIMIT = 4096
"""Bytes that Kubernetes keeps of the message with which a container ends."""
OF_TEKTON = 512
"""Bytes of it that are left to what Tekton itself tells: start, exit code, reason."""
_RESULT_TYPE = 1


class WriteStepResults:
    """Writes the results of a step, after everything else has succeeded.

    Args:
        options: Where to; None where no results are wanted.
        results: Writes them.
    """

    def __init__(self, *, options: StepOptions | None, results: StepResults) -> None:
        self._options = options
        self._results = results

    def check(self) -> None:
        """Find out before the build whether the results can be written.

        Raises:
            UsageError: They are too long.
            OutputError: There is no such directory, or it cannot be written.
        """
        if self._options is None:
            return
        _check_size(_texts(Digest.of(b""), self._options))
        self._results.check(self._options.directory)

    def write(self, digest: Digest) -> None:
        """Write the results of a build that has succeeded.

        Args:
            digest: That of the manifest.

        Raises:
            OutputError: They cannot be written; none of them is there then.
        """
        if self._options is not None:
            self._results.write(self._options.directory, _texts(digest, self._options))


def _texts(digest: Digest, options: StepOptions) -> Mapping[str, str]:
    return {DIGEST: str(digest), URL: options.url}


def _check_size(texts: Mapping[str, str]) -> None:
    """Refuse what Tekton could not pass on, before anything is built."""
    rows = [
        {"key": name, "value": text, "type": _RESULT_TYPE}
        for name, text in texts.items()
    ]
    size = len(json.dumps(rows, separators=(",", ":")).encode())
    if size > MESSAGE_LIMIT - OF_TEKTON:
        raise UsageError(
            f"the results take {size} bytes of the {MESSAGE_LIMIT} that a step has",
            place=URL,
            hint="give the image a shorter name",
        )
