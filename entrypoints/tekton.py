"""The command `kanipy-tekton`, which will generate Tekton tasks and pipeline runs.

This release only holds its place: it answers `--help` and `--version` and refuses
everything else plainly, so that a script which calls it fails at once.
"""

import argparse
import sys
from collections.abc import Sequence

from entrypoints.version import VERSION


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer the two informational flags; otherwise say that the command comes later.

    Args:
        arguments: the command line without the program's name; that of the
            process when absent.

    Returns:
        The exit status, always 1: `--help` and `--version` leave with
        `SystemExit(0)` before.
    """
    parser = argparse.ArgumentParser(
        prog="kanipy-tekton",
        description="In a later release: generates Tekton tasks and pipeline runs.",
    )
    parser.add_argument(
        "--version", action="version", version=f"kanipy-tekton {VERSION}"
    )
    parser.parse_known_args(arguments)
    sys.stderr.write(
        "kanipy-tekton: not available in this release; it comes with a later one.\n"
        "hint: kanipy builds and pushes images; see kanipy --help\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
