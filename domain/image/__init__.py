"""Images as the OCI specifications describe them: nouns without I/O."""
