"""Runs the programs of the builder stage; their failure is the build's."""

import subprocess
import sys


def output_of(*command: object) -> str:
    """Return what a program writes to its standard output.

    Raises:
        SystemExit: It failed; with what it said.
    """
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: status {done.returncode}\n{done.stderr}")
    return done.stdout
