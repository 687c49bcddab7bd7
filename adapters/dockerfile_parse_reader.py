"""The `DockerfileReader` that dockerfile-parse provides.

dockerfile-parse is used to cut lines and for nothing else: it is given a buffer, never
a path, and its own ideas of heredocs, comments, escapes and variables find nothing to
work on in masked text.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from dockerfile_parse import DockerfileParser

from domain.dockerfile.source import SplitLine


class DockerfileParseReader:
    """A line splitter on top of dockerfile-parse."""

    def split(self, text: str) -> Sequence[SplitLine]:
        """Cut masked text into instructions."""
        parser = DockerfileParser(
            fileobj=BytesIO(text.encode("ascii")), env_replace=False
        )
        return tuple(
            SplitLine(
                # "instruction" is in upper case whatever the file says
                instruction=row["content"].split(maxsplit=1)[0],
                arguments=row["value"],
                first=row["startline"] + 1,
                last=row["endline"] + 1,
            )
            for row in parser.structure
        )
