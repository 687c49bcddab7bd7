"""The root file system on disk: extract, scan and apply."""
