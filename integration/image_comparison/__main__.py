"""Compare two images from the command line.

    python -m integration.image_comparison oci:build/demo/hello docker-archive:x.tar

Prints one line per difference; the status is 1 when there are any.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from integration.image_comparison.comparison import (
    Exceptions,
    compare_images,
    load_image,
)
from integration.image_comparison.differences import report


def main() -> int:
    """Compare the two images that the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m integration.image_comparison",
        description="SOURCE: oci:DIRECTORY[:NAME], docker-archive:FILE, docker://REF",
    )
    parser.add_argument("ours", metavar="SOURCE")
    parser.add_argument("theirs", metavar="SOURCE")
    parser.add_argument("--times", action="store_true", help="compare file times")
    parser.add_argument("--volatile", action="append", default=[], metavar="PATTERN")
    parser.add_argument("--ignore", action="append", default=[], metavar="PATTERN")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        differences = compare_images(
            load_image(options.ours, Path(scratch)),
            load_image(options.theirs, Path(scratch)),
            exceptions=Exceptions(
                content=tuple(options.volatile), presence=tuple(options.ignore)
            ),
            times=options.times,
        )
    sys.stdout.write(report(differences) + "\n" if differences else "equal\n")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
