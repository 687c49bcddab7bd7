"""Images on disk: OCI layouts and docker archives."""
