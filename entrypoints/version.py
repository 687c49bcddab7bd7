"""The product's version, the single place where it is written."""

VERSION = "0.1.0"
VERSION_LINE = f"Kanipy version : v{VERSION}\n"
"""What `--version` prints."""
